#!/usr/bin/env python3
"""Random JSON schemas: every finished answer of cellm-tiny satisfies its schema, as jsonschema (PyPI) judges.

CELLM_SCHEMAS (40) says how many, CELLM_SEED (1) which ones. scripts/random_schemas.sh runs it with many."""

import collections
import concurrent.futures
import json
import os
import random
import sys
import time
import unittest

try:
    import jsonschema
except ImportError:
    print("jsonschema is not installed: scripts/test.sh installs tests/requirements.txt into build/venv")
    sys.exit(77)

from random_schemas import Schemas
from serve_client import Server

COUNT = int(os.environ.get("CELLM_SCHEMAS", "40"))
SEED = int(os.environ.get("CELLM_SEED", "1"))
TOGETHER = 8
MAX_TOKENS = 400
FORMATS = jsonschema.Draft202012Validator.FORMAT_CHECKER
for name in ("date", "time", "date-time", "uuid", "ipv4", "email"):
    assert name in FORMATS.checkers, f"jsonschema does not check the format {name}"


class RandomSchemas(unittest.TestCase):
    def ask(self, number):
        """What became of schema `number`, and the schema and the answer."""
        chooser = random.Random(f"{SEED} {number}")
        schema = Schemas(chooser).root()
        body = {
            "messages": [{"role": "user", "content": chooser.choice(["Answer in JSON.", "Tell me about a fox.", "List some towns."])}],
            "response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": schema}},
            "max_tokens": MAX_TOKENS, "seed": number, "temperature": chooser.choice([0, 0.8, 1.5]), "top_k": 0,
        }  # fmt: skip
        reply = self.server.post("/v1/chat/completions", body, timeout=300)
        if reply.status != 200:
            return "refused", schema, reply.body.decode()
        (choice,) = reply.json["choices"]
        text = choice["message"]["content"]
        if choice["finish_reason"] == "length":
            return "unfinished", schema, text
        self.assertEqual(choice["finish_reason"], "stop", text)
        try:
            errors = [error.message for error in jsonschema.Draft202012Validator(schema, format_checker=FORMATS).iter_errors(json.loads(text))]
        except ValueError as error:
            errors = [str(error)]
        return ("wrong" if errors else "valid"), schema, (text, errors)

    def test_finished_answers_are_valid(self):
        self.server = Server("--context", "1024", "--max-sequences", TOGETHER, "--max-queue", 2 * TOGETHER, "--cache-bytes", 1 << 30)
        self.addCleanup(self.server.stop)
        begin = time.monotonic()
        counts = collections.Counter()
        with concurrent.futures.ThreadPoolExecutor(TOGETHER) as pool:
            for kind, schema, answer in pool.map(self.ask, range(COUNT)):
                counts[kind] += 1
                # Each schema of the generator is supported and has an instance.
                self.assertNotIn(kind, ("wrong", "refused"), f"{json.dumps(schema, ensure_ascii=False)}\n{answer}")
        print(f"{COUNT} schemas (seed {SEED}) in {time.monotonic() - begin:.0f} s: {dict(counts)}")
        self.assertGreater(counts["valid"], COUNT * 0.6, counts)


if __name__ == "__main__":
    unittest.main()

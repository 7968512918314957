#!/usr/bin/env python3
"""Prompt lookup: a server with it and one without give the same answers and log probabilities, bit by bit.

CELLM_PROMPTS (30) says how many prompts, CELLM_SEED (1) which ones, CELLM_MODEL another model than cellm-tiny.
scripts/lookup_prompts.sh runs it with many."""

import concurrent.futures
import json
import os
import random
import time
import unittest

from serve_client import MODEL, Server

COUNT = int(os.environ.get("CELLM_PROMPTS", "30"))
SEED = int(os.environ.get("CELLM_SEED", "1"))
PATH = os.environ.get("CELLM_MODEL", MODEL)
TOGETHER = 4
MAX_TOKENS = 60
SENTENCES = (
    "The lighthouse stands on the rock by the sea.", "A horse is a large animal with four legs.",
    "The capital of France is Paris.", "Snow falls in winter when the air is cold.", "She sold bread, milk and eggs at the market.",
    "def add(a, b):\n    return a + b", "The river runs from the hills to the bay.", "Bees make honey from flowers.",
)  # fmt: skip
CHANGES = (("The", "This"), ("is", "was"), ("a", "one"), ("and", "or"))
SCHEMA = {"type": "object", "properties": {"text": {"type": "string", "maxLength": 60}, "again": {"type": "string", "maxLength": 60}},
          "required": ["text", "again"]}  # fmt: skip


def request(number):
    """A question about a text that is worth repeating, and one of many ways to choose tokens."""
    chooser = random.Random(f"{SEED} {number}")
    text = " ".join(chooser.choices(SENTENCES, k=chooser.randint(1, 5)))
    old, new = chooser.choice(CHANGES)
    question = chooser.choice((
        f"Repeat this text: {text}", f"Repeat this text with {new} in place of {old}: {text}", f"{text} {text}", f"Tell me a story. {text}",
    ))  # fmt: skip
    body = {
        "messages": [{"role": "user", "content": question}], "max_tokens": chooser.randint(1, MAX_TOKENS), "seed": number,
        "temperature": chooser.choice((0, 0, 0.3, 1.0)), "top_k": chooser.choice((0, 5)), "logprobs": True, "top_logprobs": 2,
    }  # fmt: skip
    extra = chooser.randrange(8)
    if extra > 4:  # one sentence behind the other, from a list: most of it occurs before
        body["grammar"] = "root ::= (s " + '" ")*\ns ::= ' + " | ".join(map(json.dumps, SENTENCES))
        body["max_tokens"] = MAX_TOKENS
    if extra == 0:
        body["response_format"] = {"type": "json_schema", "json_schema": {"name": "s", "schema": SCHEMA}}
    if extra == 1:
        body["stop"] = [chooser.choice((" the", ".", "e"))]
    if extra == 2:
        body["n"] = 2
    if extra == 3:
        body["frequency_penalty"] = 0.4
    if extra == 4:
        body["ignore_eos"] = True
    return body


class Lookup(unittest.TestCase):
    def ask(self, server, number):
        reply = server.post("/v1/chat/completions", request(number), timeout=300)
        self.assertEqual(reply.status, 200, reply.body)
        return reply.json["choices"]

    def answers(self, *options):
        """Of all prompts, some at a time, the seconds that they took, and the drafted and accepted tokens."""
        server = Server("--context", "1024", "--max-queue", 4 * TOGETHER, "--cache-bytes", 1 << 30, *options, model=PATH)
        try:
            begin = time.monotonic()
            with concurrent.futures.ThreadPoolExecutor(TOGETHER) as pool:
                answers = list(pool.map(lambda number: self.ask(server, number), range(COUNT)))
            seconds = time.monotonic() - begin
            return answers, seconds, [server.metric(f"cellm_{name}_tokens_total") for name in ("drafted", "accepted")]
        finally:
            server.stop()

    def test_answers_are_those_without(self):
        want, plain_seconds, none = self.answers("--lookup", "off")
        self.assertEqual(none, [0, 0])
        got, seconds, (drafted, accepted) = self.answers("--lookup", "on")
        for number in range(COUNT):
            self.assertEqual(got[number], want[number], request(number))
        print(f"{COUNT} prompts (seed {SEED}): {accepted:.0f} of {drafted:.0f} drafted tokens right; {seconds:.0f} s, without {plain_seconds:.0f} s")
        self.assertGreater(accepted, COUNT)
        self.assertGreater(drafted, accepted)


if __name__ == "__main__":
    unittest.main()

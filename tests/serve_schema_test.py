#!/usr/bin/env python3
"""Schemathesis (PyPI) over the server's own description: no request makes it fail, and responses are what is described."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

from serve_client import Server

SCHEMATHESIS = pathlib.Path(sys.executable).with_name("schemathesis")
if not SCHEMATHESIS.exists():
    print("schemathesis is not installed: scripts/test.sh installs tests/requirements.txt into build/venv")
    sys.exit(77)

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,unsupported_method,allow_header_conformance"
EXAMPLES = 25


class Schema(unittest.TestCase):
    def test_no_request_makes_the_server_fail(self):
        # A short context keeps answers short, whatever is asked for.
        server = Server("--context", "64", "--max-queue", "1000")
        self.addCleanup(server.stop)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        done = subprocess.run(
            [SCHEMATHESIS, "run", f"http://127.0.0.1:{server.port}/openapi.json", "--checks", CHECKS, "--max-examples", str(EXAMPLES),
             "--seed", "1", "--phases", "examples,coverage,fuzzing", "--request-timeout", "120", "--no-color"],
            capture_output=True, text=True, timeout=550, cwd=folder.name, check=False,
        )  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stdout[-6000:] + done.stderr[-1000:])
        self.assertEqual(server.get("/health").status, 200)


if __name__ == "__main__":
    unittest.main()

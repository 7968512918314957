#!/usr/bin/env python3
"""lm-evaluation-harness (PyPI) as a client of cellm serve: its scores on a local task are those of cellm eval."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from harness import ROOT, run
from serve_client import MODEL, Server

try:
    import lm_eval  # noqa: F401
except ImportError:
    print("lm_eval is not installed: scripts/test.sh installs tests/requirements.txt into build/venv")
    sys.exit(77)

CHOICES = ROOT / "testdata" / "tiny_eval" / "choices.jsonl"
ITEMS = 120
TASK = """
task: tiny_choices
dataset_path: json
dataset_kwargs:
  data_files:
    test: {file}
test_split: test
output_type: multiple_choice
doc_to_text: "{{{{context}}}}"
doc_to_choice: "{{{{choices}}}}"
doc_to_target: answer
target_delimiter: ""
metric_list:
  - metric: acc
    aggregation: mean
    higher_is_better: true
"""


class LmEval(unittest.TestCase):
    def test_scores_are_those_of_cellm_eval(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = pathlib.Path(folder.name)
        (path / "choices.jsonl").write_text("".join(CHOICES.read_text().splitlines(keepends=True)[:ITEMS]))
        (path / "task.yaml").write_text(TASK.format(file=path / "choices.jsonl"))
        server = Server("--kv-encoding", "f32")
        self.addCleanup(server.stop)
        arguments = [
            "--model", "local-completions", "--tasks", "tiny_choices", "--include_path", path, "--log_samples", "--output_path", path / "out",
            "--model_args", f"model=tiny,base_url=http://127.0.0.1:{server.port}/v1/completions,tokenizer_backend=remote,num_concurrent=4,max_length=2048",
        ]  # fmt: skip
        environment = {**os.environ, "HF_HOME": str(path / "hf"), "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
        done = subprocess.run([sys.executable, "-m", "lm_eval", *map(str, arguments)], capture_output=True, text=True, timeout=500, env=environment)
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        (results,) = (path / "out").rglob("results_*.json")
        accuracy = json.loads(results.read_text())["results"]["tiny_choices"]["acc,none"]

        evaluated = run("eval", "--model", MODEL, "--choices", path / "choices.jsonl", "--json", "--kv-encoding", "f32")
        self.assertEqual(evaluated.returncode, 0, evaluated.stderr)
        expected = json.loads(evaluated.stdout)["choices"]
        self.assertEqual(expected["items"], ITEMS)
        self.assertAlmostEqual(accuracy, expected["accuracy_sum"], places=9)
        self.assertGreater(accuracy, 0.9)  # a model that knows, and a client that asks it


if __name__ == "__main__":
    unittest.main()

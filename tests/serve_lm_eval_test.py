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


def write_task(folder):
    """The task tiny_choices, and its items in choices.jsonl."""
    (folder / "choices.jsonl").write_text("".join(CHOICES.read_text().splitlines(keepends=True)[:ITEMS]))
    (folder / "task.yaml").write_text(TASK.format(file=folder / "choices.jsonl"))


def measured_accuracy(folder):
    """What lm_eval has measured, from its files below the folder."""
    (results,) = folder.rglob("results_*.json")
    return json.loads(results.read_text())["results"]["tiny_choices"]["acc,none"]


def expected_accuracy(test, model, folder):
    """That of cellm eval."""
    evaluated = run("eval", "--model", model, "--choices", folder / "choices.jsonl", "--json", "--kv-encoding", "f32")
    test.assertEqual(evaluated.returncode, 0, evaluated.stderr)
    expected = json.loads(evaluated.stdout)["choices"]
    test.assertEqual(expected["items"], ITEMS)
    return expected["accuracy_sum"]


class LmEval(unittest.TestCase):
    def test_scores_are_those_of_cellm_eval(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = pathlib.Path(folder.name)
        write_task(path)
        server = Server("--kv-encoding", "f32")
        self.addCleanup(server.stop)
        arguments = [
            "--model", "local-completions", "--tasks", "tiny_choices", "--include_path", path, "--log_samples", "--output_path", path / "out",
            "--model_args", f"model=tiny,base_url=http://127.0.0.1:{server.port}/v1/completions,tokenizer_backend=remote,num_concurrent=4,max_length=2048",
        ]  # fmt: skip
        environment = {**os.environ, "HF_HOME": str(path / "hf"), "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
        done = subprocess.run([sys.executable, "-m", "lm_eval", *map(str, arguments)], capture_output=True, text=True, timeout=500, env=environment)
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        accuracy = measured_accuracy(path / "out")
        self.assertAlmostEqual(accuracy, expected_accuracy(self, MODEL, path), places=9)
        self.assertGreater(accuracy, 0.9)  # a model that knows, and a client that asks it


if __name__ == "__main__":
    unittest.main()

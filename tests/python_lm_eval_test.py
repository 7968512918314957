#!/usr/bin/env python3
"""The model class of the Python package for lm-evaluation-harness (PyPI): its scores are those of cellm eval."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from harness import ROOT, run
from serve_lm_eval_test import expected_accuracy, measured_accuracy, write_task

MODEL = ROOT / "models" / "cellm-tiny"
LOGLIKELIHOODS = """
import json, sys
from cellm.lm_eval import CellmLM
from lm_eval.api.instance import Instance
lm = CellmLM(path=sys.argv[1])
greedy = lm.model.generate(lm.tok_encode("The sky is"), temperature=0, max_tokens=2).text
pairs = [("The sky is", " blue"), ("The sky is ", "blue"), ("", "The sky"), ("The sky is", " blue."), ("The sky is", greedy)]
requests = [Instance("loglikelihood", {}, pair, 0) for pair in pairs]
print(json.dumps(lm.loglikelihood(requests, disable_tqdm=True)))
text = "The sky is blue because the air scatters the light of the sun."
print(json.dumps(lm.loglikelihood_rolling([Instance("loglikelihood_rolling", {}, (text,), 0)], disable_tqdm=True)))
asked = lm.apply_chat_template([{"role": "user", "content": "What is the capital of France?"}])
print(json.dumps(lm.generate_until([Instance("generate_until", {}, (asked, {"until": [" is"]}), 0)], disable_tqdm=True)))
ids = lm.tok_encode(text)
logits = lm.model.logits([lm.prefix_token_id, *ids], kv_encoding="f32").astype("float64")
import numpy
logprobs = logits - numpy.log(numpy.exp(logits).sum(axis=1, keepdims=True))
print(json.dumps(sum(logprobs[i, id_] for i, id_ in enumerate(ids))))
"""


class LmEval(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.environment = {**os.environ, "HF_HOME": str(self.folder / "hf"), "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}

    def python(self, *arguments):
        done = subprocess.run([sys.executable, *map(str, arguments)], capture_output=True, text=True, timeout=500, env=self.environment)
        self.assertEqual(done.returncode, 0, done.stderr[-3000:])
        return done.stdout

    def test_scores_are_those_of_cellm_eval(self):
        path = self.folder
        write_task(path)
        converted = run("convert", MODEL, path / "low.cellm", "--format", "int2", "--quiet")
        self.assertEqual(converted.returncode, 0, converted.stderr)
        accuracies = []
        for model in (MODEL, path / "low.cellm"):
            output = path / f"out-{model.name}"
            self.python("-m", "cellm.lm_eval", "--model", "cellm", "--model_args", f"path={model}", "--tasks", "tiny_choices", "--include_path", path, "--output_path", output)
            accuracy = measured_accuracy(output)
            self.assertAlmostEqual(accuracy, expected_accuracy(self, model, path), places=9)
            accuracies.append(accuracy)
        self.assertGreater(accuracies[0], 0.9)
        self.assertLess(accuracies[1], accuracies[0])  # else it would not matter what is computed

    def test_loglikelihoods(self):
        lines = [json.loads(line) for line in self.python("-c", LOGLIKELIHOODS, MODEL).splitlines()]
        (blue, spaced, start, longer, greedy), (rolling,), answers, sum_of_logits = lines
        self.assertAlmostEqual(blue[0], spaced[0], places=9)  # the space belongs to the continuation
        self.assertTrue(greedy[1])
        self.assertFalse(longer[1])
        self.assertLess(longer[0], blue[0])
        self.assertLess(start[0], 0)
        self.assertAlmostEqual(rolling, sum_of_logits, places=3)
        self.assertEqual(answers, ["The capital of France"])


if __name__ == "__main__":
    unittest.main()

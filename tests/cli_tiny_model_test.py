#!/usr/bin/env python3
"""The included model cellm-tiny: right answers at 16 bits and after quantization."""

import json
import unittest

from harness import ROOT, CommandTest

MODEL = ROOT / "models/cellm-tiny"
# Every fifth of the held-out questions: takes seconds, and includes all kinds.
STEP = 5


class TinyModel(CommandTest):
    def answers(self, model, step=STEP, *flags):
        """What `eval` finds in the answers to held-out questions."""
        lines = (ROOT / "testdata/tiny_eval/questions.jsonl").read_text(encoding="utf-8").splitlines()[::step]
        questions = self.folder / "questions.jsonl"
        questions.write_text("\n".join(lines), encoding="utf-8")
        return json.loads(self.succeed("eval", "-m", model, "--questions", questions, "--gen", 160, "--json", *flags).stdout)

    def right_answers(self, model):
        """The share of held-out questions answered with the trained reply, word for word."""
        return self.answers(model)["answers"]["right"]

    def test_answers_are_those_of_infer(self):
        int2 = self.convert(MODEL, "--format", "int2", name="int2.cellm")
        cache = ["--kv-encoding", "f16"]
        measured = self.answers(int2, 4 * STEP, "--reference", MODEL, *cache)
        found = {"answers": [], "reference_answers": []}
        lines = (self.folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()
        for key, model, flags in (("answers", int2, cache), ("reference_answers", MODEL, ["--kv-encoding", "f32"])):
            for line, item in zip(lines, measured[key]["items"], strict=True):
                entry = json.loads(line)
                said = self.succeed("infer", "-m", model, "--chat", "--prompt", entry["question"], "--temperature", 0,
                                    "--repeat-penalty", 1, "--on-loop", "stop", "--gen", 160, "-q", *flags)  # fmt: skip
                answer = said.stdout.decode().strip()
                self.assertEqual((item["question"], item["answer"]), (entry["question"], answer))
                self.assertEqual(item["right"], answer == entry["reply"])
                found[key].append(answer == entry["reply"])
            self.assertAlmostEqual(measured[key]["right"], sum(found[key]) / len(lines))
        both = [own for own, of_reference in zip(*found.values()) if of_reference]
        self.assertAlmostEqual(measured["answers"]["right_of_reference"], sum(both) / len(both))
        self.assertNotEqual(*found.values())

    def test_fewer_bits_give_fewer_right_answers(self):
        f16 = self.right_answers(MODEL)
        self.assertGreaterEqual(f16, 0.9)
        int4 = self.right_answers(self.convert(MODEL, "--quantize-int4-symmetric", name="int4.cellm"))
        self.assertGreater(int4, 0.8 * f16)
        self.assertLessEqual(int4, f16 + 0.05)  # rounding can correct an answer by chance
        int2 = self.right_answers(self.convert(MODEL, "--quantize-int2-symmetric", name="int2.cellm"))
        self.assertLess(int2, 0.5 * int4)
        int1 = self.right_answers(self.convert(MODEL, "--quantize-int1-symmetric", name="int1.cellm"))
        self.assertLessEqual(int1, int2)

    def test_two_bits_of_the_trellis_code_keep_what_int2_loses(self):
        t2 = self.right_answers(self.convert(MODEL, "--format", "t2", "--calibrate", "default"))
        self.assertGreaterEqual(t2, 0.6)

    def test_knows_other_questions_as_multiple_choice(self):
        result = self.succeed("eval", "-m", MODEL, "--choices", ROOT / "testdata/tiny_eval/choices.jsonl", "--json")
        choices = json.loads(result.stdout)["choices"]
        self.assertGreater(choices["accuracy_sum"], 0.9)
        self.assertLess(choices["chance"], 0.3)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""The jobs of a study: run one by one, each in a process, they give the study of one process, byte by byte."""

import json
import os
import unittest

import harness
from harness import read_json

harness.TIMEOUT = 300
# The date of a study is that of this variable, so that a test around midnight compares equal results.
os.environ["SOURCE_DATE_EPOCH"] = "1796083200"

STORY = harness.ROOT / "testdata" / "tiny_eval" / "story.txt"
RESULTS = ("study.json", "report.md", "report.html")


class PlanTest(harness.CommandTest):
    def setUp(self):
        super().setUp()
        self.model = self.copy_model("qwen3")
        (self.model / "tokenizer.json").write_text(json.dumps(harness.byte_tokenizer(["<|end|>"])))
        self.text = self.folder / "text.txt"
        self.text.write_text("A river is longer than a lake; a lake is wider than a river. " * 8)

    def arguments(self, output, *flags, formats="int8,int4,recipe-int4-aggressive,int2-tuned"):
        return ["study", "--source", self.model, "--output", self.folder / output, "--text", self.text, "--tokens", 224,
                "--window", 32, "--generate", 4, "--sensitivity-tokens", 32, "--speed-runs", 0, "--tune-tokens", 512,
                "--formats", formats, "--threads", 1, *flags]  # fmt: skip

    def plan(self, *flags, **options):
        return json.loads(self.succeed(*self.arguments("jobs", "--plan", *flags, **options)).stdout)

    def run_job(self, job):
        for path in job["inputs"]:
            self.assertTrue(os.path.exists(path), (job["name"], path))
        self.assertEqual(job["command"][0], "cellm")
        result = self.succeed(*job["command"][1:])
        self.assertEqual((result.stdout, result.stderr), (b"", b""))
        for path in job["outputs"]:
            self.assertTrue(os.path.exists(path), (job["name"], path))

    def same_results(self, output="jobs"):
        for name in RESULTS:
            self.assertEqual((self.folder / output / name).read_bytes(), (self.folder / "whole" / name).read_bytes(), name)
        files = sorted(p.name for p in (self.folder / "whole").glob("*.cellm"))
        for name in files:
            self.assertEqual((self.folder / output / name).read_bytes(), (self.folder / "whole" / name).read_bytes(), name)
        return files

    def test_jobs_give_the_study_of_one_process(self):
        plan = self.plan("--split", 3)
        jobs = {job["name"]: job for job in plan["jobs"]}
        self.assertEqual(len(jobs), len(plan["jobs"]))
        self.assertEqual({job["kind"] for job in plan["jobs"]},
                         {"convert", "train", "score", "merge", "floor", "write", "answer", "parts", "histograms", "report"})  # fmt: skip
        self.assertEqual([name for name in jobs if name.startswith("scores-int4-")],
                         [f"scores-int4-{part}" for part in (1, 2, 3)])  # fmt: skip
        self.assertFalse("convert-recipe-int4-aggressive" in jobs)  # the same tensors as int4
        self.assertEqual(jobs["convert-int2-tuned"]["needs"], ["convert-int2"])
        self.assertFalse(any(job["done"] for job in plan["jobs"]))
        self.assertFalse((self.folder / "jobs" / "study.json").exists())

        # The reverse order, apart from what a job needs.
        done = set()

        def run_with_needs(name):
            if name in done:
                return
            for need in jobs[name]["needs"]:
                run_with_needs(need)
            self.run_job(jobs[name])
            done.add(name)

        for name in reversed([name for name in jobs if name != "report"]):
            run_with_needs(name)
        self.assertEqual({job["name"] for job in self.plan("--split", 3)["jobs"] if not job["done"]}, {"report"})
        run_with_needs("report")
        self.succeed(*self.arguments("whole"))
        self.assertEqual(self.same_results(), ["f16.cellm", "int2-tuned.cellm", "int2.cellm", "int4.cellm", "int8.cellm"])
        scores = read_json(self.folder / "jobs" / "steps" / "scores-int4-2.json")["value"]
        evaluation = read_json(self.folder / "jobs" / "study.json")["formats"][2]["evaluation"]
        self.assertEqual(evaluation["windows"], 7)
        self.assertEqual(len(scores["kld"]), 2 * evaluation["predictions"] // 7)

        # A job whose result is there does nothing; the whole command finds every result.
        steps = {p.name: p.stat().st_mtime_ns for p in (self.folder / "jobs" / "steps").iterdir()}
        self.run_job(jobs["eval-int4"])
        self.succeed(*self.arguments("jobs"))
        self.assertEqual({p.name: p.stat().st_mtime_ns for p in (self.folder / "jobs" / "steps").iterdir()}, steps)
        self.same_results()

        # A changed text changes the keys of what is measured on it, and of nothing else.
        self.text.write_text(self.text.read_text().replace("river", "brook"))
        changed = {job["name"] for job in self.plan("--split", 3)["jobs"] if job["key"] != jobs[job["name"]]["key"]}
        self.assertEqual({name.split("-")[0] for name in changed}, {"scores", "eval", "parts", "report"})

    def test_names_what_is_missing(self):
        job = self.arguments("jobs", "--quiet", formats="int4")
        self.fail_with(2, "no job nothing", *job, "--job", "nothing")
        self.fail_with(3, "convert-f16", *job, "--job", "eval-int4")
        self.fail_with(3, "convert-f16", *job, "--job", "report")
        self.succeed(*job, "--job", "convert-f16")
        self.fail_with(3, "convert-int4", *job, "--job", "eval-int4")
        self.succeed(*job, "--job", "convert-int4")
        self.fail_with(3, "scores-int4-1", *job, "--split", 2, "--job", "eval-int4")
        self.fail_with(2, "--job", *job, "--plan", "--job", "report")

    def test_removes_the_files_after_the_report_if_told_to(self):
        plan = self.plan("--no-keep", formats="int4")
        self.assertFalse(any(path.endswith(".cellm") for path in plan["jobs"][-1]["inputs"]))
        for job in plan["jobs"]:
            self.run_job(job)
        self.assertEqual(list((self.folder / "jobs").glob("*.cellm")), [])
        self.succeed(*self.arguments("whole", "--no-keep", formats="int4"))
        self.assertEqual(self.same_results(), [])


if __name__ == "__main__":
    unittest.main()

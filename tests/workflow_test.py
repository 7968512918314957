#!/usr/bin/env python3
"""The Snakemake workflow: killed and repeated, it gives the study of one process, byte by byte.

CELLM_WORKFLOW=long: six formats, a tuned one among them, and larger texts (scripts/workflow.sh).
"""

import csv
import json
import os
import signal
import subprocess
import sys
import time
import unittest

import harness
from harness import ROOT, read_json

LONG = os.environ.get("CELLM_WORKFLOW") == "long"
WORKFLOW = ROOT / "python" / "cellm" / "workflow"
STORY = ROOT / "testdata" / "tiny_eval" / "story.txt"
TINY = ROOT / "models" / "cellm-tiny"
FORMATS = ["f16", "int8", "int4", "int2-tuned", "int1"] if LONG else ["f16", "int2"]  # int2-tuned brings int2
OPTIONS = {"tokens": 6912 if LONG else 512, "window": 256 if LONG else 64, "generate": 32 if LONG else 4,
           "sensitivity-tokens": 256 if LONG else 0, "speed-runs": 0, "tune-tokens": 4096}  # fmt: skip
KILLS = (3, 8) if LONG else (1,)  # when so many results are there
harness.TIMEOUT = 1200
# The date of a study is that of this variable, so that a test around midnight compares equal results.
ENVIRONMENT = {**os.environ, "SOURCE_DATE_EPOCH": "1796083200", "PYTHONDONTWRITEBYTECODE": "1"}


class WorkflowTest(harness.CommandTest):
    def setUp(self):
        super().setUp()
        self.steps = self.folder / "sweep" / "tiny" / "steps"
        self.configure(FORMATS)

    def configure(self, formats):
        config = {"models": {"tiny": str(TINY)}, "texts": [str(STORY)], "output": "sweep", "formats": formats, "split": 3,
                  "threads": 1, "cellm": str(harness.BIN / "cellm"), "options": OPTIONS}  # fmt: skip
        (self.folder / "sweep.json").write_text(json.dumps(config))

    def command(self, *flags):
        return [sys.executable, "-m", "snakemake", "--snakefile", str(WORKFLOW / "Snakefile"), "--configfile", "sweep.json",
                "--workflow-profile", str(WORKFLOW / "profiles" / "default"), "--nocolor", *flags]  # fmt: skip

    def snakemake(self, *flags):
        done = subprocess.run(self.command(*flags), cwd=self.folder, env=ENVIRONMENT, capture_output=True, text=True,
                              timeout=harness.TIMEOUT)  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def results(self):
        return len(list(self.steps.glob("*.json"))) if self.steps.is_dir() else 0

    def run_and_kill(self, results):
        """Kills all processes of a run as soon as it has added so many results."""
        wanted = self.results() + results
        process = subprocess.Popen(self.command("-j2"), cwd=self.folder, env=ENVIRONMENT, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, start_new_session=True)  # fmt: skip
        deadline = time.monotonic() + harness.TIMEOUT
        while self.results() < wanted:
            self.assertIsNone(process.poll(), "ended before it was killed")
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.assertFalse((self.folder / "sweep" / "sweep.csv").exists())
        self.snakemake("--unlock")

    def test_killed_and_repeated_it_gives_the_study_of_one_process(self):
        for results in KILLS:
            self.run_and_kill(results)
        self.snakemake("-j2")
        whole = self.folder / "whole"
        flags = [word for name, value in OPTIONS.items() for word in (f"--{name}", value)]
        self.succeed("study", "--source", TINY, "--output", whole, "--text", STORY, "--formats", ",".join(FORMATS),
                     "--threads", 1, *flags, env=ENVIRONMENT)  # fmt: skip
        files = sorted(p.name for p in whole.iterdir() if p.is_file())
        self.assertEqual(len(files), 3 + (6 if LONG else 2), files)
        for name in files:
            self.assertEqual((self.folder / "sweep" / "tiny" / name).read_bytes(), (whole / name).read_bytes(), name)
        with open(self.folder / "sweep" / "sweep.csv") as file:
            rows = list(csv.DictReader(file))
        document = read_json(whole / "study.json")
        self.assertEqual([(row["format"], float(row["kld_mean"])) for row in rows if row["text"] == "all"],
                         [(entry["name"], entry["evaluation"]["kld_mean"]) for entry in document["formats"]])  # fmt: skip
        self.assertIn("Nothing to be done", self.snakemake("-j2"))

        # Another format: its own jobs and those of all formats, no others.
        before = {p.name: p.stat().st_mtime_ns for p in self.steps.iterdir()}
        self.configure([*FORMATS, "int4-g32"])
        self.snakemake("-j2")
        after = {p.name: p.stat().st_mtime_ns for p in self.steps.iterdir()}
        self.assertEqual({name for name in before if before[name] != after[name]},
                         {"histograms.json"} | ({"parts-int4-g32.json"} & before.keys()))  # fmt: skip
        self.assertEqual({name for name in after if name not in before},
                         {"convert-int4-g32.json", "eval-int4-g32.json", "coherence-int4-g32.json",
                          *(f"scores-int4-g32-{part}.json" for part in (1, 2, 3))})  # fmt: skip

    def test_dry_run_of_the_profile_for_slurm(self):
        text = self.snakemake("--profile", str(WORKFLOW / "profiles" / "slurm"), "--dry-run", "--default-resources",
                              "slurm_account=test", "slurm_partition=test", "mem_mb=16000", "runtime=120")  # fmt: skip
        for rule in ("convert", "score", "merge", "write", "report", *(["train"] if LONG else [])):
            self.assertRegex(text, rf"(?m)^{rule} +\d+$")
        self.assertIn("slurm_account=test", text)


if __name__ == "__main__":
    try:
        import snakemake  # noqa: F401
    except ImportError:
        sys.exit(77)
    unittest.main()

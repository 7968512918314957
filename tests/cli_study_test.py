#!/usr/bin/env python3
"""The study command: its output, resuming, and errors."""

import json
import signal
import subprocess
import time
import unittest

import harness

HARNESS_TIMEOUT = 180
harness.TIMEOUT = HARNESS_TIMEOUT

# Small enough to run in seconds, with every part of the study.
def budget(tokens, generate):
    return ["--tokens", str(tokens), "--window", "32", "--generate", str(generate), "--sensitivity-tokens", "32",
            "--speed-runs", "1", "--formats", "int4,recipe-int4-aggressive,int2"]  # fmt: skip


QUICK = budget(128, 6)
EVIL = "</script><script>alert(1)</script>"


class StudyTest(harness.CommandTest):
    def setUp(self):
        super().setUp()
        self.model = self.copy_model("qwen3_5_text")
        (self.model / "tokenizer.json").write_text(json.dumps(harness.byte_tokenizer(["<|end|>"])))
        self.text = self.folder / f"{EVIL.replace('/', '_')}.txt"
        self.text.write_text("A river is longer than a lake; a lake is wider than a river. " * 8)
        self.questions = self.folder / "questions.jsonl"
        self.questions.write_text("".join(json.dumps({"question": f"{i} + 1?", "answer": str(i + 1)}) + "\n" for i in range(9)))
        self.output = self.folder / "study"

    def study(self, *flags, **options):
        return self.succeed("study", "--source", self.model, "--output", self.output,
                            "--text", self.text, "--questions", self.questions, *QUICK, *flags, **options)  # fmt: skip

    def document(self):
        return harness.read_json(self.output / "study.json")

    def steps(self):
        return {p.name: p.stat().st_mtime_ns for p in (self.output / "steps").iterdir()}

    def test_writes_the_report_and_goes_on_where_it_stopped(self):
        result = self.study()
        self.assertEqual(result.stderr.decode().count("\n"), 1)  # no progress in a pipe
        self.assertIn("recipe-int4-aggressive", result.stdout.decode())
        document = self.document()
        formats = {f["name"]: f for f in document["formats"]}
        self.assertEqual(list(formats), ["f16", "int4", "recipe-int4-aggressive", "int2"])
        for name, entry in formats.items():
            if "same_as" in entry:
                self.assertFalse((self.output / f"{name}.cellm").exists())
                continue
            file = self.output / f"{name}.cellm"
            self.assertGreater(entry["speed"]["peak_memory_bytes"], 1 << 20)
            inspected = json.loads(self.succeed("inspect", file, "--json").stdout)
            self.assertAlmostEqual(inspected["quality"]["kld_mean"],
                                   entry["evaluation"]["kld_mean"])  # fmt: skip
            self.succeed("verify", file)
            for kind in ("greedy", "sampled"):
                self.assertEqual(entry["coherence"][kind]["texts"], 20)
                self.assertLessEqual(entry["coherence"][kind]["tokens"], 20 * 6)
            answers = entry["answers"]
            self.assertEqual((answers["questions"], len(answers["outcomes"])), (9, 9))
            self.assertEqual(answers["right"], answers["outcomes"].count("r") / 9)
            self.assertLessEqual(answers["tokens"], 9 * 6)
            self.assertNotIn("items", answers)
            step = harness.read_json(self.output / "steps" / f"answers-{name}.json")["value"]
            self.assertEqual(len(step["items"]), 9)
        self.assertEqual([f["flags"] for f in document["formats"]],
                         ["--dtype f16", "--quantize-int4-symmetric", "--recipe int4-aggressive",
                          "--quantize-int2-symmetric"])  # fmt: skip
        # The same file as `convert` writes with the flags in the report, except for the quality.
        by_hand = self.convert(self.model, *formats["int2"]["flags"].split(), name="by_hand.cellm")
        self.assertEqual(by_hand.stat().st_size, formats["int2"]["file_bytes"])
        self.assertLess(formats["f16"]["evaluation"]["kld_mean"], 1e-4)
        self.assertGreater(formats["int2"]["evaluation"]["kld_mean"],
                           formats["int4"]["evaluation"]["kld_mean"])  # fmt: skip
        self.assertEqual(len(document["samples"]), 3)
        self.assertEqual([row["format"] for row in document["sensitivity"]], ["int4", "int2"])
        layers = [p for p in document["sensitivity"][1]["parts"] if p["is_layer"]]
        self.assertEqual(len(layers), 8)
        self.assertEqual(document["histograms"][0]["formats"][-1]["format"], "int2")

        html = (self.output / "report.html").read_text()
        self.assertNotIn(EVIL, html)
        self.assertNotIn("http://", html.split("</style>")[0])
        markdown = (self.output / "report.md").read_text()
        self.assertIn("| int2 |", markdown)

        # A second run has nothing to do and gives the same result.
        before = self.steps()
        self.study()
        self.assertEqual(self.steps(), before)
        again = self.document()
        self.assertEqual(again, document)

        # A missing step: only this one is repeated.
        (self.output / "steps" / "coherence-int2.json").unlink()
        self.study()
        after = self.steps()
        self.assertEqual([n for n in before if before[n] != after[n]], ["coherence-int2.json"])
        self.assertEqual(self.document(), document)

        # A damaged step is repeated, too.
        (self.output / "steps" / "coherence-int4.json").write_text("{")
        self.study()
        self.assertEqual(self.document(), document)

        # A valid step of another form, as another program may have left it.
        step = self.output / "steps" / "coherence-int4.json"
        kept = step.read_text()
        step.write_text(json.dumps(harness.study_step(json.loads(kept)["key"], [1])))
        again = ["study", "--source", self.model, "--output", self.output, "--text", self.text, "--questions",
                 self.questions, *QUICK]  # fmt: skip
        self.fail_with(3, "steps: a step kept here has another form", *again)
        step.write_text(kept)
        step = self.output / "steps" / "answers-int4.json"
        kept = step.read_text()
        for items in ([{"right": 1}], [{"right": True, "looping": False}]):
            step.write_text(json.dumps(harness.study_step(json.loads(kept)["key"], {"items": items, "intervals": {}})))
            self.fail_with(3, "steps: a step kept here has another form", *again)
        step.write_text(kept)

        # Other questions: only they are asked again.
        distinct = [name for name, entry in formats.items() if "same_as" not in entry]
        self.questions.write_text(self.questions.read_text().replace("?", ""))
        before = self.steps()
        self.study()
        after = self.steps()
        self.assertEqual({n for n in before if before[n] != after[n]}, {f"answers-{name}.json" for name in distinct})

        # Another text: measurements on the text are repeated, files and generated texts are not.
        self.text.write_text(self.text.read_text().replace("river", "brook"))
        before = self.steps()
        self.study()
        after = self.steps()
        changed = {n for n in before if before[n] != after[n]}
        self.assertEqual(changed, {*(f"eval-{name}.json" for name in distinct), "eval-floor.json",
                                   "parts-int4.json", "parts-int2.json"})  # fmt: skip
        self.assertNotEqual(self.document()["formats"][3]["evaluation"],
                            document["formats"][3]["evaluation"])  # fmt: skip

        # Another model: everything is repeated.
        self.edit_config(self.model, rms_norm_eps=1e-5)
        before = self.steps()
        self.study()
        after = self.steps()
        self.assertEqual({n for n in before if before[n] == after[n]}, set())

    def test_removes_the_files_if_told_to(self):
        self.study("--no-keep")
        self.assertEqual(list(self.output.glob("*.cellm")), [])
        document = self.document()
        self.study("--no-keep")  # and does not make them again
        self.assertEqual(self.document(), document)
        self.assertEqual(list(self.output.glob("*.cellm")), [])

    def test_ends_on_interrupt_and_goes_on(self):
        command = [str(harness.BIN / "cellm"), "study", "--source", str(self.model), "--output",
                   str(self.output), "--text", str(self.text), "--questions", "none", *budget(448, 64)]  # fmt: skip
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        deadline = time.monotonic() + HARNESS_TIMEOUT
        while not (self.output / "steps" / "convert-int4.json").exists():
            self.assertIsNone(process.poll(), "ended before it was interrupted")
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=HARNESS_TIMEOUT)
        self.assertEqual((process.returncode, output), (130, b""), errors)
        self.assertFalse((self.output / "study.json").exists())
        self.assertEqual([p for p in self.output.rglob("*.tmp")], [])
        kept = self.steps()
        result = subprocess.run(command, capture_output=True, timeout=HARNESS_TIMEOUT)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual({n: t for n, t in self.steps().items() if n in kept}, kept)
        self.assertTrue((self.output / "report.html").exists())
        self.assertTrue(all(entry["answers"] is None for entry in self.document()["formats"]))
        self.assertNotIn("What they answer", (self.output / "report.md").read_text())

    def test_files_that_are_there_are_rows(self):
        file = self.convert(self.model, "--format", "t2", "--calibrate", "default", "--calibrate-tokens", 1024)
        before = file.read_bytes()
        self.study("--file", file)
        row = self.document()["formats"][-1]
        self.assertEqual(row["name"], file.stem)
        self.assertEqual(row["file_bytes"], len(before))
        listed = json.loads(self.succeed("inspect", file, "--json").stdout)
        self.assertAlmostEqual(row["bits_per_weight"], listed["bits_per_weight"], places=3)
        self.assertGreater(row["evaluation"]["kld_mean"], 1e-4)
        self.assertEqual(file.read_bytes(), before)
        self.study("--no-keep", "--file", file)
        self.assertTrue(file.exists())
        self.assertFalse((self.output / "int4.cellm").exists())

    def test_names_what_is_wrong(self):
        base = ["study", "--source", self.model, "--output", self.output]
        self.fail_with(2, "--text", *base)
        text = ["--text", self.text, "--window", "32"]
        self.fail_with(2, "int5", *base, *text, "--formats", "int5")
        self.fail_with(2, "window", *base, "--text", self.text, "--window", "4096")
        self.fail_with(3, "missing.txt", *base, "--text", self.folder / "missing.txt")
        empty = self.folder / "empty.txt"
        empty.write_text("")
        self.fail_with(3, "empty.txt", *base, "--text", empty)
        self.fail_with(3, "nowhere", "study", "--source", self.folder / "nowhere", "--output",
                       self.output, *text)  # fmt: skip
        self.fail_with(3, "missing.jsonl", *base, *text, "--questions", self.folder / "missing.jsonl")
        other = self.convert(self.copy_model("llama", "other"), "--format", "int4", name="other.cellm")
        self.fail_with(2, "another model", *base, *text, "--file", other)
        same = self.convert(self.model, "--format", "int8", name="int4.cellm")
        self.fail_with(2, "another name", *base, *text, "--file", same)
        self.fail_with(3, "no .cellm file", *base, *text, "--file", empty)
        (self.model / "tokenizer.json").unlink()
        self.fail_with(4, "tokenizer", *base, *text)
        file = self.folder / "file"
        file.write_text("")
        self.fail_with(3, "file", "study", "--source", self.model, "--output", file, *text)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""Published studies: the folder, the model card, and the commands in it."""

import json
import os
import re
import shlex
import subprocess
import unittest

import harness
from harness import ROOT, read_json

harness.TIMEOUT = 300
TINY = ROOT / "models" / "cellm-tiny"
SMALL = ["--tokens", 256, "--window", 64, "--generate", 8, "--sensitivity-tokens", 0]
PROMPTS = 3  # of the original study


class PublishTest(harness.CommandTest):
    def publish(self, *flags, source=TINY):
        self.folder_out = self.folder / "out"
        return self.succeed("study", "--source", source, "--publish", self.folder_out, *SMALL, *flags)

    def names(self):
        return sorted(path.name for path in self.folder_out.iterdir())

    def test_a_folder_to_upload(self):
        result = self.publish("--formats", "int4,int2,int1,int4-g32", "--speed-runs", 1)
        self.assertIn(b"ready to upload", result.stderr)
        files = [f"cellm-tiny-{name}.cellm" for name in ("f16", "i2", "i4", "int4-g32", "q1")]
        self.assertEqual(self.names(), sorted([*files, "README.md", "report.html", "study.json", "tokenizer.json"]))
        self.assertEqual((self.folder_out / "tokenizer.json").read_bytes(), (TINY / "tokenizer.json").read_bytes())
        for name in files:
            self.succeed("verify", self.folder_out / name)

        card = (self.folder_out / "README.md").read_text()
        document = read_json(self.folder_out / "study.json")
        self.assertEqual([text["name"] for text in document["texts"]], ["novel", "speech"])
        head = card.split("---\n")[1].splitlines()
        self.assertEqual(head[:2], ["license: apache-2.0", "language: en"])  # of the source's card
        self.assertIn("pipeline_tag: text-generation", head)
        table = [line.split(" | ") for line in card.splitlines() if line.startswith("| `cellm-tiny") and line.count("|") == 11]
        self.assertEqual(len(table), len(files))
        for row, entry in zip(table, document["formats"]):
            self.assertEqual(row[1], entry["name"])
            self.assertEqual(float(row[2]), round(entry["file_bytes"] / 1048576, 1))
            self.assertEqual(float(row[4]), round(entry["compression"], 2))
            self.assertGreater(float(row[8]), 0)
        for sample in document["samples"]:
            self.assertIn(sample["prompt"], card)
            for answer in sample["answers"]:
                self.assertIn(answer["text"], card)
        self.assertEqual(len(re.findall(r"^### “", card, re.M)), PROMPTS)

        # The commands run as they stand, in the folder.
        commands = re.search(r"```sh\n(.*?)```", card, re.S).group(1).splitlines()
        self.assertEqual(len(commands), len(files) + 3)
        path = f"{harness.BIN}:{os.environ['PATH']}"
        for command in commands:
            if command.startswith(("cellm chat", "cellm serve")):
                continue
            with self.subTest(command=command):
                done = subprocess.run(shlex.split(command), cwd=self.folder_out, env={**os.environ, "PATH": path},
                                      capture_output=True, stdin=subprocess.DEVNULL, timeout=harness.TIMEOUT)  # fmt: skip
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertTrue(done.stdout.strip())

        # Published again, without measuring; another file there stays.
        (self.folder_out / "notes.txt").write_text("mine")
        (self.folder_out / "README.md").unlink()
        steps = {p.name: p.stat().st_mtime_ns for p in (self.folder / "out.study" / "steps").iterdir()}
        self.publish("--formats", "int4,int2,int1,int4-g32", "--speed-runs", 1)
        self.assertEqual({p.name: p.stat().st_mtime_ns for p in (self.folder / "out.study" / "steps").iterdir()}, steps)
        self.assertEqual((self.folder_out / "README.md").read_text(), card)
        self.assertIn("notes.txt", self.names())

    def test_the_variants_of_qwen3(self):
        model = self.copy_model("qwen3")
        (model / "tokenizer.json").write_text(json.dumps(harness.byte_tokenizer(["<|end|>"])))
        formats = ["int8", *(f"recipe-{name}" for name in ("int8", "int4-g32", "mixed-int4", "int4-g128", "test-i4", "int4-aggressive"))]
        self.publish("--formats", ",".join(formats), "--speed-runs", 0, source=model)
        document = read_json(self.folder_out / "study.json")
        self.assertEqual([entry["name"] for entry in document["formats"]], ["f16", *formats])
        own = [entry["name"] for entry in document["formats"] if "same_as" not in entry]
        names = {"int8": "i8"}
        self.assertEqual([name for name in self.names() if name.endswith(".cellm")],
                         sorted(f"model-{names.get(name, name)}.cellm" for name in own))  # fmt: skip
        self.assertNotIn("license", (self.folder_out / "README.md").read_text().split("---\n")[1])

    def test_names_what_is_wrong(self):
        base = ["study", "--source", TINY, *SMALL, "--formats", "int8", "--speed-runs", 0]
        self.fail_with(2, "--output", *base)
        self.fail_with(2, "kept", *base, "--publish", self.folder / "out", "--no-keep")
        file = self.folder / "file"
        file.write_text("")
        self.fail_with(3, "file", *base, "--output", self.folder / "study", "--publish", file)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""The tune command: eval before and after, resuming after Ctrl-C, errors."""

import json
import pathlib
import signal
import subprocess
import time
import unittest

from harness import BIN, ROOT, CommandTest, byte_tokenizer, cellm_header, run

TOKENS = ["--tokens", "5120", "--text", "default"]


class Tune(CommandTest):
    def setUp(self):
        super().setUp()
        # Not the training text, which is the default one.
        text = (ROOT / "src/convert/text/calibration.txt").read_text(encoding="utf-8")
        self.text = self.folder / "text.txt"
        self.text.write_text("".join(reversed(text[-4000:])).encode("ascii", "ignore").decode())

    def with_tokenizer(self, name):
        model = self.copy_model(name)
        (model / "tokenizer.json").write_text(json.dumps(byte_tokenizer()))
        return model

    def kld(self, model, reference):
        result = self.succeed("eval", "-m", model, "--reference", reference, "--text", self.text, "--json",
                              "--activations", "f32")  # fmt: skip
        return json.loads(result.stdout)["kld_mean"]

    def test_makes_files_better_in_every_layout(self):
        channels = ["--input-channels"]
        for name, flags, more in (("llama", ["--format", "int4"], []), ("qwen3", ["--format", "t2"], []),
                                  ("qwen3", ["--format", "t2"], channels),
                                  ("qwen3", ["--format", "int4-g32", "--packed"], []),
                                  ("qwen3_5_text_untied", ["--quantize-int2-symmetric"], [])):  # fmt: skip
            with self.subTest(model=name, flags=flags, more=more):
                reference = self.with_tokenizer(name)
                file = self.convert(reference, *flags)
                before, bytes_before = self.kld(file, reference), file.read_bytes()
                tuned = self.folder / "tuned.cellm"
                result = self.succeed("tune", file, "--reference", reference, "-o", tuned, *TOKENS, *more)
                self.assertEqual(file.read_bytes(), bytes_before)
                self.assertRegex(result.stdout.decode(), r"^KLD \d+\.\d{4} -> \d+\.\d{4} on held-out text, after \d+ tokens\n$")
                self.succeed("verify", tuned)
                self.assertLess(self.kld(tuned, reference), 0.98 * before)
                # The same payloads, and on request the factors of input channels beside trellis tensors.
                old, new = ({e["name"]: e for e in cellm_header(path)["tensors"]} for path in (file, tuned))
                coded = {name for name, e in old.items() if e["dtype"] == "t2"} if more else set()
                self.assertEqual(coded != set(), "t2" in flags and more == channels)
                self.assertEqual(set(new) - set(old), {f"{name}.cscale" for name in coded})
                for name, entry in old.items():
                    self.assertEqual({**new[name], "offset_bytes": 0}, {**entry, "offset_bytes": 0})
                self.assertEqual([p.name for p in self.folder.glob("*.partial*")], [])

    def test_changes_the_file_itself_without_an_output(self):
        reference = self.with_tokenizer("llama")
        file = self.convert(reference, "--format", "int4")
        before = self.kld(file, reference)
        self.succeed("tune", file, "--reference", reference, *TOKENS)
        self.assertLess(self.kld(file, reference), before)

    def test_learns_from_what_the_reference_writes(self):
        reference = self.with_tokenizer("llama")
        file = self.convert(reference, "--format", "int4")
        before = self.kld(file, reference)
        self.succeed("tune", file, "--reference", reference, "--tokens", "5120")
        self.assertLess(self.kld(file, reference), before)
        bare = self.convert(self.copy_model("llama", "bare"), "--format", "int4", name="bare.cellm")
        self.succeed("tune", bare, "--reference", reference, "--text", "self", "--tokens", "1024")
        self.fail_with(3, "tokenizer", "tune", bare, "--reference", self.folder / "bare", "--text", "self")

    def test_is_the_same_for_any_number_of_threads(self):
        reference = self.with_tokenizer("qwen3_5_text_untied")
        file = self.convert(reference, "--format", "int4")
        for threads in "1", "3":
            self.succeed("tune", file, "--reference", reference, *TOKENS, "-t", threads, "-o", self.folder / threads)
        self.assertEqual((self.folder / "1").read_bytes(), (self.folder / "3").read_bytes())

    def test_goes_on_after_an_interrupt(self):
        reference = self.with_tokenizer("llama")
        file = self.convert(reference, "--format", "int4")
        whole = self.folder / "whole.cellm"
        arguments = ["tune", file, "--reference", reference, "--tokens", "40960", "--text", "default"]
        self.succeed(*arguments, "-o", whole)
        target = self.folder / "m2.cellm"
        state = pathlib.Path(f"{target}.tune.partial")
        process = subprocess.Popen([BIN / "cellm", *map(str, arguments), "-o", target], stderr=subprocess.PIPE)
        for _ in range(2000):
            if state.exists() or process.poll() is not None:
                break
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        message = process.communicate()[1]
        self.assertEqual(process.returncode, 130)
        note, _, rest = message.partition(b"\n")
        self.assertRegex(note, rb"^tuning on \d+ windows of 512 tokens, with at most [\d.]+ MiB of memory")
        self.assertEqual(rest, b"interrupted; the same command goes on from here\n")
        self.assertFalse(target.exists())
        self.assertTrue(state.exists())
        self.succeed(*arguments, "-o", target)
        self.assertEqual(target.read_bytes(), whole.read_bytes())
        self.assertFalse(state.exists())

    def test_errors(self):
        reference = self.with_tokenizer("llama")
        file = self.convert(reference, "--format", "int4")
        other = self.copy_model("qwen3", "other")
        self.fail_with(2, "another model", "tune", file, "--reference", other)
        self.fail_with(3, "convert the model first", "tune", reference / "config.json", "--reference", reference)
        self.fail_with(3, "nowhere", "tune", file, "--reference", self.folder / "nowhere")
        self.fail_with(3, "nothing.txt", "tune", file, "--reference", reference, "--text", self.folder / "nothing.txt")
        short = self.folder / "short.txt"
        short.write_text("Too little.")
        self.fail_with(2, "512", "tune", file, "--reference", reference, "--text", short)
        damaged = self.folder / "damaged.cellm"
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        damaged.write_bytes(content)
        self.fail_with(3, "checksum", "tune", damaged, "--reference", reference, *TOKENS)
        self.assertEqual(run("tune", file).returncode, 2)
        self.fail_with(3, "nowhere", "tune", file, "--reference", reference, *TOKENS, "-o",
                       self.folder / "nowhere" / "tuned.cellm")  # fmt: skip
        self.fail_with(2, "leave --input-channels out", "tune", file, "--reference", reference, "--input-channels")
        self.fail_with(4, "chat", "tune", file, "--reference", reference, "--text", "chat")


if __name__ == "__main__":
    unittest.main()

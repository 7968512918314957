#!/usr/bin/env python3
"""The infer command: flags, streams, seeds, limits, Ctrl-C, closed pipes."""

import json
import os
import re
import signal
import subprocess
import time
import unittest

from harness import BIN, MODELS, CommandTest, byte_tokenizer, run

QWEN3 = MODELS / "qwen3"
END = "<|im_end|>"


class Infer(CommandTest):
    def infer(self, *flags, model=QWEN3, **options):
        return self.succeed(BIN / "infer", "--model", model, *flags, **options)

    def with_tokenizer(self):
        path = self.folder / "tokenizer.json"
        path.write_text(json.dumps(byte_tokenizer(["<|im_start|>", END])))
        return path

    def test_every_flag_of_the_original(self):
        tokenizer = self.with_tokenizer()
        flags = ["--tokenizer", tokenizer, "--prompt", "ab", "--chat", "--chat-format", "chatml", "--system", "s",
                 "--gen", 3, "--temperature", 0.5, "--top-k", 5, "--seed", 7, "--repeat-penalty", 1.1,
                 "--repeat-window", 8, "--max-layers", 2, "--tokens-per-block", 8, "--total-blocks", 64,
                 "--stop-eos", "--backend", "cpu", "--kv-encoding", "turboquant"]  # fmt: skip
        self.infer(*flags)
        for form in ("auto", "plain"):
            self.infer("--tokenizer", tokenizer, "--prompt", "ab", "--chat", "--chat-format", form, "--gen", 1)
        self.infer("--seq", 4)
        self.infer("--tokens", "1, 2,3", "--kv-encoding", "f16")

    def test_cellm_infer_is_infer(self):
        flags = ["--model", QWEN3, "--seq", 3, "--gen", 4, "--temperature", 0, "-q"]
        self.assertEqual(self.succeed("infer", *flags).stdout, self.succeed(BIN / "infer", *flags).stdout)

    def test_streams(self):
        text = self.infer("--tokens", "1,2", "--gen", 5, "--temperature", 0)
        self.assertRegex(text.stdout.decode(), r"^\d+( \d+){4}\n$")
        self.assertRegex(text.stderr.decode(), r"^load .* tokens/s .* peak memory .*\n$")
        self.assertEqual(self.infer("--tokens", "1,2", "--quiet").stderr, b"")
        result = json.loads(self.infer("--tokens", "1,2", "--gen", 5, "--temperature", 0, "--json").stdout)
        self.assertEqual(" ".join(map(str, result["ids"])), text.stdout.decode().strip())
        self.assertEqual(result["prompt_ids"], [1, 2])
        self.assertEqual(result["stop_reason"], "length")
        self.assertEqual(result["timings"]["prompt_tokens"], 2)

    def test_no_tokens_asked_for(self):
        self.assertEqual(json.loads(self.infer("--seq", 2, "--gen", 0, "--json").stdout)["ids"], [])

    def test_prompt_from_stdin_is_the_prompt(self):
        flags = ["--tokenizer", self.with_tokenizer(), "--gen", 6, "--temperature", 0, "-q"]
        direct = self.infer(*flags, "--prompt", "ab\n").stdout
        self.assertEqual(self.infer(*flags, "--prompt", "-", input=b"ab\n").stdout, direct)

    def test_text_is_utf8_or_its_replacement(self):
        for seed in range(5):
            out = self.infer("--tokenizer", self.with_tokenizer(), "--prompt", "é", "--gen", 40, "--seed", seed,
                             "--temperature", 5, "--top-k", 0)  # fmt: skip
            out.stdout.decode("utf-8", "strict")

    def test_seed_repeats(self):
        flags = ["--seq", 4, "--gen", 12, "--temperature", 3, "--top-k", 0, "-q"]
        first = self.infer(*flags, "--seed", 11).stdout
        self.assertEqual(self.infer(*flags, "--seed", 11, "-t", 3).stdout, first)
        self.assertNotEqual(self.infer(*flags, "--seed", 12).stdout, first)
        shown = re.search(rb"seed (\d+)", self.infer(*flags[:-1]).stderr).group(1)
        json_seed = json.loads(self.infer(*flags, "--seed", shown.decode(), "--json").stdout)["seed"]
        self.assertEqual(json_seed, int(shown))

    def test_eos(self):
        first = json.loads(self.infer("--seq", 4, "--gen", 1, "--temperature", 0, "--json").stdout)["ids"][0]
        model = self.copy_model("qwen3")
        for ids in (first, [first, 5]):
            self.edit_config(model, eos_token_id=ids)
            flags = ["--seq", 4, "--gen", 3, "--temperature", 0, "--json"]
            stopped = json.loads(self.infer(*flags, model=model).stdout)
            self.assertEqual((stopped["ids"], stopped["stop_reason"]), ([], "eos"))
            free = json.loads(self.infer(*flags, "--stop-eos", "false", model=model).stdout)
            self.assertEqual(len(free["ids"]), 3)
        self.edit_config(model, eos_token_id=None)
        (model / "generation_config.json").write_text(json.dumps({"eos_token_id": [first]}))
        self.assertEqual(json.loads(self.infer(*flags, model=model).stdout)["stop_reason"], "eos")
        converted = self.convert(model, "--format", "f16")
        self.assertEqual(json.loads(self.infer(*flags, model=converted).stdout)["stop_reason"], "eos")

    def test_context(self):
        blocks = ["--tokens-per-block", 4, "--total-blocks", 3, "--json"]
        result = json.loads(self.infer("--seq", 10, "--gen", 50, "--temperature", 0, *blocks).stdout)
        self.assertEqual((len(result["ids"]), result["stop_reason"]), (3, "context"))
        self.fail_with(2, "13 tokens after 0 do not fit into the context of 12", "infer", "-m", QWEN3, "--seq", 13, *blocks)
        self.infer("--seq", 12, "--gen", 1, *blocks)

    def test_the_blocks_do_not_change_results(self):
        flags = ["--seq", 30, "--gen", 20, "--temperature", 0, "-q"]
        for encoding in ("f16", "f32", "turboquant"):
            first = self.infer(*flags, "--kv-encoding", encoding).stdout
            for block in (1, 7, 64):
                other = self.infer(*flags, "--kv-encoding", encoding, "--tokens-per-block", block, "-t", 3)
                self.assertEqual(other.stdout, first)

    def test_one_file_is_enough(self):
        model = self.copy_model("qwen3")
        (model / "tokenizer.json").write_text(json.dumps(byte_tokenizer([END])))
        flags = ["--prompt", "hello", "--gen", 8, "--temperature", 0, "-q"]
        (self.folder / "alone").mkdir()
        path = self.convert(model, "--format", "f16", name="alone/m.cellm")
        self.assertEqual(self.infer(*flags, model=path).stdout, self.infer(*flags, model=model).stdout)
        bare = self.convert(model, "--format", "f16", "--no-tokenizer", name="alone/n.cellm")
        self.fail_with(3, "needs a tokenizer", "infer", "-m", bare, *flags)
        (self.folder / "alone" / "tokenizer.json").write_text(json.dumps(byte_tokenizer()))
        self.infer(*flags, model=bare)  # beside the file


class Signals(CommandTest):
    def endless(self, *flags, **options):
        """A run that takes many seconds."""
        model = self.copy_model("qwen3")
        self.edit_config(model, max_position_embeddings=1 << 30)
        return subprocess.Popen(
            [BIN / "infer", "--model", model, "--tokens", "1,2", "--gen", "300000", "--temperature", "0", *flags],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)  # fmt: skip

    def test_ctrl_c_ends_the_answer(self):
        for flags in ([], ["--json"], ["-q"]):
            process = self.endless(*flags)
            time.sleep(0.4)
            process.send_signal(signal.SIGINT)
            out, errors = process.communicate(timeout=20)
            self.assertEqual(process.returncode, 130, errors)
            if flags == ["--json"]:
                result = json.loads(out)
                self.assertEqual(result["stop_reason"], "interrupted")
                self.assertTrue(result["ids"])
            else:
                self.assertRegex(out.decode(), r"^\d+( \d+)*\n$")
            self.assertEqual(errors.count(b"\n"), 0 if "-q" in flags else 1, errors)

    def test_ctrl_c_while_reading_the_prompt(self):
        model = self.copy_model("qwen3")
        (model / "tokenizer.json").write_text(json.dumps(byte_tokenizer()))
        process = subprocess.Popen([BIN / "infer", "--model", model, "--prompt", "-"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)
        out, errors = process.stdout.read(), process.stderr.read()
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()
        self.assertEqual((process.returncode, out, errors), (130, b"", b""))

    def test_a_reader_that_leaves(self):
        process = self.endless()
        process.stdout.read(1)
        process.stdout.close()
        process.wait(timeout=20)
        self.assertIn(process.returncode, (-signal.SIGPIPE, 5))
        self.assertEqual(process.stderr.read(), b"")
        process.stderr.close()

    def test_output_that_cannot_be_written(self):
        for arguments in (["infer", "-m", QWEN3, "--seq", "2"], ["inspect", QWEN3], ["inspect", "--json", QWEN3],
                          ["convert", "-i", QWEN3, "--dry-run", "--json"]):  # fmt: skip
            with open("/dev/full", "wb") as full:
                result = subprocess.run([BIN / "cellm", *arguments], stdout=full, stderr=subprocess.PIPE, timeout=20)
            self.assertEqual(result.returncode, 5, result.stderr)
            self.assertEqual(result.stderr.count(b"\n"), 1)
            self.assertTrue(result.stderr.startswith(b"error: "), result.stderr)

    def test_without_standard_files(self):
        path = self.folder / "m.cellm"
        close_all = 'exec <&- >&- 2>&-; exec "$@"'
        command = ["bash", "-c", close_all, "x", BIN / "cellm", "convert", "-i", QWEN3, "-o", path]
        self.assertEqual(subprocess.run(command, timeout=20).returncode, 0)
        self.succeed("verify", path)


if __name__ == "__main__":
    unittest.main()

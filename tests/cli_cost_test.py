#!/usr/bin/env python3
"""Inputs constructed to be expensive: each is refused (or read) in time and memory linear in its size.

The bounds are those of docs/security.md: BASE_KIB and BASE_SECONDS for starting, plus TIMES_SIZE bytes of
memory per byte and a second per megabyte of input.
"""

import json
import os
import struct
import subprocess
import sys
import unittest

from harness import BIN, MODELS, ROOT, CommandTest, byte_tokenizer, read_json, write_safetensors

BASE_KIB, TIMES_SIZE = 100 << 10, 64
BASE_SECONDS, SECONDS_PER_MB = 2, 1
MB = 1 << 20
# Runs a command and prints its exit code, CPU seconds, and peak memory in KiB. In a separate process, since a child's
# peak memory starts at that of its parent, and this process grows with its inputs.
MEASURE = """
import json, os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(json.dumps([os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss]))
"""


class Cost(CommandTest):
    def spend(self, arguments, path, codes=(3, 4), stdin=b"", size=None):
        """Runs cellm on a file and checks time and memory; the exit code must be one of `codes`."""
        size = size or path.stat().st_size + len(stdin)
        text = self.folder / "stdin"
        text.write_bytes(stdin)
        with open(text, "rb") as source, open(self.folder / "errors", "wb") as errors:
            result = subprocess.run([sys.executable, "-c", MEASURE, str(BIN / "cellm"), *map(str, arguments)],
                                    stdin=source, stderr=errors, stdout=subprocess.PIPE, check=True)  # fmt: skip
        code, seconds, kib = json.loads(result.stdout)
        message = (self.folder / "errors").read_bytes().decode()
        what = f"{arguments} on {size} bytes: {code}, {seconds:.2f} s, {kib} KiB, {message[:300]!r}"
        if os.environ.get("CELLM_COST_VERBOSE"):
            print(what)
        self.assertIn(code, codes, what)
        if code:
            self.assertTrue(message.startswith("error: ") and message.count("\n") == 1, what)
        self.assertLessEqual(seconds, BASE_SECONDS + SECONDS_PER_MB * size / MB, what)
        self.assertLessEqual(kib, BASE_KIB + TIMES_SIZE * size / 1024, what)
        return message

    def inspect(self, name, content, **options):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return self.spend(["inspect", path], path, **options)

    def in_model(self, name, content):
        """The file beside the others of a small model."""
        model = self.copy_model("qwen3_untied_f16")
        (model / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return self.spend(["inspect", model], model / name)

    def tokenize(self, document, text=b"hello", codes=(3, 4)):
        path = self.folder / "tokenizer.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        return self.spend(["tokenize", "--tokenizer", path], path, stdin=text, codes=codes)


class Json(Cost):
    def test_depth(self):
        for open_, close in (("[", "]"), ('{"a":', "}")):
            deep = open_ * 300000 + "1" + close * 300000
            self.assertIn("nested deeper than 64", self.in_model("config.json", deep))
            self.assertIn("nested deeper than 64", self.tokenize('{"a":' + deep + "}"))
            self.in_model("model.safetensors", struct.pack("<Q", len(deep)) + deep.encode())
            self.inspect("m.cellm", b"CELLM\x01" + struct.pack("<I", len(deep)) + deep.encode())

    def test_many_values(self):
        many = "[" + "1," * 400_000 + "1]"
        config = (MODELS / "qwen3_untied_f16" / "config.json").read_text()
        for key in ("layer_types", "eos_token_id"):
            changed = json.dumps({**json.loads(config), key: 0}).replace(f'"{key}": 0', f'"{key}": {many}')
            self.in_model("config.json", changed)
        self.in_model("config.json", "[" + "{}," * 600_000 + "{}]")
        members = "{" + ",".join(f'"{i}":0' for i in range(100_000)) + "}"
        self.in_model("model.safetensors", struct.pack("<Q", len(members)) + members.encode())
        self.in_model("model.safetensors.index.json", '{"weight_map":' + members + "}")

    def test_numbers(self):
        for number in ("1e999999999", "-1e-999999999", "9" * 1_000_000, "0." + "1" * 1_000_000, "1e" + "9" * 1_000_000):
            self.in_model("config.json", '{"model_type":"qwen3","vocab_size":%s}' % number)
            self.tokenize('{"model":{"vocab":{"a":%s}}}' % number)


class Containers(Cost):
    def test_many_tensors(self):
        count = 140_000
        table = {f"t{i}": {"dtype": "U8", "shape": [1], "data_offsets": [i, i + 1]} for i in range(count)}
        text = json.dumps(table, separators=(",", ":")).encode()
        message = self.in_model("model.safetensors", struct.pack("<Q", len(text)) + text + bytes(count))
        self.assertIn("more than the 131072 allowed", message)
        entries = [{"name": f"t{i}", "dtype": "f16", "shape": [1], "offset_bytes": 1 << 24, "nbytes": 2} for i in range(count)]
        text = json.dumps({"tensors": entries}, separators=(",", ":")).encode()
        self.inspect("m.cellm", b"CELLM\x01" + struct.pack("<I", len(text)) + text + bytes(9 * MB))

    def test_lengths_that_lie(self):
        for length in (1 << 31, 1 << 40, 1 << 63, (1 << 64) - 1, 100_000_000):
            self.in_model("model.safetensors", struct.pack("<Q", length) + b"{}")
        for length in (1 << 31, (1 << 32) - 1, 100_000_000):
            self.inspect("m.cellm", b"CELLM\x01" + struct.pack("<I", length) + b"{}")

    def test_shapes_that_lie(self):
        for shape in ([1 << 40] * 8, [1 << 32, 1 << 31], [1 << 63], [0], [1] * 9):
            header = {"a": {"dtype": "F32", "shape": shape, "data_offsets": [0, 4]}}
            model = self.copy_model("qwen3_untied_f16")
            write_safetensors(model / "model.safetensors", header, b"\0" * 4)
            self.spend(["inspect", model], model / "model.safetensors")

    def test_sizes_that_lie(self):
        model = self.copy_model("qwen3_untied_f16")
        config = read_json(model / "config.json")
        for key in config:
            if isinstance(config[key], int) and not isinstance(config[key], bool):
                for value in (1 << 20, 1 << 24, 4096):
                    (model / "config.json").write_text(json.dumps({**config, key: value}))
                    for command in ("inspect", "infer"):
                        extra = ["--tokens", "1", "--gen", "2"] if command == "infer" else []
                        self.spend([command, "-m", model, *extra], model / "config.json", codes=(0, 2, 3, 4),
                                   size=(model / "model.safetensors").stat().st_size)  # fmt: skip


class Gguf(Cost):
    def gguf(self, tensors, keys, rest):
        # 0: inspect lists a file that is whole, though no model.
        return self.inspect("m.gguf", b"GGUF" + struct.pack("<IQQ", 3, tensors, keys) + rest, codes=(0, 3, 4))

    @staticmethod
    def text(text):
        return struct.pack("<Q", len(text)) + text

    def test_counts_that_lie(self):
        for count in (1 << 16, 1 << 32, 1 << 60, (1 << 64) - 1):
            self.gguf(count, 0, bytes(100))
            self.gguf(0, count, bytes(100))
            for element in (0, 6, 8, 9, 12):
                self.gguf(0, 1, self.text(b"k") + struct.pack("<IIQ", 9, element, count) + bytes(64))
            self.gguf(0, 1, struct.pack("<Q", count) + bytes(64))
            self.gguf(0, 1, self.text(b"k") + struct.pack("<IQ", 8, count) + bytes(64))

    def test_nested_arrays(self):
        count = 100_000
        empty = struct.pack("<IQ", 0, 0)
        array = struct.pack("<IQ", 9, count) + empty * count
        self.gguf(0, 1, self.text(b"k") + struct.pack("<I", 9) + array)
        self.gguf(0, 1, self.text(b"k") + struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 100_000)
        strings = struct.pack("<IQ", 8, 300_000) + struct.pack("<Q", 0) * 300_000
        self.gguf(0, 1, self.text(b"tokenizer.ggml.tokens") + struct.pack("<I", 9) + strings)

    def test_many_entries(self):
        keys = b"".join(self.text(b"%d" % i) + struct.pack("<IB", 0, 1) for i in range(70_000))
        self.gguf(0, 65_536, keys)
        self.assertIn("at most 131072 and 65536", self.gguf(0, 70_000, keys))
        tensors = b"".join(self.text(b"%d" % i) + struct.pack("<IQIQ", 1, 1, 0, 0) for i in range(131_072))
        self.gguf(131_072, 0, tensors)


class Tokenizers(Cost):
    def test_vocabulary(self):
        document = byte_tokenizer()
        vocab = document["model"]["vocab"]
        vocab.update({f"x{i}": 256 + i for i in range(300_000)})
        self.tokenize(document, codes=(0,))
        vocab["y" * 5000] = 2_000_000
        self.assertIn("pieces of 4096 bytes", self.tokenize(document))
        del vocab["y" * 5000]
        for far in (2_000_000, (1 << 21) - 1):  # unused ids take memory, too
            self.assertIn("at most 65536 ids may be unused", self.tokenize({**document, "model": {
                **document["model"], "vocab": {"a": 0, "b": far}}}))  # fmt: skip
        vocab["far"] = 1 << 21
        self.assertIn("must be below 2097152", self.tokenize(document))

    def test_merges(self):
        document = byte_tokenizer()
        vocab = document["model"]["vocab"]
        pieces = list(vocab)
        for left in pieces:
            for right in pieces:
                vocab[left + right] = len(vocab)
                document["model"]["merges"].append([left, right])
        self.tokenize(document, codes=(0,), text=b"a" * MB)
        document["model"]["merges"] = ["a b"] * 2_100_000
        self.assertIn("more than 2097152 merges", self.tokenize(document))

    def test_added_tokens(self):
        document = byte_tokenizer()
        one = {"single_word": False, "lstrip": True, "rstrip": True, "normalized": False, "special": False}
        # "a" is already in the vocabulary, so "aa" is the shortest new piece.
        document["added_tokens"] = [{**one, "id": 256 + i, "content": "a" * (2 + i)} for i in range(511)]
        self.tokenize(document, codes=(0,), text=b"a" * MB)
        self.tokenize(document, codes=(0,), text=b" " * MB)
        document["added_tokens"] = [{**one, "id": 256 + i, "content": f"<{i}>"} for i in range(70_000)]
        self.assertIn("at most 65536", self.tokenize(document))

    def pattern(self, pattern, text, steps=1):
        document = byte_tokenizer()
        split = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}
        document["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [split] * steps + [document["pre_tokenizer"]]}
        return self.tokenize(document, text=text, codes=(0, 3, 4))

    def test_patterns_that_would_run_for_ever(self):
        self.assertIn("limit", self.pattern("(a|aa)+[bc]", b"a" * 5000))
        # Every position is almost too expensive, and there are many; or many parts with few positions each.
        for text in (b"a" * 400, b"a" * 100_000, b"aaaaaaaaaaaaaaaaaaaaaa " * 20_000):
            self.pattern("(?:a?){22}[bc]", text)
            self.pattern(" |(?:a?){18}[bc]", text, steps=9)
        self.assertIn("takes too long", self.pattern("\\s*[xy]", b" " * 400_000))

    def test_patterns_that_are_large(self):
        self.pattern("(?:a{99}){99}", b"a" * 9999)
        self.pattern("(" * 99 + "a" + ")" * 99, b"a")
        self.pattern("(?:" * 99 + "a" + "){2}" * 99, b"a")
        self.pattern("|".join(f"(a{{{i}}}b)" for i in range(1800))[:16000].rpartition("|")[0], b"a" * 4000, steps=4)
        self.pattern("\\p{L}" * 3000, "é".encode() * 4000)

    def test_text(self):
        for text in (b"\xcc\x81" * (MB // 2), b"a" * MB, b" " * MB, "e\u0301\u0327".encode() * (MB // 5)):
            document = byte_tokenizer()
            document["normalizer"] = {"type": "NFC"}
            document["pre_tokenizer"]["use_regex"] = True
            self.tokenize(document, text=text, codes=(0,))


class Answer(CommandTest):
    def test_memory_beside_the_file(self):
        """The whole process at its peak, with its libraries and the pages of the file: 15.5 MiB more than the file, measured with the server's libraries."""
        model = self.folder / "tiny.cellm"
        self.succeed("convert", "-i", ROOT / "models" / "cellm-tiny", "-o", model, "--format", "int4-g32", "--packed", "-q")
        command = [BIN / "cellm", "run", model, "Why is the sky blue?", "--gen", 64, "--stop-eos", "false", "-t", 2, "-q"]
        result = subprocess.run([sys.executable, "-c", MEASURE, *map(str, command)], stdout=subprocess.PIPE, check=True)
        code, _, kib = json.loads(result.stdout)
        self.assertEqual(code, 0)
        self.assertLess(kib / 1024, model.stat().st_size / MB + 18)


class Choices(Cost):
    def choices(self, text):
        path = self.folder / "quiz.jsonl"
        path.write_text(text)
        return self.spend(["eval", "-m", MODELS / "qwen3_untied_f16", "--choices", path], path)

    def test_what_is_refused(self):
        good = '{"context":"","choices":["a","b"],"answer":0}'
        many = ",".join(f'"{i}"' for i in range(200_000))
        for line in ("[" * 300_000, f'{{"context":"","choices":[{many}]}}', f'{{"a":[{"{}," * 400_000}0]}}', " " * MB + "x"):
            self.assertIn("quiz.jsonl: line 1: ", self.choices(line))
        self.assertIn("quiz.jsonl: line 60001: ", self.choices((good + "\n") * 60_000 + "{"))
        self.assertIn("the file has no items", self.choices("\n" * MB))


if __name__ == "__main__":
    unittest.main()

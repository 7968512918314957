#!/usr/bin/env python3
"""Bad input: one line on stderr that names the file, and the right exit code."""

import json
import os
import struct
import unittest

from harness import BIN, MODELS, ROOT, CommandTest, byte_tokenizer, parse_cellm_header, read_safetensors, write_safetensors

QWEN3 = MODELS / "qwen3"
GGUF = ROOT / "testdata" / "gguf" / "qwen3.gguf"
CELLM = QWEN3 / "golden" / "i4.cellm"
NAN16, INF16 = b"\x00\x7e", b"\x00\x7c"


class Usage(CommandTest):
    def test_programs(self):
        self.fail_with(2, "subcommand", BIN / "cellm")
        self.fail_with(2, 'unknown command "fly"', BIN / "cellm", "fly", "--fast")
        self.fail_with(2, "", "frobnicate")
        for program in ("convert", "infer"):
            self.fail_with(2, "required", BIN / program)
        for command in ("convert", "infer", "inspect", "verify", "logits"):
            self.fail_with(2, "required", command)
            self.fail_with(2, "", command, "--no-such-option")
            self.assertIn(b"Example", self.succeed(command, "--help").stdout)
        self.fail_with(2, "give --tokenizer FILE or --model FILE", "tokenize")
        self.succeed(BIN / "cellm", "--version")

    def test_infer(self):
        flags = ["infer", "-m", QWEN3]
        for option, values in {
            "--gen": ["-1", "x", "1.5", ""], "--temperature": ["-1", "hot"], "--top-k": ["-1"],
            "--seed": ["-2", "x", "1.5", "1x", "18446744073709551616"], "--logit-bias": ["5", "5=", "x=1", "5=nan", "=1"],
            "--presence-penalty": ["x", "inf"], "--typical": ["0", "2"], "--xtc-probability": ["2"], "--min-tokens": ["-1"],
            "--dry-multiplier": ["-1"], "--dry-base": ["0"], "--dry-allowed-length": ["0"], "--on-loop": ["maybe"],
            "--top-p": ["0", "2", "nan"], "--min-p": ["1", "-1"], "--repeat-penalty": ["0", "-1", "inf"],
            "--repeat-window": ["-1"], "--threads": ["0", "-1", "5000", "x"], "--max-layers": ["0", "-1"],
            "--tokens-per-block": ["0", "99999999"], "--total-blocks": ["0"], "--seq": ["0", "-1"],
            "--backend": ["cuda"], "--kv-encoding": ["q8"], "--chat-format": ["alpaca"], "--stop-eos": ["perhaps"],
            "--tokens": ["", ",", "1,", "1,,2", "x", "-1", "1;2", "4294967296", "1.5"],
        }.items():  # fmt: skip
            for value in values:
                with self.subTest(option=option, value=value):
                    self.fail_with(2, "", *flags, f"{option}={value}" if value else option, *([""] if not value else []))
        for conflict in (["--prompt", "a", "--tokens", "1"], ["--tokens", "1", "--seq", "3"], ["--chat"],
                         ["--system", "x"], ["--thinking"]):  # fmt: skip
            self.fail_with(2, "--", *flags, *conflict)
        for option in ("--temperature", "--top-p", "--min-p", "--repeat-penalty", "--presence-penalty", "--typical",
                       "--xtc-probability", "--dry-multiplier"):  # fmt: skip
            self.fail_with(2, "nan is not a number", *flags, option, "nan")
        self.fail_with(2, "--seed 18446744073709551616 is more than 2^64 - 1", *flags, "--seed", 1 << 64)
        self.fail_with(2, "--logprobs requires --json", *flags, "--logprobs", 1)
        self.fail_with(2, "stop strings need a tokenizer", *flags, "--stop", "a")
        self.fail_with(2, "the logit bias of token 320 is beyond", *flags, "--logit-bias", "320=1")
        self.fail_with(4, "backend metal is not supported", *flags, "--backend", "metal")
        self.fail_with(2, "token 320 is beyond the vocabulary of 320", *flags, "--tokens", "1,320")
        self.fail_with(2, "CPU target", *flags, env={"CELLM_TARGET": "vax"})

    def test_standard_output_is_no_output_file(self):
        for command in (["convert", "-i", QWEN3], ["tune", CELLM, "--reference", QWEN3], ["logits", "-m", QWEN3, "--tokens", "1"],
                        ["study", "--source", QWEN3, "--text", ROOT / "README.md"]):  # fmt: skip
            self.fail_with(2, "--output: standard output is no place for it", *command, "-o", "-")
        self.assertFalse((self.folder / "-").exists())

    def test_convert(self):
        flags = ["convert", "-i", QWEN3, "-o", self.folder / "m.cellm"]
        for wrong in (["--dtype", "bf16"], ["--format", "int3"], ["--recipe", "best"], ["--dtype", "f16", "--embedding", "int8"],
                      ["--quantize-int8-symmetric", "--quantize-int4-symmetric"], ["--format", "int8", "--recipe", "int8"],
                      ["--format", "int8", "--quantize-int8-symmetric"], ["--recipe", "int8", "--lm-head", "int8"],
                      ["--format", "int8", "--tensor", "int8"], ["--format", "int8", "--tensor", "(=int8"],
                      ["--format", "int8", "--tensor", "nothing=int8"], ["--format", "int8", "--tensor", "(" * 9999 + "=f16"],
                      ["--format", "int4-g7"], ["--threads", "0"]):  # fmt: skip
            with self.subTest(wrong=wrong[-1][:40]):
                self.fail_with(2, "", *flags, *wrong)
        self.fail_with(2, "--output is missing", "convert", "-i", QWEN3)
        self.fail_with(3, "no MLX 4-bit tensors", *flags, "--dequant-4bit-affine")
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_logits(self):
        out = ["-o", self.folder / "l.npy"]
        for wrong in (["--chunk", "0"], ["--last", "0"], ["--kv-encoding", "x"], ["--threads", "0"]):
            self.fail_with(2, "", "logits", "-m", QWEN3, "--tokens", "1", *out, *wrong)
        self.fail_with(2, "do not fit into the context", "logits", "-m", QWEN3, "--tokens", "1," * 4096 + "1", *out)
        self.fail_with(2, "token 999 is beyond", "logits", "-m", QWEN3, "--tokens", "999", *out)
        self.assertEqual(list(self.folder.iterdir()), [])


class Files(CommandTest):
    def commands(self, path):
        yield "infer", "-m", path, "--seq", "3"
        yield "inspect", path
        yield "logits", "-m", path, "--tokens", "1", "-o", self.folder / "l.npy"
        yield "convert", "-i", path, "-o", self.folder / "o.cellm"

    def refuse(self, code, part, path):
        for command in self.commands(path):
            with self.subTest(command=command[0], path=str(path)):
                if command[0] == "inspect" and code == 4:  # lists what the file holds
                    self.assertIn(part, self.succeed(*command).stderr.decode())
                    continue
                self.assertIn(path.name, self.fail_with(code, part, *command))
        self.assertFalse((self.folder / "l.npy").exists() or (self.folder / "o.cellm").exists())

    def test_what_is_no_model(self):
        self.refuse(3, "no such file", self.folder / "gone")
        empty_folder = self.folder / "folder"
        empty_folder.mkdir()
        self.refuse(3, "no config.json", empty_folder)
        for name, content in {"empty": b"", "text": b"hello\n" * 99, "zeros": bytes(999), "magic": b"CELLM"}.items():
            path = self.folder / name
            path.write_bytes(content)
            self.refuse(3, "", path)
            self.fail_with(3, name, "verify", path)
        os.mkfifo(self.folder / "fifo")
        self.refuse(3, "not a regular file", self.folder / "fifo")
        for command in self.commands("/dev/null"):
            self.fail_with(3, "/dev/null: not a regular file", *command)
        self.fail_with(3, "a\\x0ab: no such file", "inspect", "a\nb")
        self.fail_with(3, "", "inspect", "x" * 5000)
        self.refuse(4, "give the folder", QWEN3 / "model.safetensors")

    def test_cuts(self):
        model = self.copy_model("qwen3")
        weights = (model / "model.safetensors").read_bytes()
        gguf, cellm = GGUF.read_bytes(), CELLM.read_bytes()
        for part in (0, 1, 7, 8, 9, 10, 11, 100, 0.1, 0.5, 0.9, 0.999, -1):
            cut = lambda data: data[: int(part * len(data)) if isinstance(part, float) else part]
            (model / "model.safetensors").write_bytes(cut(weights))
            for name, data in (("m.gguf", gguf), ("m.cellm", cellm)):
                (self.folder / name).write_bytes(cut(data))
            for path in (model, self.folder / "m.gguf", self.folder / "m.cellm"):
                self.refuse(3, path.name, path)
            self.fail_with(3, "m.cellm", "verify", self.folder / "m.cellm")

    def test_outputs(self):
        for target, part in ((self.folder, "is a directory"), (self.folder / "no" / "m", "cannot create"),
                             ("/dev/null", "not a regular file"), ("/proc/m", "cannot create")):  # fmt: skip
            self.fail_with(3, part, "convert", "-i", QWEN3, "-o", target, "-q")
            self.fail_with(3, part, "logits", "-m", QWEN3, "--tokens", "1", "-o", target)

    def test_configurations(self):
        model = self.copy_model("qwen3")
        good = (model / "config.json").read_text()
        for changes, code, part in (
            ({"model_type": "mamba"}, 4, 'model_type "mamba" is not supported; cellm runs qwen3_5'),
            ({"hidden_act": "gelu"}, 4, "hidden_act"),
            ({"attention_bias": True}, 4, "attention_bias is not supported"),
            ({"hidden_size": 64}, 3, "hidden_size"),
            ({"intermediate_size": 999}, 3, "mlp.gate_proj.weight has shape [384, 128], the configuration needs [999, 128]"),
            ({"num_hidden_layers": 4}, 3, "layer_types"),
            ({"vocab_size": 1 << 62}, 3, "vocab_size: expected an integer"),
        ):
            self.edit_config(model, **changes)
            for command in self.commands(model):
                if command[0] != "inspect":
                    message = self.fail_with(code, "model", *command)
                    if "hidden_size" not in changes:
                        self.assertIn(part, message)
            (model / "config.json").write_text(good)
        for text in ("", "[]", "{", '{"a":NaN}', '{"model_type": "qwen3"}', good[:-3], good + "x", "\xff"):
            (model / "config.json").write_text(text, encoding="latin-1")
            self.refuse(3, "", model)

    def test_tensors(self):
        model = self.copy_model("qwen3")
        header, data = read_safetensors(model / "model.safetensors")
        name = "model.layers.1.mlp.up_proj.weight"
        renamed = {("x" if key == name else key): value for key, value in header.items()}
        write_safetensors(model / "model.safetensors", renamed, data)
        for command in self.commands(model):
            if command[0] != "inspect":
                self.fail_with(3, f"tensor {name} is missing", *command)
        header[name]["dtype"] = "I16"
        write_safetensors(model / "model.safetensors", header, data)
        for command in self.commands(model):
            if command[0] != "inspect":
                self.fail_with(4, f"tensor {name} is I16; cellm reads BF16, F16 and F32", *command)

    def test_gguf_architectures(self):
        path = self.folder / "m.gguf"
        path.write_bytes(GGUF.read_bytes().replace(b"qwen3", b"qwenX"))
        self.refuse(4, "architecture 'qwenX' is not supported; supported: llama, qwen", path)


class Weights(CommandTest):
    def test_nan_in_a_folder(self):
        model = self.copy_model("qwen3_untied_f32")
        header, data = read_safetensors(model / "model.safetensors")
        for name in ("model.layers.1.mlp.up_proj.weight", "model.norm.weight", "model.layers.0.self_attn.q_norm.weight"):
            begin = header[name]["data_offsets"][0]
            for value in (float("nan"), float("inf")):
                spoiled = bytearray(data)
                spoiled[begin : begin + 4] = struct.pack("<f", value)
                write_safetensors(model / "model.safetensors", header, spoiled)
                self.fail_with(3, name, "infer", "-m", model, "--seq", "3", "-q")
                self.fail_with(3, name, "convert", "-i", model, "-o", self.folder / "o.cellm", "--format", "int4-g32")

    def test_nan_in_a_file(self):
        for mode, name in (("i8", "model.layers.1.mlp.up_proj.weight.qscale"), ("f16", "model.layers.0.linear_attn.A_log"),
                           ("f16", "model.layers.0.linear_attn.in_proj_qkv.weight"), ("i4", "model.embed_tokens.weight.qscale")):  # fmt: skip
            source = MODELS / "qwen3_5_text" / "golden" / f"{mode}.cellm"
            bytes_ = bytearray(source.read_bytes())
            tensors = {t["name"]: t for t in parse_cellm_header(bytes_)["tensors"]}
            for value in (NAN16, INF16):
                offset = tensors[name]["offset_bytes"]
                bytes_[offset : offset + 2] = value
                path = self.folder / "m.cellm"
                path.write_bytes(bytes_)
                self.fail_with(3, name.removesuffix(".qscale"), "infer", "-m", path, "--seq", "3", "-q")
                self.fail_with(3, name.removesuffix(".qscale"), "convert", "-i", path, "-o", self.folder / "o.cellm")

    def test_a_flipped_bit(self):
        path = self.convert(QWEN3, "--format", "int8")
        data = bytearray(path.read_bytes())
        for at in (5, 9, 30, 1000, len(data) // 2, len(data) - 1):
            data[at] ^= 4
            path.write_bytes(data)
            self.fail_with(4 if at == 5 else 3, "m.cellm", "verify", path)
            data[at] ^= 4


class Tokenizers(CommandTest):
    def test_of_another_model(self):
        model = self.copy_model("qwen3")  # 320 ids
        (model / "tokenizer.json").write_text(json.dumps(byte_tokenizer([f"<{i}>" for i in range(100)])))
        other = self.folder / "other.json"
        (model / "tokenizer.json").rename(other)
        self.fail_with(3, "this tokenizer has ids up to 355, the model's vocabulary is 320; it belongs to another model",
                       "infer", "-m", model, "--tokenizer", other, "--prompt", "a")  # fmt: skip

    def test_ids_beyond_the_embedding(self):
        model = self.copy_model("qwen3")  # 320 ids
        (model / "tokenizer.json").write_text(json.dumps(byte_tokenizer([f"<{i}>" for i in range(100)])))
        file = self.convert(model, "--format", "f16")
        for path in (model, file):
            done = self.succeed("infer", "-m", path, "--prompt", "a", "-n", "2")
            self.assertIn("the tokenizer has ids up to 355, the embedding 320 rows", done.stderr.decode())
            self.fail_with(2, "token 355 is beyond the vocabulary of 320", "infer", "-m", path, "--prompt",
                           "<99>", "--parse-special", "-q")

    def test_damaged(self):
        path = self.folder / "tokenizer.json"
        for text in ("", "{}", "[]", "nope", '{"model":{}}', json.dumps(byte_tokenizer())[:-9]):
            path.write_text(text)
            self.fail_with(3, "tokenizer.json", "infer", "-m", QWEN3, "--tokenizer", path, "--prompt", "a")
            self.fail_with(3, "tokenizer.json", "tokenize", "--tokenizer", path)
        self.fail_with(3, "gone: cannot open", "infer", "-m", QWEN3, "--tokenizer", self.folder / "gone", "--seq", "2")

    def test_prompts(self):
        path = self.folder / "tokenizer.json"
        path.write_text(json.dumps(byte_tokenizer()))
        flags = ["infer", "-m", QWEN3, "--tokenizer", path, "-q"]
        self.fail_with(3, "needs a tokenizer", "infer", "-m", QWEN3, "--prompt", "a")
        self.fail_with(2, "the prompt is empty", *flags, "--prompt", "")
        self.fail_with(2, "the prompt is empty", *flags, "--prompt", "-")
        self.fail_with(2, "5000 tokens after 0 do not fit into the context of 4096", *flags, "--prompt", "a" * 5000)
        for prompt in (b"\xff", b"a\xc3", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80"):
            self.fail_with(2, "UTF-8", *flags, "--prompt", prompt.decode("utf-8", "surrogateescape"))
            self.fail_with(2, "UTF-8", *flags, "--prompt", "-", input=prompt)
        self.fail_with(4, "no chat template", *flags, "--chat", "--prompt", "a")

    def test_decode(self):
        path = self.folder / "tokenizer.json"
        path.write_text(json.dumps(byte_tokenizer()))
        for text in (b"", b"[1,", b"{}", b"[-1]", b'["a"]', b"[1e30]"):
            self.fail_with(3, "standard input", "tokenize", "--tokenizer", path, "--decode", input=text)
        self.assertEqual(self.succeed("tokenize", "--tokenizer", path, input=b"a\n").stdout, b"[97, 10]\n")


if __name__ == "__main__":
    unittest.main()

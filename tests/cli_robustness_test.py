#!/usr/bin/env python3
"""Failures end with an error line: truncated mapped files, missing memory, links out of a folder, NaN weights."""

import json
import os
import pathlib
import resource
import shutil
import signal
import struct
import subprocess
import time
import unittest

from harness import (BIN, MODELS, ROOT, CommandTest, byte_tokenizer, parse_cellm_header, read_safetensors, run, with_fault,
                     write_safetensors)  # fmt: skip

QWEN3 = MODELS / "qwen3"
GGUF = ROOT / "testdata" / "gguf" / "qwen3.gguf"
MIB = 1 << 20


class ShrinkingFiles(CommandTest):
    def setUp(self):
        super().setUp()
        self.cellm = self.convert(QWEN3, "--format", "f16")
        self.gguf = self.folder / "m.gguf"
        self.model = self.copy_model("qwen3")

    def restore(self):
        """Fresh copies of all three, since a test truncates one."""
        for path, source in ((self.cellm, self.pristine), (self.gguf, GGUF),
                             (self.model / "model.safetensors", QWEN3 / "model.safetensors")):  # fmt: skip
            shutil.copyfile(source, path)

    def commands(self, path):
        yield "infer", "-m", path, "--seq", "3", "-q"
        yield "logits", "-m", path, "--tokens", "1", "-o", self.folder / "l.npy"
        yield "convert", "-i", path, "-o", self.folder / "o.cellm", "-q"
        yield "inspect", path
        if path != self.model:
            yield "tokenize", "--model", path
        if path == self.cellm:
            yield "verify", path

    def test_at_once_and_behind_the_header(self):
        self.pristine = self.folder / "pristine"
        shutil.copyfile(self.cellm, self.pristine)
        for path, file in ((self.cellm, "m.cellm"), (self.gguf, "m.gguf"), (self.model, "model.safetensors")):
            for command in self.commands(path):
                # A truncated header affects every command, truncated weights only those that read them.
                for size, all_fail in ((0, True), (4 * 4096, False)):
                    with self.subTest(command=command[0], file=file, size=size):
                        self.restore()
                        result = run(*command, env=with_fault(f"shrink:{file}:{size}"))
                        if not all_fail and result.returncode == 0 and command[0] in ("inspect", "tokenize"):
                            continue
                        message = result.stderr.decode()
                        self.assertEqual(result.returncode, 3, message)
                        self.assertEqual(message.count("\n"), 1, message)
                        self.assertTrue(message.startswith("error: ") and file in message, message)
                        # A .gguf file is mapped twice; the second reader may already find it too short.
                        if size != 0 and file != "m.gguf" and command[0] in ("infer", "convert", "verify"):
                            self.assertIn(f"{file}: became shorter or unreadable while it was in use", message)

    def test_while_infer_runs(self):
        arguments = [BIN / "infer", "-m", self.cellm, "--seq", "3", "--gen", "4000", "--stop-eos", "false", "-q"]
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertNotEqual(process.stdout.read(1), b"")  # the first token is out
        os.truncate(self.cellm, 4096)
        _, message = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 3, message)
        self.assertEqual(message.decode(), f"error: {self.cellm}: became shorter or unreadable while it was in use\n")


class Memory(CommandTest):
    def wide_model(self):
        """A sparse .cellm file with an int8 embedding of 256 MiB."""
        data = self.convert(QWEN3, "--format", "int8").read_bytes()
        header = parse_cellm_header(data)
        rows = 1 << 21
        del header["blobs"], header["checksums"]
        header["source_text_config"]["vocab_size"] = rows
        kept, offset = {}, 1 << 16
        for tensor in header["tensors"]:
            payload = data[tensor["offset_bytes"] : tensor["offset_bytes"] + tensor["nbytes"]]
            if "embed_tokens" in tensor["name"]:
                tensor["nbytes"] = tensor["nbytes"] // tensor["shape"][0] * rows
                tensor["shape"][0] = rows
                payload = b""
            tensor["offset_bytes"] = offset
            kept[offset] = payload
            offset += (tensor["nbytes"] + 63) // 64 * 64
        text = json.dumps(header).encode()
        path = self.folder / "wide.cellm"
        with open(path, "wb") as file:
            file.write(b"CELLM\1" + struct.pack("<I", len(text)) + text)
            for at, payload in kept.items():
                file.seek(at)
                file.write(payload)
            file.truncate(max(t["offset_bytes"] + t["nbytes"] for t in header["tensors"]))
        return path

    def test_what_does_not_fit_is_said_at_once(self):
        model = self.wide_model()
        limit = lambda: resource.setrlimit(resource.RLIMIT_DATA, (200 * MIB, 200 * MIB))
        began = time.monotonic()
        message = self.fail_with(5, "wide.cellm: loading needs ", "infer", "-m", model, "--seq", "3", preexec_fn=limit)
        self.assertLess(time.monotonic() - began, 2)
        self.assertRegex(message, r"needs 2[67]\d\.\d MiB of memory, 1\d\d\.\d MiB are available \(the limit of data, ulimit -d\); ")
        self.succeed("infer", "-m", model, "--seq", "3", "--activations", "f32", "--gen", "0", preexec_fn=limit)

        long = self.copy_model("qwen3")
        self.edit_config(long, max_position_embeddings=1 << 30)
        self.fail_with(5, "a sequence of 16777216 tokens needs ", "infer", "-m", long, "--seq", 1 << 24, preexec_fn=limit)
        # The answer may be shorter than --gen.
        out = self.succeed("infer", "-m", long, "--seq", "3", "--gen", 1 << 29, "--stop-eos", "true", "--max-layers", "1",
                           "--tokens-per-block", "1", "--total-blocks", "5", preexec_fn=limit)  # fmt: skip
        self.assertNotIn(b"note:", out.stderr)
        process = subprocess.Popen([BIN / "infer", "-m", long, "--seq", "3", "--gen", "100000000"], preexec_fn=limit,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
        self.assertNotEqual(process.stdout.read(1), b"")
        process.send_signal(signal.SIGINT)
        self.assertIn(b"note: 100000003 tokens would need 1", process.communicate(timeout=20)[1])
        # A row of 64 MiB for each of two threads.
        self.fail_with(5, "converting needs ", "convert", "-i", self.flat_model(), "-o", self.folder / "o", "-t", "2",
                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (100 * MIB, 100 * MIB)))  # fmt: skip

    def flat_model(self):
        """A model with one more matrix of 2 rows of 16 Mi columns, in a sparse file."""
        model = self.copy_model("qwen3", "flat")
        header, data = read_safetensors(model / "model.safetensors")
        size = 2 * (2 << 24)
        header["model.visual.wide.weight"] = {"dtype": "BF16", "shape": [2, 1 << 24],
                                              "data_offsets": [len(data), len(data) + size]}  # fmt: skip
        write_safetensors(model / "model.safetensors", header, data)
        with open(model / "model.safetensors", "r+b") as file:
            file.truncate(file.seek(0, os.SEEK_END) + size)
        return model

    def ends_well(self, result, what):
        self.assertIn(result.returncode, (0, 5), (what, result.stderr))
        if result.returncode == 5:
            message = result.stderr.decode()
            self.assertTrue(message.startswith("error: ") and message.endswith("\n"), (what, message))
            self.assertEqual(message.count("\n"), 1, (what, message))

    def commands(self):
        model = self.convert(QWEN3, "--format", "int4-g32")
        tokenizer = self.folder / "tokenizer.json"
        tokenizer.write_text(json.dumps(byte_tokenizer()))
        yield "infer", "-m", model, "--tokenizer", tokenizer, "--prompt", "abc", "--gen", "2", "-q"
        yield "convert", "-i", QWEN3, "-o", self.folder / "o.cellm", "-q", "--format", "int8", "--tensor", "mlp=int4"
        yield "verify", model
        yield "inspect", GGUF
        yield "logits", "-m", GGUF, "--tokens", "1,2", "-o", self.folder / "l.npy"
        yield "tokenize", "--tokenizer", tokenizer

    def test_no_more_memory_from_any_point(self):
        for command in self.commands():
            number, codes = 1, []
            while number < 10_000_000:
                result = run(*command, env=with_fault(f"nomem::{number}"))
                self.ends_well(result, (command[0], number))
                codes.append(result.returncode)
                if result.returncode == 0:
                    break
                number += 1 + number // 4
            self.assertTrue(codes[0] == 5 and codes[-1] == 0, (command[0], codes))

    def test_limits_of_address_space(self):
        for command in self.commands():
            for mebibytes in range(16, 160, 12):
                limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (mebibytes * MIB, mebibytes * MIB))
                result = run(*command, preexec_fn=limit)
                if result.returncode == 127 and b"shared" in result.stderr:
                    continue  # too little for the program's libraries
                self.ends_well(result, (command[0], mebibytes))


class Links(CommandTest):
    def test_out_of_the_folder(self):
        model, outside = self.copy_model("qwen3"), self.folder / "outside"
        outside.mkdir()
        for name in ("config.json", "model.safetensors", "generation_config.json"):
            path = model / name
            if not path.exists():
                path.write_text("{}")
            path.rename(outside / name)
            path.symlink_to(outside / name)
            for command in (("infer", "-m", model, "--seq", "3", "-q"), ("inspect", model), ("convert", "-i", model, "--dry-run"),
                            ("logits", "-m", model, "--tokens", "1", "-o", self.folder / "l.npy"),
                            ("bench", "-m", model, "-p", "1", "-n", "0", "-r", "1")):  # fmt: skip
                with self.subTest(command=command[0], file=name):
                    self.fail_with(3, f"{path}: a symbolic link out of the model's folder, to {outside / name}; --follow-links",
                                   *command)  # fmt: skip
                    self.succeed(*command, "--follow-links")
            path.unlink()
            (outside / name).rename(path)

    def test_in_an_index(self):
        model = self.copy_model("qwen3")
        for name in ("../m.safetensors", "/m.safetensors", "a/m.safetensors", "..", "", "m\0.safetensors"):
            index = {"weight_map": {"model.norm.weight": name}}
            (model / "model.safetensors.index.json").write_text(json.dumps(index))
            self.fail_with(3, "is not the name of a safetensors file in this folder", "inspect", model)

    def test_the_hub_s_cache(self):
        blobs = self.folder / "models--a--b" / "blobs"
        snapshot = blobs.parent / "snapshots" / "0123"
        snapshot.mkdir(parents=True)
        shutil.copytree(QWEN3, blobs, ignore=shutil.ignore_patterns("golden", "expected*"))
        for path in blobs.iterdir():
            (snapshot / path.name).symlink_to(pathlib.Path("..", "..", "blobs", path.name))
        self.succeed("infer", "-m", snapshot, "--seq", "3")

    def test_a_tokenizer_beside_a_file(self):
        path = self.convert(QWEN3, "--format", "f16")
        home = self.folder / "home"
        home.mkdir()
        (home / "tokenizer.json").write_text(json.dumps(byte_tokenizer()))
        (self.folder / "tokenizer.json").symlink_to("home/tokenizer.json")
        self.succeed("infer", "-m", path, "--prompt", "a")
        path = path.rename(home / "m.cellm")
        (self.folder / "tokenizer.json").unlink()
        (home / "tokenizer.json").rename(self.folder / "tokenizer.json")
        (home / "tokenizer.json").symlink_to("../tokenizer.json")
        self.fail_with(3, "a symbolic link out of", "infer", "-m", path, "--prompt", "a")
        self.succeed("infer", "-m", path, "--prompt", "a", "--follow-links")
        self.succeed("infer", "-m", path, "--prompt", "a", "--tokenizer", home / "tokenizer.json")


class BadWeights(CommandTest):
    def spoiled(self, **values):
        """qwen3_untied_f32 with elements replaced: name="0=nan 7=inf"."""
        model = self.copy_model("qwen3_untied_f32")
        header, data = read_safetensors(model / "model.safetensors")
        for name, changes in values.items():
            begin = header[f"model.layers.{name.replace('__', '.')}.weight"]["data_offsets"][0]
            for change in changes.split():
                at, value = change.split("=")
                struct.pack_into("<f", data, begin + 4 * int(at), float(value))
        write_safetensors(model / "model.safetensors", header, data)
        return model

    def test_all_tensors_are_named(self):
        model = self.spoiled(**{"0__mlp__up_proj": "0=nan 1=inf 200=-inf", "1__input_layernorm": "3=65505",
                                "1__self_attn__o_proj": "5=100000"})  # fmt: skip
        flags = ["convert", "-i", model, "-o", self.folder / "o.cellm", "-q"]
        message = self.fail_with(3, "3 tensors have values", *flags, "--format", "f16")
        for part in ("0.mlp.up_proj.weight (3 values in 2 rows, the first nan at row 0, column 0; f16 holds up to 65504)",
                     "1.input_layernorm.weight (1 value in 1 row, the first 65505 at row 0, column 3",
                     "1.self_attn.o_proj.weight (1 value in 1 row, the first 100000", "--allow-nonfinite"):  # fmt: skip
            self.assertIn(part, message)
        # int8 can represent 100000, since its scale is an f16.
        self.assertNotIn("o_proj", self.fail_with(3, "2 tensors have values", *flags, "--format", "int8"))
        self.assertEqual(message, self.fail_with(3, "", *flags, "--format", "f16", "--threads", "1"))
        self.assertEqual([path.name for path in self.folder.iterdir()], ["model"])
        self.fail_with(2, "--validate-gguf", *flags, "--allow-nonfinite", "--validate-gguf")

    def test_allowed(self):
        model = self.spoiled(**{"0__mlp__up_proj": "0=nan 1=inf 200=-inf", "1__input_layernorm": "3=65505"})
        path = self.folder / "o.cellm"
        out = self.succeed("convert", "-i", model, "-o", path, "--format", "f16", "--allow-nonfinite")
        self.assertIn(b"note: replaced: 2 tensors have values", out.stderr)
        self.succeed("verify", path)
        data = path.read_bytes()
        tensors = {t["name"]: t for t in parse_cellm_header(data)["tensors"]}
        read = lambda name, at: struct.unpack_from("<e", data, tensors[name]["offset_bytes"] + 2 * at)[0]
        up = "model.layers.0.mlp.up_proj.weight"
        self.assertEqual([read(up, at) for at in (0, 1, 200)], [0.0, 65504.0, -65504.0])
        self.assertEqual(read("model.layers.1.input_layernorm.weight", 3), 65504.0)
        for name in ("int8", "int4-g32", "q1", "fp8"):
            self.succeed("convert", "-i", model, "-o", path, "--format", name, "--allow-nonfinite", "-q")
            self.succeed("verify", path)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""What people put in: convert and infer accept the same, LoRA, inputs that are no model and what is said of them."""

import json
import shutil
import struct
import unittest

from harness import MODELS, ROOT, CommandTest, cellm_header, largest_difference, read_npy, read_safetensors, write_safetensors

TOKENS = [3, 1, 4, 1, 5, 9]
QUANTIZED = ROOT / "testdata" / "quantized"


def tensors_of(path):
    header, data = read_safetensors(path)
    header.pop("__metadata__", None)
    return {n: (e["dtype"], e["shape"], bytes(data[slice(*e["data_offsets"])])) for n, e in header.items()}


def write_tensors(path, tensors):
    header, data = {}, b""
    for name, (dtype, shape, payload) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(payload)]}
        data += payload
    write_safetensors(path, header, data)


def floats(*values):
    return struct.pack(f"<{len(values)}f", *values)


class Inputs(CommandTest):
    def setUp(self):
        super().setUp()
        self.model = self.copy_model("llama")
        self.weights = self.model / "model.safetensors"
        self.tensors = tensors_of(self.weights)

    def write(self, **more):
        write_tensors(self.weights, self.tensors | more)

    def accepted(self, note):
        """infer and convert take the folder, with the same logits and a note."""
        done = self.succeed("infer", "-m", self.model, "--tokens", "1,2", "-n", "2")
        self.assertIn(note, done.stderr.decode())
        file = self.folder / "m.cellm"
        done = self.succeed("convert", "-i", self.model, "-o", file, "--format", "f16")
        self.assertIn(note, done.stderr.decode())
        want, got = (read_npy(self.logits(path, TOKENS, "--activations", "f32")) for path in (self.model, file))
        self.assertLess(largest_difference(want, got), 0.02)

    def refused(self, code, part):
        for command in (["infer", "-m", self.model, "--tokens", "1"], ["convert", "-i", self.model, "-o", self.folder / "m.cellm"],
                        ["convert", "-i", self.model, "--dry-run"]):  # fmt: skip
            self.fail_with(code, part, *command)

    def test_unused_tensors(self):
        self.write(**{"model.layers.0.self_attn.masked_bias": ("I64", [1], bytes(8)), "extra": ("BOOL", [2], b"\0\1")})
        self.accepted("2 tensors are not used: extra, model.layers.0.self_attn.masked_bias")
        self.write(**{"score.weight": ("F32", [1, 96], floats(*range(96)))})
        self.refused(4, "score.weight is the head of another task")
        self.write(**{"model.layers.0.self_attn.q_proj.bias": ("F32", [96], floats(*range(96)))})
        self.refused(4, "q_proj.bias is a bias that models of type llama do not have")

    def test_empty_tensors(self):
        self.write(**{"unused": ("F16", [0], b"")})
        self.succeed("infer", "-m", self.model, "--tokens", "1", "-n", "1")
        self.write(**{"model.layers.1.mlp.up_proj.weight": ("BF16", [0], b"")})
        self.refused(3, "model.layers.1.mlp.up_proj.weight is empty (saved by ZeRO-3 without gathering)")

    def test_prefixes(self):
        write_tensors(self.weights, {f"_orig_mod.{name}": tensor for name, tensor in self.tensors.items()})
        self.accepted("_orig_mod")

    def test_incomplete_downloads(self):
        names = sorted(self.tensors)
        write_tensors(self.model / "model-00001-of-00002.safetensors", {n: self.tensors[n] for n in names[:9]})
        self.weights.unlink()
        self.refused(3, "the download is not complete: model-00002-of-00002.safetensors is missing")
        (self.model / "model-00001-of-00002.safetensors").unlink()
        (self.model / "model.safetensors.incomplete").write_bytes(b"")
        self.refused(3, "the download is not complete: model.safetensors is missing")

    def test_what_is_no_model(self):
        for content, code, part in (
            (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", 3, "is a Git LFS pointer, not the file; run git lfs pull"),
            (b"<!DOCTYPE html><html><title>401</title></html>", 3, "is a web page"),
            (b"PK\3\4" + b"archive/data.pkl" + bytes(99), 4, "is a PyTorch file"),
        ):
            self.weights.write_bytes(content)
            self.refused(code, part)
            self.fail_with(code, part, "inspect", self.model)
            other = self.folder / "model.gguf"
            other.write_bytes(content)
            self.fail_with(code, part, "infer", "-m", other, "--tokens", "1")
        self.weights.unlink()
        (self.model / "pytorch_model.bin").write_bytes(b"")
        self.refused(4, "PyTorch .bin files; cellm reads safetensors")

    def test_quantized_folders_are_converted(self):
        for name in ("gptq_4bit_act_order_v2", "awq", "ct_int4_zeros", "bnb_nf4"):
            self.fail_with(3, "", "inspect", QUANTIZED / name)  # one weight alone is no model
        # The embedding as int8 with a scale per row; its values are those of bf16 weights.
        dtype, (rows, cols), payload = self.tensors["model.embed_tokens.weight"]
        self.assertEqual(dtype, "BF16")
        codes = bytes((i * 37 + 11) % 256 for i in range(rows * cols))
        scales = [0x3C00 + row % 100 for row in range(rows)]  # about 0.008, as bf16
        decode = lambda bits: struct.unpack("<f", struct.pack("<I", bits << 16))[0]

        def bf16(value):
            (bits,) = struct.unpack("<I", struct.pack("<f", value))
            return (bits + 0x7FFF + (bits >> 16 & 1)) >> 16

        plain = b"".join(struct.pack("<H", bf16(decode(scales[i // cols]) * (code - 256 if code > 127 else code)))
                         for i, code in enumerate(codes))  # fmt: skip
        self.write(**{"model.embed_tokens.weight": ("BF16", [rows, cols], plain)})
        want = read_npy(self.logits(self.model, TOKENS, "--activations", "f32"))
        self.write(**{"model.embed_tokens.weight": ("I8", [rows, cols], codes),
                      "model.embed_tokens.weight_scale": ("BF16", [rows, 1], struct.pack(f"<{rows}H", *scales))})  # fmt: skip
        self.edit_config(self.model, quantization_config={"quant_method": "compressed-tensors", "format": "int-quantized"})
        got = read_npy(self.logits(self.model, TOKENS, "--activations", "f32"))
        self.assertLess(largest_difference(want, got), 1e-4)
        self.accepted("")
        listed = json.loads(self.succeed("inspect", self.model, "--json").stdout)["tensors"]
        self.assertIn("INT8-scaled", {t["dtype"] for t in listed})
        self.edit_config(self.model, quantization_config={"quant_method": "hqq"})
        self.refused(4, 'quant_method "hqq" is not supported; cellm reads MLX, GPTQ')

    def adapter(self, name, scale, rank=2):
        folder = self.folder / name
        folder.mkdir()
        (folder / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "r": rank, "lora_alpha": 4,
                                                                "base_model_name_or_path": "org/base"}))  # fmt: skip
        module = "base_model.model.model.layers.1.self_attn.o_proj"
        value = lambda i: scale * ((i * 29 + 7) % 41 - 20) / 20
        write_tensors(folder / "adapter_model.safetensors", {
            f"{module}.lora_A.weight": ("F32", [rank, 96], floats(*(value(i) for i in range(96 * rank)))),
            f"{module}.lora_B.weight": ("F32", [96, rank], floats(*(value(i + 5) for i in range(96 * rank)))),
        })  # fmt: skip
        return folder

    def test_lora(self):
        first, second = self.adapter("first", 0.2), self.adapter("second", 0.3)
        file = self.convert(self.model, "--format", "f16", "--lora", first, "--lora", f"{second}:0.5", name="lora.cellm")
        labels = cellm_header(file)["lora"]
        self.assertEqual([(label["name"], label["scale"]) for label in labels], [("first", 1.0), ("second", 0.5)])
        self.assertNotEqual(labels[0]["xxh3"], labels[1]["xxh3"])
        # The same weights, computed here.
        name = "model.layers.1.self_attn.o_proj.weight"
        dtype, shape, payload = self.tensors[name]
        self.assertEqual((dtype, shape), ("BF16", [96, 96]))
        values = [struct.unpack("<f", struct.pack("<I", bits << 16))[0] for (bits,) in struct.iter_unpack("<H", payload)]
        for folder, scale in ((first, 4 / 2), (second, 0.5 * 4 / 2)):
            parts = tensors_of(folder / "adapter_model.safetensors")
            a, b = (struct.unpack("<192f", parts[f"base_model.model.model.layers.1.self_attn.o_proj.lora_{x}.weight"][2]) for x in "AB")
            for r in range(96):
                for c in range(96):
                    values[r * 96 + c] += scale * (b[2 * r] * a[c] + b[2 * r + 1] * a[96 + c])
        self.write(**{name: ("F32", shape, floats(*values))})
        plain = self.convert(self.model, "--format", "f16", name="plain.cellm")
        want, got, base = (read_npy(self.logits(p, TOKENS, "--activations", "f32")) for p in (plain, file, MODELS / "llama"))
        self.assertLess(largest_difference(want, got), 0.01)
        self.assertGreater(largest_difference(want, base), 0.1)

    def test_adapters_alone(self):
        adapter = self.adapter("only", 0.1)
        self.fail_with(4, "is a LoRA adapter of org/base, not a model; convert the base model with --lora", "infer", "-m", adapter, "--tokens", "1")
        self.assertIn("lora_A", self.succeed("inspect", adapter).stdout.decode())
        shutil.copy(self.model / "config.json", adapter / "config.json")
        self.fail_with(4, "is a LoRA adapter of org/base, not a model", "infer", "-m", adapter, "--tokens", "1")
        other = self.copy_model("qwen3")
        self.fail_with(3, "has shape", "convert", "-i", other, "-o", self.folder / "o.cellm", "--lora", adapter)
        self.fail_with(3, "no such adapter", "convert", "-i", self.model, "-o", self.folder / "o.cellm", "--lora", "gone")
        self.fail_with(2, "expected ADAPTER or ADAPTER:SCALE", "convert", "-i", self.model, "-o", self.folder / "o.cellm",
                       "--lora", f"{adapter}:much")  # fmt: skip

    def test_inspect_lists_what_cannot_be_run(self):
        self.edit_config(self.model, model_type="mamba")
        done = self.succeed("inspect", self.model, "--json")
        listed = json.loads(done.stdout)
        self.assertEqual({t["name"] for t in listed["tensors"]}, set(self.tensors))
        self.assertIn('model_type "mamba" is not supported', listed["cannot_run"])
        done = self.succeed("inspect", self.weights)
        self.assertIn("model.embed_tokens.weight", done.stdout.decode())
        self.assertIn("give the folder that holds it", done.stderr.decode())


if __name__ == "__main__":
    unittest.main()

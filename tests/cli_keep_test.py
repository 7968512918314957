#!/usr/bin/env python3
"""convert --format keep: tensors as their source stores them."""

import json
import unittest

from harness import MODELS, ROOT, CommandTest, cellm_header

GGUF = ROOT / "testdata" / "gguf"
DTYPES = {"F32": "f32", "F16": "f16", "BF16": "bf16"}  # of safetensors
TOKENS = [3, 1, 4, 1, 5, 9]


class Keep(CommandTest):
    def keep(self, source, *flags, name="kept.cellm"):
        return self.convert(source, "--format", "keep", *flags, name=name)

    def dtypes(self, path):
        return {entry["name"]: entry["dtype"] for entry in cellm_header(path)["tensors"]}

    def same_logits(self, a, b):
        for activations in ("f32", "int8"):
            flags = ["--activations", activations]
            want = self.logits(a, TOKENS, *flags).read_bytes()
            self.assertEqual(want, self.logits(b, TOKENS, *flags).read_bytes(), activations)

    def test_a_gguf_keeps_its_types(self):
        source = GGUF / "typed.gguf"
        kept = self.keep(source)
        self.same_logits(source, kept)
        self.succeed("verify", kept)
        listed = json.loads(self.succeed("inspect", source, "--json").stdout)["tensors"]
        self.assertEqual(self.dtypes(kept), {t["name"]: t["dtype"].lower() for t in listed})
        self.assertLess(kept.stat().st_size, source.stat().st_size + 8192)

    def test_a_folder_keeps_its_types(self):
        for name in ("qwen3_untied_f16", "qwen3_untied_f32", "llama"):
            kept = self.keep(MODELS / name)
            self.same_logits(MODELS / name, kept)
            listed = json.loads(self.succeed("inspect", MODELS / name, "--json").stdout)["tensors"]
            self.assertEqual(self.dtypes(kept), {t["name"]: DTYPES[t["dtype"]] for t in listed})

    def test_the_plan_is_what_is_written(self):
        source = GGUF / "typed.gguf"
        plan = json.loads(self.succeed("convert", "-i", source, "--format", "keep", "--dry-run", "--json").stdout)
        kept = self.keep(source)
        self.assertEqual(plan["file_bytes"], kept.stat().st_size)
        entries = {entry["name"]: entry for entry in cellm_header(kept)["tensors"]}
        for tensor in plan["tensors"]:
            entry = entries[tensor["name"]]
            self.assertEqual((tensor["format"], tensor["bytes"]), (entry["dtype"], entry["nbytes"]))
        shown = json.loads(self.succeed("inspect", kept, "--json").stdout)
        self.assertEqual({t["name"]: t["format"] for t in shown["tensors"]}, self.dtypes(kept))

    def test_a_cellm_file_keeps_its_codes(self):
        for flags in (["--format", "int4-g32"], ["--format", "t2", "--packed"], ["--format", "int4", "--packed"]):
            first = self.convert(MODELS / "qwen3", *flags, name="first.cellm")
            kept = self.keep(first)
            sums = [cellm_header(path)["checksums"]["tensors"] for path in (first, kept)]
            self.assertEqual(*sums)
            self.same_logits(first, kept)

    def test_formats_that_are_given_go_before(self):
        source = GGUF / "typed.gguf"
        kept = self.keep(source, "--embedding", "int8", "--tensor", "down_proj=int4-g32")
        old, new = self.dtypes(self.keep(source, name="all.cellm")), self.dtypes(kept)
        changed = {name for name in old if new[name] != old[name]}
        self.assertEqual(changed, {"model.embed_tokens.weight", "model.layers.0.mlp.down_proj.weight"})
        other = self.dtypes(self.convert(source, "--format", "int8", "--tensor", "up_proj=keep"))
        self.assertEqual(other["model.layers.0.mlp.up_proj.weight"], "f16")
        self.assertEqual(other["model.layers.0.mlp.gate_proj.weight"], "i8")

    def test_what_does_not_go_together(self):
        base = ["convert", "-i", GGUF / "typed.gguf", "-o", self.folder / "m.cellm", "-q", "--format", "keep"]
        self.fail_with(2, "--calibrate chooses codes, and --format keep", *base, "--calibrate", "default")
        self.fail_with(2, "not several", *base, "--target-bpw", "3")
        self.fail_with(2, "--scale chooses scales, and --format keep", *base, "--scale", "mse")
        self.fail_with(2, "--tune-tokens goes with", *base, "--tune-tokens", "1024")
        self.fail_with(2, 'format "kept" is unknown', *base, "--embedding", "kept")
        mlx = ["convert", "-i", MODELS / "qwen3_mlx_4bit", "-o", self.folder / "m.cellm", "-q", "--format", "keep"]
        self.fail_with(4, "is MLX-4bit, which a .cellm file cannot keep", *mlx)
        self.assertFalse((self.folder / "m.cellm").exists())


if __name__ == "__main__":
    unittest.main()

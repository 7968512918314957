#!/usr/bin/env python3
"""convert to a GGUF file and to a Hugging Face folder."""

import json
import unittest

from harness import MODELS, ROOT, CommandTest

TINY = ROOT / "models" / "cellm-tiny"
GGUF = ROOT / "testdata" / "gguf"


class Outputs(CommandTest):
    def types(self, path):
        listed = json.loads(self.succeed("inspect", path, "--json").stdout)["tensors"]
        return {tensor["name"]: tensor["dtype"] for tensor in listed}

    def greedy(self, model):
        flags = ["--prompt", "The capital of France is", "--gen", "12", "--temperature", "0", "--activations", "f32"]
        return self.succeed("infer", "--model", model, *flags).stdout

    def test_every_container_gives_the_same_text(self):
        gguf = self.convert(TINY, "--format", "bf16", name="tiny.gguf")
        cellm = self.convert(gguf, "--format", "keep", name="tiny.cellm")
        folder = self.folder / "tiny"
        self.succeed("convert", cellm, "--to-safetensors", folder)
        again = self.convert(folder, "--format", "bf16", name="again.gguf")
        want = self.greedy(TINY)
        self.assertIn(b"Paris", want)
        for path in (gguf, cellm, folder, again):
            self.assertEqual(self.greedy(path), want, path)
        self.assertEqual(
            sorted(path.name for path in folder.iterdir()),
            ["chat_template.jinja", "config.json", "generation_config.json", "model.safetensors", "tokenizer.json",
             "tokenizer_config.json"],
        )
        self.assertEqual(json.loads((folder / "config.json").read_text())["torch_dtype"], "bfloat16")

    def test_a_mixture_has_its_types(self):
        path = self.convert(TINY, "--format", "q4_k_s", "--embedding", "q8_0", name="tiny.gguf")
        types = self.types(path)
        self.assertEqual(types["model.embed_tokens.weight"], "Q8_0")
        self.assertEqual(types["model.layers.0.mlp.down_proj.weight"], "Q5_K")
        self.assertEqual(types["model.layers.7.mlp.down_proj.weight"], "Q4_K")
        self.assertEqual(types["model.layers.0.input_layernorm.weight"], "F32")
        self.assertIn(b"Paris", self.greedy(path))

    def test_the_default_is_a_mixture(self):
        plan = json.loads(self.succeed("convert", TINY, "x.gguf", "--dry-run", "--json").stdout)
        formats = {tensor["name"]: tensor["format"] for tensor in plan["tensors"]}
        self.assertEqual(formats["model.embed_tokens.weight"], "q6_k")
        self.assertEqual(formats["model.layers.1.mlp.gate_proj.weight"], "q4_k")

    def test_kept_types_go_back(self):
        kept = self.convert(GGUF / "typed.gguf", "--format", "keep", name="typed.cellm")
        again = self.convert(kept, "--format", "keep", name="typed.gguf")
        self.assertEqual(self.types(again), self.types(GGUF / "typed.gguf"))

    def test_a_gguf_file_of_every_family_goes_back(self):
        for name in ("llama", "qwen2", "qwen3", "qwen35"):
            with self.subTest(name):
                again = self.convert(GGUF / f"{name}.gguf", "--format", "keep", name=f"{name}.gguf")
                self.assertEqual(self.types(again), self.types(GGUF / f"{name}.gguf"))

    def test_what_a_container_does_not_hold(self):
        source = MODELS / "qwen3"
        output = self.folder / "m.gguf"
        for flags in (["--format", "int4-g32"], ["--format", "t2"], ["--quantize-int8-symmetric"]):
            self.fail_with(2, "which a GGUF file does not hold", "convert", source, output, *flags)
        self.fail_with(2, "a folder holds f16 and bf16", "convert", source, "--to-safetensors", self.folder / "f",
                       "--format", "int8")
        self.fail_with(2, "of .cellm files only", "convert", source, output, "--packed", "--format", "f16")
        self.fail_with(2, "--to-safetensors is an output", "convert", source, output, "--to-safetensors", "f")
        self.assertFalse(output.exists())

    def test_a_folder_with_files_stays(self):
        target = self.folder / "there"
        target.mkdir()
        (target / "note").write_text("mine")
        self.fail_with(2, "exists already", "convert", MODELS / "qwen3", "--to-safetensors", target)
        self.assertEqual([path.name for path in self.folder.iterdir() if path.name != "there"], [])


if __name__ == "__main__":
    unittest.main()

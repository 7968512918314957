#!/usr/bin/env python3
"""Results against references: golden manifests, logits, greedy continuations, GGUF files, sizes."""

import importlib.util
import json
import sys
import unittest

from harness import MODELS, ROOT, CommandTest, ids, largest_difference, read_json, read_npy

MODES = {
    "f16": (),
    "i8": ("--quantize-int8-symmetric",),
    "i4": ("--quantize-int4-symmetric",),
    "i2": ("--quantize-int2-symmetric",),
    "q1": ("--quantize-int1-symmetric",),
}
NAMES = sorted(path.parent.name for path in MODELS.glob("*/config.json"))


def bound(name):
    return 0.03 if name == "qwen3_5_text" else 0.003


class Golden(CommandTest):
    def test_payloads_and_logits(self):
        compare = load_tool("compare_cellm")
        manifests = sorted(MODELS.glob("*/golden/*.json"))
        self.assertEqual(len(manifests), 17)
        for manifest in manifests:
            name = manifest.parent.parent.name
            with self.subTest(model=name, mode=manifest.stem):
                path = self.convert(MODELS / name, "--dtype", "f16", *MODES[manifest.stem])
                data, start, header = compare.read_cellm(path)
                wanted = read_json(manifest)["tensors"]
                self.assertEqual(list(compare.tensor_faults(data, header["tensors"], wanted)), [])
                blobs = header["tensors"] + header["blobs"]
                self.assertEqual(list(compare.placement_faults(header["tensors"], start, max(
                    t["offset_bytes"] + t["nbytes"] for t in header["tensors"]))), [])
                self.assertEqual(max(b["offset_bytes"] + b["nbytes"] for b in blobs), len(data))
                tokens = read_json(MODELS / name / "expected.json")["tokens"]
                want = read_npy(manifest.parent / f"{manifest.stem}.last8_logits.npy")
                self.assertLess(largest_difference(read_npy(self.logits(path, tokens, "--last", 8)), want), bound(name))

    def test_the_originals_files(self):
        for path in sorted(MODELS.glob("*/golden/*.cellm")):
            name = path.parent.parent.name
            with self.subTest(file=str(path)):
                tokens = read_json(MODELS / name / "expected.json")["tokens"]
                want = read_npy(path.parent / f"{path.stem}.last8_logits.npy")
                self.assertLess(largest_difference(read_npy(self.logits(path, tokens, "--last", 8)), want), bound(name))


class Logits(CommandTest):
    def test_every_model(self):
        for name in NAMES:
            expected = read_json(MODELS / name / "expected.json")
            want = read_npy(MODELS / name / "expected_logits.npy")
            # f16 weights differ from the original ones, so results are compared with the golden logits only.
            for source in (MODELS / name, self.convert(MODELS / name, "--format", "f16")):
                with self.subTest(source=str(source)):
                    first = self.logits(source, expected["tokens"])
                    whole = first.read_bytes()
                    if source == MODELS / name:
                        self.assertLess(largest_difference(read_npy(first), want), bound(name))
                    for flags in (["--chunk", 1], ["--chunk", 7], ["--chunk", 64], ["-t", 1], ["-t", 2], ["-t", 3]):
                        self.assertEqual(self.logits(source, expected["tokens"], *flags).read_bytes(), whole, flags)

    def test_last_is_the_end_of_all(self):
        tokens = read_json(MODELS / "qwen3" / "expected.json")["tokens"]
        all_rows = read_npy(self.logits(MODELS / "qwen3", tokens))
        for chunk in (1, 7, 100):
            last = read_npy(self.logits(MODELS / "qwen3", tokens, "--last", 5, "--chunk", chunk))
            self.assertEqual(last, all_rows[-5:])
        self.assertEqual(read_npy(self.logits(MODELS / "qwen3", tokens, "--last", 10**6)), all_rows)

    def test_every_format_is_deterministic(self):
        for name in ("qwen3", "qwen3_5_text_ragged", "llama"):
            tokens = read_json(MODELS / name / "expected.json")["tokens"][:20]
            for form in ("int8", "int4-g32", "int4", "int2", "q1", "fp8"):
                path = self.convert(MODELS / name, "--format", form, "--embedding", form)
                for flags in (["--chunk", 3], ["-t", 3]):
                    whole = self.logits(path, tokens).read_bytes()
                    self.assertEqual(self.logits(path, tokens, *flags).read_bytes(), whole, (name, form, flags))

    def test_packed_files_give_the_same_results(self):
        for name in ("qwen3_5_text", "qwen3", "llama"):
            tokens = read_json(MODELS / name / "expected.json")["tokens"][:20]
            for form in ("int8", "int4-g32", "int4", "int2", "q1"):
                rows = self.convert(MODELS / name, "--format", form, name="rows.cellm")
                packed = self.convert(MODELS / name, "--format", form, "--packed", name="packed.cellm")
                for activations in ("int8", "f32"):
                    flags = ("--activations", activations)
                    with self.subTest(model=name, format=form, activations=activations):
                        want = self.logits(rows, tokens, *flags).read_bytes()
                        self.assertEqual(self.logits(packed, tokens, *flags).read_bytes(), want)
                # A file that the engine reads is also converted, with equal values.
                again = self.convert(packed, "--format", "f16", name="again.cellm")
                direct = self.convert(rows, "--format", "f16", name="direct.cellm")
                self.assertEqual(again.read_bytes(), direct.read_bytes())
                self.succeed("verify", packed)

    def test_greedy(self):
        for name in NAMES:
            expected = read_json(MODELS / name / "expected.json")
            prompt = expected["greedy_prompt"]
            if isinstance(prompt, int):
                prompt = expected["tokens"][:prompt]
            for encoding in ("f32", "f16"):
                with self.subTest(model=name, encoding=encoding):
                    result = self.succeed("infer", "-m", MODELS / name, "--tokens", ids(prompt),
                                          "--gen", 24, "--temperature", 0, "--stop-eos", "false", "--json",
                                          "--kv-encoding", encoding)  # fmt: skip
                    self.assertEqual(json.loads(result.stdout)["ids"], expected["greedy_continuation"])

    def test_gguf(self):
        # The fixture of qwen3 has one layer (tools/make_gguf_fixtures.py).
        for gguf, folder, layers in (("llama", "llama", 3), ("qwen3", "qwen3", 1), ("qwen35", "qwen3_5_text", 8)):
            source = ROOT / "testdata" / "gguf" / f"{gguf}.gguf"
            with self.subTest(gguf=gguf):
                tokens = [1, 5, 9, 77, 33, 2]
                direct = read_npy(self.logits(source, tokens))
                folded = read_npy(self.logits(MODELS / folder, tokens, "--max-layers", layers))
                self.assertLess(largest_difference(direct, folded), 1e-4)
                path = self.convert(source, "--format", "f16")
                self.assertLess(largest_difference(read_npy(self.logits(path, tokens)), direct), 0.03)
                self.succeed("convert", "-i", source, "-o", path, "-q", "--validate-gguf")


def load_tool(name):
    sys.path.insert(0, str(ROOT / "tools"))
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    unittest.main()

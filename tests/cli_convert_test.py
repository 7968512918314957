#!/usr/bin/env python3
"""The convert command: atomic output, dry runs, and the file sizes of the original study."""

import json
import re
import resource
import signal
import struct
import subprocess
import sys
import time
import types
import unittest

from harness import BIN, MODELS, ROOT, CommandTest, byte_tokenizer, cellm_header, read_json, run, with_fault

# File sizes of the original study's files, for the real models' shapes.
MIB = 1 << 20
QWEN35_SIZES = {
    ("--dtype", "f16"): 1_746_945_536,
    ("--quantize-int8-symmetric",): 1_439_144_192,
    ("--quantize-int4-symmetric",): 791_745_472,
    ("--quantize-int2-symmetric",): 876_946_112,
    ("--quantize-int1-symmetric",): 209_488_832,
}
QWEN3_SIZES = {
    ("--dtype", "f16"): 1_503_304_448,
    ("--quantize-int8-symmetric",): 753_057_664,
    ("--quantize-int4-symmetric",): 377_274_176,
    ("--quantize-int2-symmetric",): 733_313_024,
    ("--quantize-int1-symmetric",): 105_860_416,
}
RECIPE_MIB = {"int8": 866, "int4-g32": 830, "mixed-int4": 810, "int4-g128": 590, "test-i4": 582, "int4-aggressive": 360}
NEAR = 64 << 10


def random_model_tool():
    """Imports tools/make_random_model.py without numpy, which its lists of tensors do not need."""
    sys.path.insert(0, str(ROOT / "tools"))
    sys.modules.setdefault("numpy", types.ModuleType("numpy"))
    import make_random_model

    return make_random_model


def sparse_model(folder, config, shapes, wide):
    """A folder with a real model's shapes whose weight file is sparse and takes no disk space."""
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name, shape in sorted(shapes):
        dtype, size = ("F32", 4) if name.endswith(wide) else ("BF16", 2)
        for dimension in shape:
            size *= dimension
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    with open(folder / "model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + offset)
    return folder


class Sizes(CommandTest):
    def planned(self, model, *flags):
        result = self.succeed("convert", "-i", model, "--dry-run", "--json", *flags)
        return json.loads(result.stdout)["file_bytes"]

    def test_qwen3_5(self):
        tool = random_model_tool()
        config = tool.QWEN3_5_CONFIG
        wide = ("linear_attn.A_log", "linear_attn.norm.weight")
        model = sparse_model(self.folder / "qwen3.5", config, tool.qwen3_5_tensors(config), wide)
        for flags, size in QWEN35_SIZES.items():
            self.assertLess(abs(self.planned(model, *flags) - size), NEAR, flags)

    def test_qwen3(self):
        tool = random_model_tool()
        config = tool.QWEN3_CONFIG
        model = sparse_model(self.folder / "qwen3", config, tool.qwen3_tensors(config), ("-",))
        for flags, size in QWEN3_SIZES.items():
            self.assertLess(abs(self.planned(model, *flags) - size), NEAR, flags)
        for recipe, mib in RECIPE_MIB.items():  # published in whole MiB
            self.assertLess(abs(self.planned(model, "--recipe", recipe) - mib * MIB), MIB // 2 + NEAR, recipe)

    def test_the_plan_is_what_is_written(self):
        for flags in (["--format", "int4-g32"], ["--dtype", "f16"], ["--format", "q1", "--tensor", "mlp=int8"]):
            planned = self.planned(MODELS / "qwen3", *flags)
            self.assertEqual(self.convert(MODELS / "qwen3", *flags).stat().st_size, planned)


class WholeOrNothing(CommandTest):
    def names(self):
        return sorted(path.name for path in self.folder.iterdir())

    def big_model(self):
        """256 MiB of zeros in a sparse file; takes a while to convert."""
        config = read_json(MODELS / "qwen3" / "config.json")
        tool = random_model_tool()
        config.update(vocab_size=1 << 20)
        shapes = [(n, s) for n, s in tool.qwen3_tensors(config) if n != "lm_head.weight"]
        return sparse_model(self.folder / "big", config, shapes, ("-",))

    def test_default_format(self):
        named, default = self.folder / "named.cellm", self.folder / "default.cellm"
        self.succeed("convert", "-i", MODELS / "qwen3", "-o", named, "--format", "int4-g32")
        out = self.succeed("convert", MODELS / "qwen3", default)
        self.assertIn(b"int4-g32 is the default", out.stderr)
        self.assertEqual(named.read_bytes(), default.read_bytes())
        study = self.folder / "study.cellm"
        self.assertNotIn(b"default", self.succeed("convert", "-i", MODELS / "qwen3", "-o", study, "--dtype", "f16").stderr)
        self.assertEqual(cellm_header(study)["tensors"][0]["dtype"], "f16")

    def test_dry_run_writes_nothing(self):
        out = self.succeed("convert", "-i", MODELS / "qwen3", "-o", self.folder / "m.cellm", "--dry-run")
        self.assertIn(b"bits/w", out.stdout)
        self.assertRegex(out.stdout.decode(), r"file: \d+ bytes")
        self.assertEqual(self.names(), [])

    def test_quiet_is_quiet(self):
        flags = ["-i", MODELS / "qwen3", "-o", self.folder / "m.cellm"]
        out = self.succeed(BIN / "convert", *flags, "--quiet")
        self.assertEqual((out.stdout, out.stderr), (b"", b""))
        out = self.succeed(BIN / "convert", *flags)
        self.assertEqual(out.stdout, b"")
        self.assertNotIn(b"\r", out.stderr)  # no progress bar in a pipe

    def test_a_killed_run_leaves_the_old_file(self):
        model = self.big_model()
        target = self.folder / "m.cellm"
        target.write_bytes(b"old")
        process = subprocess.Popen([BIN / "convert", "-i", model, "-o", target, "--format", "int8"],
                                   stderr=subprocess.DEVNULL)  # fmt: skip
        temporary = self.folder / f"m.cellm.{process.pid}.tmp"
        for _ in range(1000):
            if temporary.exists() and temporary.stat().st_size > 0:
                break
            time.sleep(0.005)
        self.assertTrue(temporary.exists())
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.assertEqual(target.read_bytes(), b"old")
        self.assertEqual(self.names(), ["big", "m.cellm", temporary.name])
        self.convert(MODELS / "qwen3", "--dtype", "f16")
        self.assertEqual(self.names(), ["big", "m.cellm"])
        self.succeed("verify", target)

    def test_a_full_disk_leaves_the_old_file(self):
        target = self.folder / "m.cellm"
        target.write_bytes(b"old")
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        self.fail_with(5, "m.cellm: cannot write the file", "convert", "-i", MODELS / "qwen3",
                       "-o", target, "-q", preexec_fn=limit)  # fmt: skip
        self.assertEqual(target.read_bytes(), b"old")
        self.fail_with(5, "l.npy: cannot write", "logits", "-m", MODELS / "qwen3", "--tokens", "1," * 199 + "1",
                       "-o", self.folder / "l.npy", preexec_fn=limit)  # fmt: skip
        self.assertEqual(self.names(), ["m.cellm"])

    def test_little_memory_is_an_error(self):
        model = self.big_model()
        for megabytes in (40, 80, 120, 240):
            limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
            self.fail_with(5, "", "convert", "-i", model, "-o", self.folder / "m.cellm", "-q", "-t", 2,
                           preexec_fn=limit)  # fmt: skip
        self.assertEqual(self.names(), ["big"])

    def test_over_its_own_input(self):
        path = self.convert(MODELS / "qwen3", "--format", "f16")
        before = path.read_bytes()
        self.convert(path, "--format", "f16")
        self.succeed("verify", path)
        self.assertEqual(len(path.read_bytes()), len(before))

    def test_peak_memory_is_small(self):
        model = self.big_model()
        watch = ("import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True); "
                 "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")  # fmt: skip
        out = subprocess.run([sys.executable, "-c", watch, BIN / "convert", "-i", model, "-q", "-t", "2", "-o",
                              self.folder / "m.cellm", "--format", "int8"], capture_output=True, timeout=60)  # fmt: skip
        size = (model / "model.safetensors").stat().st_size
        self.assertLess(int(out.stdout) * 1024, size + 128 * MIB, out.stderr)


class Rounding(CommandTest):
    """--scale and --calibrate."""

    def setUp(self):
        super().setUp()
        self.model = self.copy_model("qwen3")
        (self.model / "tokenizer.json").write_text(json.dumps(byte_tokenizer()))
        self.edit_config(self.model, max_position_embeddings=4096)
        self.text = self.folder / "text.txt"
        self.text.write_bytes(bytes(range(32, 127)) * 12)

    def payloads(self, path):
        data, entries = path.read_bytes(), cellm_header(path)["tensors"]
        return {e["name"]: data[e["offset_bytes"] : e["offset_bytes"] + e["nbytes"]] for e in entries}

    def test_the_study_keeps_absmax_and_the_general_form_has_the_better(self):
        study = ("--quantize-int4-symmetric",)
        absmax = self.convert(self.model, *study, name="a.cellm")
        self.assertEqual(cellm_header(absmax)["quantizer"], {"scale": "absmax"})
        same = self.convert(self.model, *study, "--scale", "absmax", name="b.cellm")
        self.assertEqual(absmax.read_bytes(), same.read_bytes())
        better = self.convert(self.model, *study, "--scale", "mse", name="c.cellm")
        self.assertNotEqual(self.payloads(absmax), self.payloads(better))
        body = "model.layers.0.mlp.up_proj.weight"
        for form, chosen in (("int4-g32", "mse"), ("int4", "absmax"), ("int2", "mse")):
            codes = {}
            for scale in ("auto", "absmax", "mse"):
                flags = () if scale == "auto" else ("--scale", scale)
                path = self.convert(self.model, "--format", form, *flags, name="d.cellm")
                self.assertEqual(cellm_header(path)["quantizer"], {"scale": scale})
                codes[scale] = self.payloads(path)[body]
            self.assertNotEqual(codes["absmax"], codes["mse"], form)
            self.assertEqual(codes["auto"], codes[chosen], form)
        recipe = self.convert(self.model, "--recipe", "test-i4", name="e.cellm")
        self.assertEqual(self.payloads(recipe)[body], self.payloads(absmax)[body])
        self.assertNotIn("quantizer", cellm_header(self.convert(self.model, "--format", "f16", name="f.cellm")))

    def test_calibration_changes_codes_and_not_the_size(self):
        flags = ("--format", "int4-g32")
        plain = self.convert(self.model, *flags, name="a.cellm")
        data = self.convert(self.model, *flags, "--calibrate", self.text, "-t", 2, name="b.cellm")
        label = cellm_header(data)["quantizer"]
        self.assertEqual(label["scale"], "auto")
        self.assertEqual(label["calibration_tokens"], len(self.text.read_bytes()))
        self.assertRegex(label["calibration_text"], "^[0-9a-f]{16}$")
        a, b = self.payloads(plain), self.payloads(data)
        self.assertEqual({n: len(p) for n, p in a.items()}, {n: len(p) for n, p in b.items()})
        body = "model.layers.0.mlp.up_proj.weight"
        self.assertNotEqual(a[body], b[body])
        self.succeed("verify", data)
        self.succeed("infer", "-m", data, "--prompt", "abc", "--gen", 2, "--temperature", 0)
        one = self.convert(self.model, *flags, "--calibrate", self.text, "-t", 1, name="c.cellm")
        self.assertEqual(one.read_bytes(), data.read_bytes())
        planned = self.succeed("convert", "-i", self.model, *flags, "--calibrate", self.text, "--dry-run", "--json")
        self.assertEqual(json.loads(planned.stdout)["file_bytes"], data.stat().st_size)
        some = self.convert(self.model, *flags, "--calibrate", self.text, "--calibrate-tokens", 512, name="d.cellm")
        self.assertEqual(cellm_header(some)["quantizer"]["calibration_tokens"], 512)

    def test_feedback_off_only_weighs(self):
        flags = ("--format", "int4-g32", "--calibrate", self.text)
        on = self.convert(self.model, *flags, name="a.cellm")
        off = self.convert(self.model, *flags, "--feedback", "off", name="b.cellm")
        self.assertTrue(cellm_header(on)["quantizer"]["feedback"])
        self.assertNotIn("feedback", cellm_header(off)["quantizer"])
        body = "model.layers.0.mlp.up_proj.weight"
        self.assertNotEqual(self.payloads(on)[body], self.payloads(off)[body])
        packed = self.convert(self.model, *flags, "--packed", name="c.cellm")
        rows = self.succeed("logits", "-m", on, "--tokens", "5,6,7", "-o", self.folder / "a.npy")
        self.succeed("logits", "-m", packed, "--tokens", "5,6,7", "-o", self.folder / "c.npy")
        self.assertEqual(rows.stdout, b"")
        self.assertEqual((self.folder / "a.npy").read_bytes(), (self.folder / "c.npy").read_bytes())

    def test_targets_are_corrected_unless_they_are_plain(self):
        flags = ("--format", "t2", "--calibrate", self.text)
        corrected = self.convert(self.model, *flags, name="a.cellm")
        plain = self.convert(self.model, *flags, "--targets", "plain", name="b.cellm")
        self.assertEqual(cellm_header(corrected)["quantizer"]["targets"], "corrected")
        self.assertNotIn("targets", cellm_header(plain)["quantizer"])
        a, b = self.payloads(corrected), self.payloads(plain)
        self.assertEqual({n: len(p) for n, p in a.items()}, {n: len(p) for n, p in b.items()})
        body = "model.layers.1.mlp.down_proj.weight"
        self.assertNotEqual(a[body], b[body])
        again = ["convert", "-i", self.model, *flags, "-o", self.folder / "c.cellm"]
        said = self.succeed(*again).stderr.decode()
        self.assertRegex(said, r"targets of \d+ tensors corrected by [\d.]+ % on average, at most [\d.]+ % \(model\.")
        self.assertNotIn("targets of", self.succeed(*again, "--targets", "plain").stderr.decode())
        self.fail_with(2, "--targets corrected goes with error feedback", *again, "--feedback", "off",
                       "--targets", "corrected")  # fmt: skip
        self.fail_with(2, "--calibrate", "convert", "-i", self.model, "--format", "t2", "--targets", "plain",
                       "-o", self.folder / "d.cellm")  # fmt: skip
        # fp8 has no scale to choose, but a target to correct.
        fp8 = self.convert(self.model, "--format", "fp8", "--embedding", "fp8", "--calibrate", self.text, name="e.cellm")
        self.assertEqual(cellm_header(fp8)["quantizer"]["targets"], "corrected")
        self.fail_with(2, "has a scale to choose", "convert", "-i", self.model, "--format", "fp8", "--embedding", "fp8",
                       "--calibrate", self.text, "--targets", "plain", "-o", self.folder / "f.cellm")  # fmt: skip

    def test_a_number_of_bits_is_enough(self):
        path = self.folder / "t.cellm"
        command = ["convert", "-i", self.model, "--target-bpw", 6, "--calibrate", "default", "--calibrate-tokens", 2048,
                   "--tune-tokens", 3072]  # fmt: skip
        said = self.succeed(*command, "-o", path, "-t", 2).stderr.decode()
        self.assertRegex(said, r"formats for [\d.]+ bits per weight, by the cost of \d+ parts measured one by one")
        stages = r"\d+ (s|min) \(formats \d+ s, codes \d+ s, tuning \d+ s, comparing \d+ s\)"
        self.assertRegex(said, rf"(?m)^this takes about {stages}$")
        self.assertRegex(said, rf"(?m)^took {stages}$")
        bits = float(re.search(r"formats for ([\d.]+) bits", said).group(1))
        self.assertLessEqual(bits, 6.0)
        kld, top1 = re.search(r"KLD ([\d.]+) \([\d.]+ to [\d.]+\) from the source, the same first choice in ([\d.]+) % "
                              r"of \d+ predictions, on text it was not calibrated on", said).groups()  # fmt: skip
        self.assertRegex(said, r"tuned on \d+ tokens: KLD ([\d.]+) -> ([\d.]+) on held-out text|found no better scales")
        quality = cellm_header(path)["quality"]
        self.assertAlmostEqual(quality["kld_mean"], float(kld), places=3)
        self.assertAlmostEqual(100 * quality["top1"], float(top1), places=1)
        self.succeed("verify", path)
        self.succeed("infer", "-m", path, "--prompt", "abc", "--gen", 2, "--temperature", 0)
        self.assertEqual(sorted(p.name for p in self.folder.iterdir() if "partial" in p.name), [])
        # The plan equals the file, for any number of threads.
        planned = json.loads(self.succeed(*command, "--dry-run", "--json", "-t", 1).stdout)
        formats = {t["name"]: t["format"] for t in planned["tensors"]}
        tensors = cellm_header(path)["tensors"]
        for entry in tensors:
            if entry["name"] in formats:
                self.assertEqual(formats[entry["name"]].split("-")[0].replace("int", "i"),
                                 entry["dtype"].split("-")[0], entry["name"])  # fmt: skip
        # Tensors named on the command line keep their format.
        kept = self.succeed("convert", "-i", self.model, "--target-bpw", 6, "--embedding", "f16", "--tensor",
                            "v_proj=int8", "--dry-run", "--json", "-q").stdout  # fmt: skip
        formats = {t["name"]: t["format"] for t in json.loads(kept)["tensors"]}
        for name, form in formats.items():
            self.assertEqual(form == "f16", "embed" in name or "norm" in name, name)
            if "v_proj" in name:
                self.assertEqual(form, "int8", name)

    def test_recipes_that_are_numbers_of_bits(self):
        for name, bits in (("small", 3.25), ("tiny", 2.25)):
            base = ["convert", "-i", self.model, "--recipe", name, "-o", self.folder / "r.cellm", "--dry-run"]
            said = self.succeed(*base).stderr.decode()
            self.assertTrue(said.startswith(f"recipe {name}: {bits} bits per weight; "), said)
            self.assertLessEqual(float(re.search(r"formats for ([\d.]+) bits", said).group(1)), bits)
            self.fail_with(2, "give one of", *base, "--format", "t4")

    def test_calibrates_on_what_the_model_writes(self):
        flags = ("--format", "int4", "--calibrate-tokens", 2048)
        own = self.convert(self.model, *flags, "--calibrate", "self")
        quantizer = cellm_header(own)["quantizer"]
        self.assertTrue(quantizer["feedback"])
        # The text is not the built-in one, and is the same in each run.
        default = self.convert(self.model, *flags, "--calibrate", "default", name="default.cellm")
        self.assertNotEqual(quantizer["calibration_text"], cellm_header(default)["quantizer"]["calibration_text"])
        again = self.convert(self.model, *flags, "--calibrate", "self", "-t", 1, name="again.cellm")
        self.assertEqual(own.read_bytes(), again.read_bytes())
        self.fail_with(4, "chat", "convert", "-i", self.model, "-o", self.folder / "c.cellm", *flags, "--calibrate",
                       "chat")  # fmt: skip

    def test_tunes_any_calibrated_file(self):
        flags = ("--format", "t2", "--calibrate", "default", "--calibrate-tokens", 1024)
        plain = self.convert(self.model, *flags)
        tuned = self.convert(self.model, *flags, "--tune-tokens", 4096, name="tuned.cellm")
        self.assertNotIn("tuning", cellm_header(plain))
        tuning = cellm_header(tuned)["tuning"]
        self.assertLess(tuning["kld_after"], tuning["kld_before"])
        self.assertEqual([p for p in self.folder.glob("*partial*")], [])

    def test_bits_that_cannot_be(self):
        base = ["convert", "-i", self.model, "-o", self.folder / "t.cellm"]
        self.fail_with(2, "this model takes at least", *base, "--target-bpw", 0.6)
        self.fail_with(2, "--target-bpw", *base, "--target-bpw", 0.1)
        self.fail_with(2, "give one of", *base, "--target-bpw", 3, "--format", "t4")
        self.fail_with(2, "int4-aggressive, small, tiny", *base, "--recipe", "nothing")
        self.fail_with(2, "--recipe small is a --target-bpw", *base, "--target-bpw", 3, "--recipe", "small")
        self.fail_with(2, "--tune-tokens", *base, "--format", "t4", "--tune-tokens", 5000)
        self.fail_with(2, "--feedback off", *base, "--target-bpw", 6, "--calibrate", "default", "--feedback", "off")
        self.assertFalse((self.folder / "t.cellm").exists())

    def test_seeds_draw_other_windows(self):
        flags = ("--format", "int4", "--calibrate", "default", "--calibrate-tokens", 512)
        files = [self.convert(self.model, *flags, "--seed", seed, name=f"{name}.cellm")
                 for name, seed in (("a", 3), ("b", 3), ("c", 4), ("d", 5), ("e", 6))]  # fmt: skip
        self.assertEqual(files[0].read_bytes(), files[1].read_bytes())
        self.assertEqual(cellm_header(files[0])["quantizer"]["calibration_seed"], 3)
        body = "model.layers.0.mlp.up_proj.weight"
        self.assertGreater(len({self.payloads(path)[body] for path in files}), 1)

    def test_the_default_text(self):
        path = self.convert(self.model, "--format", "int4", "--calibrate", "default",
                            "--calibrate-tokens", 1024, name="a.cellm")  # fmt: skip
        self.assertEqual(cellm_header(path)["quantizer"]["calibration_tokens"], 1024)

    def test_notes_and_refusals_of_little_text(self):
        base = ["convert", "-i", self.model, "-o", self.folder / "m.cellm", "--format", "int4"]
        note = self.succeed(*base, "--calibrate", "default", "--calibrate-tokens", 2048).stderr.decode()
        self.assertNotIn("are few", note)
        self.assertNotIn("different tokens", note)
        wide = self.widened_model(768)
        wide_base = ["convert", "-i", wide, "-o", self.folder / "w.cellm", "--format", "int4"]
        self.fail_with(2, "512 tokens are too few for matrices of 768 columns", *wide_base, "-q",
                       "--calibrate", "default", "--calibrate-tokens", 512)  # fmt: skip
        self.assertFalse((self.folder / "w.cellm.partial").exists())
        note = self.succeed(*wide_base, "--calibrate", "default", "--calibrate-tokens", 1024).stderr.decode()
        self.assertIn("1024 tokens of calibration are few for matrices of 768 columns; 3072 or more", note)
        self.succeed(*wide_base, "-q", "--calibrate", "default", "--calibrate-tokens", 512, "--feedback", "off")
        one = self.folder / "one.txt"
        one.write_text("a" * 1024)
        note = self.succeed(*base, "--calibrate", one).stderr.decode()
        self.assertIn("one.txt has 1 different tokens", note)

    def widened_model(self, intermediate):
        """The model with feed-forward matrices of zeros of this width."""
        config = read_json(self.model / "config.json")
        config["intermediate_size"] = intermediate
        tool = random_model_tool()
        folder = sparse_model(self.folder / "wide", config, tool.qwen3_tensors(config), ("-",))
        (folder / "tokenizer.json").write_text(json.dumps(byte_tokenizer()))
        return folder

    def test_a_killed_calibration_goes_on(self):
        flags = ["-i", self.model, "--format", "int4-g32", "--calibrate", self.text, "-t", 2]
        want = self.convert(self.model, *flags[2:], name="want.cellm").read_bytes()
        target, state = self.folder / "m.cellm", self.folder / "m.cellm.partial"
        # Each tensor is five writes; the file comes after the last one.
        for fault, whole in (("kill:pwrite:14", 2), ("short:pwrite:38", 7), ("kill:rename:1", None)):
            killed = run("convert", *flags, "-o", target, env=with_fault(fault))
            self.assertEqual(killed.returncode, -signal.SIGKILL, fault)
            self.assertTrue(state.exists())
            self.assertFalse(target.exists())
            if whole is None:
                continue
            again = self.succeed("convert", *flags, "-o", target)
            self.assertIn(f"note: {whole} of ".encode(), again.stderr)
            self.assertEqual(target.read_bytes(), want)
            self.assertFalse(state.exists())
            target.unlink()
        again = self.succeed("convert", *flags, "-o", target)
        self.assertRegex(again.stderr.decode(), r"note: (\d+) of \1 quantized tensors are taken over from the previous run")
        self.assertEqual(target.read_bytes(), want)
        self.assertFalse(state.exists())

    def test_errors(self):
        target = self.folder / "m.cellm"
        base = ["convert", "-i", self.model, "-o", target, "-q", "--format", "int4"]
        short = self.folder / "short.txt"
        short.write_text("too short")
        self.fail_with(2, "short.txt: the text has 9 tokens, calibration needs at least 512",
                       *base, "--calibrate", short)  # fmt: skip
        self.fail_with(3, "missing.txt", *base, "--calibrate", self.folder / "missing.txt")
        bad = self.folder / "bad.txt"
        bad.write_bytes(b"abc\xff" * 300)
        self.fail_with(3, "bad.txt: byte 3 (0xff) is not valid UTF-8", *base, "--calibrate", bad)
        self.fail_with(2, "--scale absmax takes none", *base, "--scale", "absmax", "--calibrate", self.text)
        self.fail_with(2, "--scale", *base, "--scale", "best")
        self.fail_with(2, "--calibrate", *base, "--calibrate-tokens", 1024)
        f16 = ["convert", "-i", self.model, "-o", target, "-q", "--format", "f16"]
        self.fail_with(2, "none of these formats has a scale", *f16, "--calibrate", self.text)
        t2 = ["convert", "-i", self.model, "-o", target, "-q", "--format", "t2"]
        self.fail_with(2, "trellis codes use a text for error feedback only", *t2,
                       "--calibrate", self.text, "--feedback", "off")  # fmt: skip
        (self.model / "tokenizer.json").unlink()
        self.fail_with(3, "model: no tokenizer inside or beside this model", *base, "--calibrate", self.text)
        no_model = ["convert", "-i", self.text, "-o", target, "-q", "--format", "int4"]
        self.fail_with(3, "text.txt: is text, not weights", *no_model, "--calibrate", self.text)
        self.assertFalse(target.exists())


if __name__ == "__main__":
    unittest.main()

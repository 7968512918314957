#!/usr/bin/env python3
"""cellm on emulated processors without AVX and without AVX-512 must not execute their instructions.

Needs qemu-x86_64 (Debian: qemu-user), which refuses instructions that the emulated processor lacks.
"""

import os
import shutil
import subprocess
import sys
import unittest

from harness import BIN, MODELS, CommandTest, ids, read_json

QEMU = shutil.which("qemu-x86_64")
PROCESSORS = {"Nehalem": "scalar", "Haswell": "avx2"}
NAME = "qwen3_5_text"
TOKENS = ids(read_json(MODELS / NAME / "expected.json")["tokens"][:12])


def on(processor, *arguments, **environment):
    """Exit code and error messages; warnings of the emulator (features it cannot emulate) are removed."""
    result = subprocess.run([QEMU, "-cpu", processor, BIN / "cellm", *map(str, arguments)], capture_output=True, timeout=300,
                            text=True, stdin=subprocess.DEVNULL, env={**os.environ, **environment})
    lines = result.stderr.splitlines()
    return result.returncode, [line for line in lines if not line.startswith("qemu-x86_64: warning")]


def has(target):
    """Whether the real processor supports the target."""
    return subprocess.run([BIN / "cellm", "bench", "-m", MODELS / NAME, "-p", "1", "-n", "0", "-r", "1"],
                          capture_output=True, env={**os.environ, "CELLM_TARGET": target}).returncode == 0


class OldProcessors(CommandTest):
    def test_results_are_those_of_the_target(self):
        for form in ("f16", "int8", "int4-g32", "int2", "q1"):
            model = self.convert(MODELS / NAME, "--format", form, "--embedding", form, name=f"{form}.cellm")
            for processor, target in PROCESSORS.items():
                if not has(target):
                    continue
                with self.subTest(format=form, processor=processor):
                    flags = ("--tokens", TOKENS, "--activations", "int8", "-t", 2, "-o")
                    emulated, native = self.folder / "emulated.npy", self.folder / "native.npy"
                    self.assertEqual(on(processor, "logits", "-m", model, *flags, emulated), (0, []))
                    self.succeed("logits", "-m", model, *flags, native, env={**os.environ, "CELLM_TARGET": target})
                    self.assertEqual(emulated.read_bytes(), native.read_bytes())

    def test_a_target_that_is_not_there_is_refused(self):
        for processor, target in (("Nehalem", "avx2"), ("Haswell", "avx512vnni")):
            code, errors = on(processor, "bench", "-m", MODELS / NAME, CELLM_TARGET=target)
            self.assertEqual((code, len(errors)), (2, 1), errors)
            self.assertIn(f'CPU target "{target}" cannot run here', errors[0])


if __name__ == "__main__":
    if QEMU is None:
        print("qemu-x86_64 is not installed (Debian: qemu-user)")
        sys.exit(77)
    unittest.main()

"""The extension on emulated processors without AVX and without AVX-512: one wheel is for all."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import MODELS

import cellm

QEMU = shutil.which("qemu-x86_64")
MODEL = MODELS / "qwen3_5_text"
IDS = [5, 6, 7, 8, 9, 20]
PROGRAM = """
import sys
import numpy
import cellm
model = cellm.Model(sys.argv[1], threads=1)  # emulated threads that wait take the time of others
numpy.save(sys.argv[2], model.logits({ids}))
print(model.target)
"""


@pytest.mark.skipif(QEMU is None, reason="qemu-x86_64 is not installed (Debian: qemu-user)")
@pytest.mark.parametrize(("processor", "target"), [("Nehalem", "scalar"), ("Haswell", "avx2")])
def test_logits_are_those_of_the_target(tmp_path: Path, processor: str, target: str) -> None:
    assert QEMU is not None
    file = tmp_path / "logits.npy"
    result = subprocess.run(
        [QEMU, "-cpu", processor, sys.executable, "-c", PROGRAM.format(ids=IDS), MODEL, file],
        capture_output=True, text=True, timeout=300, env=dict(os.environ),
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert result.stdout == f"{target}\n"
    try:
        native = cellm.Model(MODEL, target=target)
    except cellm.UsageError:
        pytest.skip(f"this processor does not have {target}")
    assert np.array_equal(np.load(file), native.logits(IDS))

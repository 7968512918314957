"""mypy, ruff, and the stub of the extension, which has to be what nanobind writes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT


def run(*arguments: object) -> str:
    command = [sys.executable, "-m", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_stub(tmp_path: Path) -> None:
    run("nanobind.stubgen", "-q", "-m", "cellm._cellm", "-o", tmp_path / "_cellm.pyi")
    checked_in = (ROOT / "python" / "cellm" / "_cellm.pyi").read_text()
    # To update it: nanobind.stubgen -m cellm._cellm -o python/cellm/_cellm.pyi
    assert (tmp_path / "_cellm.pyi").read_text() == checked_in


@pytest.mark.parametrize("check", [("check",), ("format", "--check")])
def test_ruff(check: tuple[str, ...]) -> None:
    run("ruff", *check, "--no-cache", "python")


def test_mypy(tmp_path: Path) -> None:
    run("mypy", "--cache-dir", tmp_path, "python/cellm", "python/tests")

"""What the tests share. They run in the environment of requirements.txt, with the built package on PYTHONPATH."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

import cellm

ROOT = Path(__file__).resolve().parents[2]
TINY = ROOT / "models" / "cellm-tiny"
MODELS = ROOT / "testdata" / "models"
BIN = Path(os.environ.get("CELLM_BIN", ROOT / "build" / "release" / "bin"))
QUESTION = "Why is the sky blue?"

# The same examples in each run. HYPOTHESIS_PROFILE=search looks for new ones.
quick = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None}
settings.register_profile("same", derandomize=True, **quick)  # type: ignore[arg-type]
settings.register_profile("search", **quick)  # type: ignore[arg-type]
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

Program = Callable[..., str]
Python = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def tiny() -> Iterator[cellm.Model]:
    with cellm.Model(TINY) as model:
        yield model


@pytest.fixture(scope="session")
def other() -> Iterator[cellm.Model]:
    """A model of another family, without a tokenizer."""
    with cellm.Model(MODELS / "llama") as model:
        yield model


@pytest.fixture
def program() -> Program:
    """Runs the cellm program and returns its output."""

    def run(*arguments: object) -> str:
        command = [str(BIN / "cellm"), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture
def program_json(program: Program) -> Callable[..., dict[str, Any]]:
    def run(*arguments: object) -> dict[str, Any]:
        result: dict[str, Any] = json.loads(program(*arguments, "--json"))
        return result

    return run


@pytest.fixture
def python() -> Python:
    """Runs a script in a process of its own."""

    def run(
        script: str, *arguments: object, timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-X", "faulthandler", "-c", script, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout, cwd=ROOT)

    return run

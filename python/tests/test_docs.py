"""The Python of the documentation runs as it stands: blocks of a page one after the other, and its one-liners."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest
from conftest import ROOT, Python

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    return [text for name, text in BLOCK.findall(page.read_text()) if name == language]


@pytest.mark.parametrize("page", ["docs/python.md", "README.md"])
def test_blocks(page: str, python: Python) -> None:
    texts = [text for text in blocks(ROOT / page, "python") if "openai" not in text]
    assert texts
    done = python("\n".join(texts))
    assert done.returncode == 0, done.stderr


def test_one_liners(python: Python) -> None:
    lines = [
        shlex.split(line)
        for text in blocks(ROOT / "docs" / "python.md", "")
        for line in text.splitlines()
        if line.startswith("python -c ")
    ]
    assert lines
    for line in lines:
        done = python(line[2])
        assert done.returncode == 0, (sys.executable, done.stderr)
        assert done.stdout.startswith("The sky is blue because")

"""Studies from Python: those of the program, as rows."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import BIN, ROOT, TINY, Python

import cellm

STORY = ROOT / "testdata" / "tiny_eval" / "story.txt"
SMALL = {"tokens": 256, "window": 64, "generate": 4, "sensitivity_tokens": 64}


def test_the_study_of_the_program(
    tmp_path: Path, program: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1796083200")
    events: list[tuple[str, int, int]] = []
    result = cellm.study(
        TINY,
        STORY,
        tmp_path / "a",
        formats=["int8", "recipe-int8", "int2"],
        progress=lambda *event: events.append(event),
        **SMALL,  # type: ignore[arg-type]
    )
    flags = [word for key, value in SMALL.items() for word in (f"--{key.replace('_', '-')}", value)]
    program("study", "--source", TINY, "--text", STORY, "--output", tmp_path / "b", "--formats",
            "int8,recipe-int8,int2", "--speed-runs", 0, *flags)  # fmt: skip
    for name in ("study.json", "report.md", "report.html", "int2.cellm"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name

    assert {stage for stage, _, _ in events} == {"study"}
    assert result == cellm.read_study(tmp_path / "b" / "study.json").__class__(
        str(tmp_path / "a"), result.rows, result.parts, result.answers, result.document
    )
    assert [row.format for row in result.rows] == ["f16", "int8", "recipe-int8", "int2"]
    f16, int8, _, int2 = result.rows
    assert f16.compression == 1
    assert f16.kld < int8.kld < int2.kld
    assert int2.tokens_per_second is None
    assert {part.format for part in result.parts} == {"int2"}
    assert sum(part.is_layer for part in result.parts) == 8
    assert {answer.format for answer in result.answers} >= {"f16", "int2"}

    table = result.to_pandas()
    assert list(table.index) == ["f16", "int8", "recipe-int8", "int2"]
    assert table.loc["int2", "kld"] == int2.kld
    axes = result.plot()
    assert axes.get_yscale() == "log"
    assert {text.get_text() for text in axes.texts} >= {"int8", "int2"}


def test_speed_is_measured_by_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{BIN}:{os.environ['PATH']}")
    result = cellm.study(TINY, STORY, tmp_path, formats=["int8"], speed_runs=1, **SMALL)  # type: ignore[arg-type]
    assert all((row.tokens_per_second or 0) > 0 for row in result.rows)
    assert all((row.peak_memory_bytes or 0) > 1 << 20 for row in result.rows)


def test_the_card_is_one_of_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    from huggingface_hub import ModelCard

    cellm.study(TINY, [], tmp_path / "study", formats=["int2"], publish=tmp_path / "out", **SMALL)  # type: ignore[arg-type]
    text = (tmp_path / "out" / "README.md").read_text()
    card = ModelCard.load(str(tmp_path / "out" / "README.md"), ignore_metadata_errors=False)
    # What the hub's own check looks at, which needs the network, and no key that it does not know.
    assert set(card.data.to_dict()) == {
        "license", "language", "library_name", "pipeline_tag", "tags"
    }  # fmt: skip
    assert (card.data.license, card.data.pipeline_tag) == ("apache-2.0", "text-generation")
    assert card.data.tags == ["cellm", "quantized"]
    assert "cellm-tiny-i2.cellm" in card.text
    assert str(card) == text  # its metadata written by huggingface_hub are the same lines


def test_failures(tmp_path: Path) -> None:
    with pytest.raises(cellm.UsageError, match="int5"):
        cellm.study(TINY, STORY, tmp_path, formats=["int5"])
    with pytest.raises(cellm.UsageError, match="text"):
        cellm.study(TINY, [], tmp_path)
    with pytest.raises(cellm.DataError, match="nothing"):
        cellm.study(TINY, tmp_path / "nothing", tmp_path)
    with pytest.raises(TypeError, match="formats"):
        cellm.study(TINY, STORY, tmp_path, formats=[2])  # type: ignore[list-item]
    with pytest.raises(FileNotFoundError):
        cellm.read_study(tmp_path)


INTERRUPTED = """
import os, signal, sys, cellm
calls = 0
def progress(stage, done, total):
    global calls
    calls += 1
    if calls == 20: os.kill(os.getpid(), signal.SIGINT)
try:
    cellm.study(sys.argv[1], sys.argv[2], sys.argv[3], formats=["int8"], tokens=512, window=64,
                generate=4, sensitivity_tokens=0, progress=progress)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_ctrl_c_ends_it(tmp_path: Path, python: Python) -> None:
    done = python(INTERRUPTED, TINY, STORY, tmp_path)
    assert done.stdout == "interrupted\n", done.stderr
    assert (tmp_path / "steps").is_dir()
    assert not (tmp_path / "study.json").exists()
    assert not list(tmp_path.rglob("*.tmp"))

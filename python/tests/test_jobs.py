"""Jobs: the files and figures of the program, progress, and Ctrl-C."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, TINY, Python

import cellm

STORY = ROOT / "testdata" / "tiny_eval" / "story.txt"


def test_convert_writes_the_file_of_the_program(
    tmp_path: Path, program: Callable[..., str]
) -> None:
    events: list[tuple[str, int, int]] = []
    result = cellm.convert(
        TINY, tmp_path / "a.cellm", format="int4-g32", progress=lambda *event: events.append(event)
    )
    program("convert", TINY, tmp_path / "b.cellm", "--format", "int4-g32")
    data = (tmp_path / "a.cellm").read_bytes()
    assert data == (tmp_path / "b.cellm").read_bytes()
    assert result.path == str(tmp_path / "a.cellm")
    assert result.file_bytes == len(data)
    assert 4 < result.bits_per_weight < 6
    assert result.kld is None
    assert pickle.loads(pickle.dumps(result)) == result
    stages = {stage for stage, _, _ in events}
    assert "converting" in stages
    assert all(0 <= done <= total for _, done, total in events)
    with cellm.Model.from_pretrained(tmp_path / "a.cellm") as model:
        assert model.format == "int4-g32"
        answer = model.generate("What is the capital of France?", temperature=0)
        assert answer.text == "The capital of France is Paris."


def test_evaluate_measures_what_the_program_measures(
    tmp_path: Path, program: Callable[..., str]
) -> None:
    cellm.convert(TINY, tmp_path / "a.cellm", format="int2")
    options = {"window": 128, "max_tokens": 512}
    result = cellm.evaluate(tmp_path / "a.cellm", STORY, reference=TINY, **options)  # type: ignore[arg-type]
    said = json.loads(
        program(
            "eval", "--model", tmp_path / "a.cellm", "--text", STORY, "--reference", TINY,
            "--window", 128, "--limit", 512, "--no-floor", "--json",
        )
    )  # fmt: skip
    assert result.perplexity == pytest.approx(said["perplexity"], rel=1e-12)
    assert result.predictions == said["predictions"]
    assert result.kld == pytest.approx(said["kld_mean"], rel=1e-12)
    assert result.top1 == said["top1"]
    alone = cellm.evaluate(tmp_path / "a.cellm", STORY, **options)  # type: ignore[arg-type]
    assert alone.perplexity == result.perplexity
    assert alone.kld is None
    assert alone.top1 is None
    assert alone.answers is None


def test_evaluate_asks_the_questions_of_the_program(
    tmp_path: Path, program: Callable[..., str]
) -> None:
    cellm.convert(TINY, tmp_path / "a.cellm", format="int2")
    lines = (STORY.parent / "questions.jsonl").read_text(encoding="utf-8").splitlines()[::25]
    questions = tmp_path / "q.jsonl"
    questions.write_text("\n".join(lines), encoding="utf-8")
    result = cellm.evaluate(
        tmp_path / "a.cellm", STORY, reference=TINY, window=128, max_tokens=128,
        questions=questions, answer_tokens=100,
    )  # fmt: skip
    said = json.loads(
        program(
            "eval", "--model", tmp_path / "a.cellm", "--reference", TINY, "--questions", questions,
            "--gen", 100, "--json",
        )
    )["answers"]  # fmt: skip
    answers = result.answers
    assert answers is not None
    assert answers.questions == len(lines)
    for name in ("right", "right_of_reference", "looping", "distinct1", "distinct2", "distinct3"):
        assert getattr(answers, name) == pytest.approx(said[name], rel=1e-12), name
    assert answers.right < 1
    assert pickle.loads(pickle.dumps(result)) == result
    with pytest.raises(cellm.DataError, match="nothing"):
        cellm.evaluate(TINY, STORY, questions=tmp_path / "nothing")


def test_tune_improves_the_file(tmp_path: Path) -> None:
    cellm.convert(TINY, tmp_path / "a.cellm", format="int2")
    result = cellm.tune(
        tmp_path / "a.cellm", TINY, output=tmp_path / "b.cellm", text=STORY, tokens=512
    )
    assert result.path == str(tmp_path / "b.cellm")
    assert result.kld_after < result.kld_before
    assert (tmp_path / "b.cellm").stat().st_size > 0


def test_failures(tmp_path: Path) -> None:
    with pytest.raises(cellm.DataError):
        cellm.convert(tmp_path / "nothing", tmp_path / "a.cellm")
    with pytest.raises(cellm.UsageError, match="target_bits"):
        cellm.convert(TINY, tmp_path / "a.cellm", format="int8", target_bits=3)
    with pytest.raises(cellm.UsageError, match="int3"):
        cellm.convert(TINY, tmp_path / "a.cellm", format="int3")
    with pytest.raises(TypeError):
        cellm.convert(TINY, tmp_path / "a.cellm", progress=3)  # type: ignore[arg-type]
    with pytest.raises(cellm.UsageError):
        cellm.evaluate(TINY, STORY, window=100000)
    assert list(tmp_path.iterdir()) == []


def test_an_exception_of_the_callback_ends_the_job(tmp_path: Path) -> None:
    class Stopped(Exception):
        pass

    def stop(stage: str, done: int, total: int) -> None:
        raise Stopped(stage)

    with pytest.raises(Stopped):
        cellm.convert(TINY, tmp_path / "a.cellm", format="t4", progress=stop)
    assert list(tmp_path.iterdir()) == []


INTERRUPTED = """
import os, signal, sys, cellm
def progress(stage, done, total):
    if stage == sys.argv[3]: os.kill(os.getpid(), signal.SIGINT)
try:
    cellm.convert(sys.argv[1], sys.argv[2], format="t3", calibrate=sys.argv[4] or None,
                  progress=progress)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_ctrl_c_leaves_no_half_written_file(tmp_path: Path, python: Python) -> None:
    output = tmp_path / "a.cellm"
    done = python(INTERRUPTED, TINY, output, "converting", "")
    assert done.stdout == "interrupted\n", done.stderr
    assert list(tmp_path.iterdir()) == []
    done = python(INTERRUPTED, TINY, output, "calibrating", STORY)
    assert done.stdout == "interrupted\n", done.stderr
    assert not output.exists()
    assert all(".partial" in path.name for path in tmp_path.iterdir())


def test_bars(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cellm.convert(TINY, tmp_path / "a.cellm", progress=True)
    assert "converting: 100%" in capsys.readouterr().err
    cellm.convert(TINY, tmp_path / "a.cellm")  # stderr is no terminal
    assert capsys.readouterr().err == ""


def test_names_on_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: cellm.Model
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(cellm.DataError, match=r"HF_HUB_OFFLINE|offline|cache"):
        cellm.Model.from_pretrained("nobody/nothing")
    assert cellm.resolve(TINY) == str(TINY)
    snapshots = tmp_path / "hub" / "models--cellm--tiny" / "snapshots" / ("1" * 40)
    snapshots.parent.mkdir(parents=True)
    snapshots.symlink_to(TINY)
    refs = tmp_path / "hub" / "models--cellm--tiny" / "refs"
    refs.mkdir()
    (refs / "main").write_text("1" * 40)
    events: list[Any] = []
    path = cellm.resolve("cellm/tiny", progress=lambda *event: events.append(event))
    assert path.endswith("int4-g32.cellm")
    assert events
    with cellm.Model.from_pretrained("cellm/tiny") as model:
        assert model.path == path

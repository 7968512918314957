"""Studies: one model in many formats, measured."""

from __future__ import annotations

import json
import shutil
import sysconfig
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cellm import _cellm, _values
from cellm._errors import UsageError
from cellm._jobs import Progress, StrPath, _run, _target, resolve

if TYPE_CHECKING:
    import matplotlib.axes
    import pandas as pd


@dataclass(frozen=True, slots=True)
class StudyRow:
    """What a format costs."""

    format: str
    same_as: str | None  #: the row with the same tensors, whose results these are
    file_bytes: int
    bits_per_weight: float  #: of all tensors, scales included
    body_bits_per_weight: float  #: without embedding and output matrix
    compression: float  #: times smaller than f16
    perplexity: float
    kld: float  #: mean KL divergence from the 16-bit file, nats per token
    kld_median: float
    kld_p99: float
    top1: float  #: share of predictions with the reference's first choice, 0 to 1
    looping: float  #: share of the texts, written greedily, that repeat themselves, 0 to 1
    teacher_nll: float | None  #: of sampled texts, by the 16-bit model, nats per token
    tokens_per_second: float | None  #: after the prompt; None: not measured
    peak_memory_bytes: int | None
    judgement: str  #: "excellent", "good", "degraded" or "incoherent"
    pareto: bool  #: no other format is both as small and nearer to the reference


@dataclass(frozen=True, slots=True)
class StudyPart:
    """The divergence of a model of which only one part is in a format."""

    format: str
    part: str  #: "layer 3", or a kind of matrix in all layers: "down_proj"
    is_layer: bool
    kld: float  #: nats per token


@dataclass(frozen=True, slots=True)
class StudyAnswer:
    """What a format says to one of the original study's prompts."""

    prompt: str
    format: str
    text: str
    looping: bool


@dataclass(frozen=True, slots=True)
class StudyResult:
    """A finished study."""

    output: str  #: the folder with study.json, report.html and the files
    rows: tuple[StudyRow, ...]
    parts: tuple[StudyPart, ...]
    answers: tuple[StudyAnswer, ...]
    document: dict[str, Any]  #: study.json

    def to_pandas(self) -> pd.DataFrame:
        """The rows as a table, by format. Needs pandas."""
        import pandas

        return pandas.DataFrame(list(self.rows)).set_index("format")

    def plot(self, axes: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
        """Bits per weight against divergence. Needs matplotlib."""
        if axes is None:
            from matplotlib import pyplot

            axes = pyplot.subplots()[1]
        rows = [row for row in self.rows if row.same_as is None and row.kld > 0]
        for pareto, marker in ((True, "o"), (False, "x")):
            of_kind = [row for row in rows if row.pareto == pareto]
            axes.plot(
                [row.bits_per_weight for row in of_kind], [row.kld for row in of_kind], marker,
                label="best of its size" if pareto else "others",
            )  # fmt: skip
        for row in rows:
            axes.annotate(
                row.format, (row.bits_per_weight, row.kld), xytext=(4, 4),
                textcoords="offset points", fontsize="small",
            )  # fmt: skip
        axes.set_yscale("log")
        axes.set_xlabel("bits per weight")
        axes.set_ylabel("KL divergence from 16 bits, nats per token")
        axes.legend()
        return axes


def _row(entry: Mapping[str, Any]) -> StudyRow:
    evaluation = entry["evaluation"]
    coherence = entry["coherence"]
    speed = entry.get("speed", {})
    return StudyRow(
        format=entry["name"],
        same_as=entry.get("same_as"),
        file_bytes=entry["file_bytes"],
        bits_per_weight=entry["bits_per_weight"],
        body_bits_per_weight=entry["body_bits_per_weight"],
        compression=entry["compression"],
        perplexity=evaluation["perplexity"],
        kld=evaluation["kld_mean"],
        kld_median=evaluation["kld_median"],
        kld_p99=evaluation["kld_p99"],
        top1=evaluation["top1"],
        looping=coherence["greedy"]["looping"],
        teacher_nll=coherence["sampled"]["teacher_nll"],
        tokens_per_second=speed.get("decode_tokens_per_second"),
        peak_memory_bytes=None if not speed else int(speed["peak_memory_bytes"]),
        judgement=entry["judgement"],
        pareto=entry["pareto"],
    )


def read_study(path: StrPath) -> StudyResult:
    """A finished study: its folder or its ``study.json``, from here or from another machine."""
    file = Path(_values.path(path, "path"))
    if file.is_dir():
        file = file / "study.json"
    document = json.loads(file.read_text())
    return StudyResult(
        str(file.parent),
        tuple(map(_row, document["formats"])),
        tuple(
            StudyPart(entry["format"], part["part"], part["is_layer"], part["kld"])
            for entry in document["sensitivity"]
            for part in entry["parts"]
        ),
        tuple(
            StudyAnswer(sample["prompt"], answer["format"], answer["text"], answer["looping"])
            for sample in document["samples"]
            for answer in sample["answers"]
        ),
        document,
    )


def _paths(values: StrPath | Iterable[StrPath], what: str) -> list[str]:
    many = [values] if isinstance(values, (str, bytes)) or hasattr(values, "__fspath__") else values
    return [_values.path(value, what) for value in many]


def _program() -> str:
    """The program that this package brought, else that of PATH."""
    beside = Path(sysconfig.get_path("scripts"), "cellm")
    found = str(beside) if beside.exists() else shutil.which("cellm")
    if found is None:
        raise UsageError("speed_runs: the program cellm, which measures speed, is not on PATH")
    return found


def study(
    source: StrPath,
    texts: StrPath | Iterable[StrPath],
    output: StrPath,
    *,
    formats: Iterable[str] = (),
    files: StrPath | Iterable[StrPath] = (),
    publish: StrPath | None = None,
    tokens: int = 16384,
    window: int | None = None,
    generate: int | None = None,
    sensitivity_tokens: int = 512,
    tune_tokens: int | None = None,
    speed_runs: int = 0,
    keep: bool = True,
    follow_links: bool = False,
    target: str | None = None,
    threads: int | None = None,
    progress: Progress = "auto",
) -> StudyResult:
    """Measures what every format of a model costs, as ``cellm study`` does.

    :param source: a folder, a ``.gguf`` or ``.cellm`` file, or a name on the hub
    :param texts: UTF-8 files to measure on; may be empty with publish
    :param output: folder for ``study.json``, ``report.md``, ``report.html``, the files of all
        formats and the results of finished steps, with which the same call goes on
    :param formats: names, ``"f16"`` is always there; by default those of the original study, and
        ours: ``"int4"``, ``"int2-mse"``, ``"t2-calibrated"``, ``"int2-tuned"``, ``"bits-2.25"``
    :param files: ``.cellm`` files of the same model, as further rows
    :param publish: folder for the files with tokenizer and model card, ready to upload
    :param tokens: limit on the tokens of the texts; 0: all
    :param window: tokens, of which the second half is scored; 512 by default
    :param generate: tokens of each text that a format writes; 128 by default
    :param sensitivity_tokens: tokens on which each part of the model is measured; 0: none
    :param tune_tokens: tokens on which formats are trained; 60000 by default
    :param speed_runs: runs of the program cellm for speed and memory; 0: not measured
    :param keep: the ``.cellm`` files, after the end
    :param progress: see ``Progress``

    Ctrl-C ends it with KeyboardInterrupt; the same call goes on where it was. Raises UsageError,
    DataError, UnsupportedError, ResourcesError.
    """
    count = _values.threads(threads)
    name = _values.path(source, "source")
    to = _values.path(output, "output")
    lists = (
        _paths(texts, "texts"),
        [_values.word(value, "formats") for value in formats],
        _paths(files, "files"),
    )
    folder = None if publish is None else _values.path(publish, "publish")
    sizes = (
        _values.size(tokens, "tokens"),
        _values.size(window, "window"),
        _values.size(generate, "generate"),
        _values.size(sensitivity_tokens, "sensitivity_tokens"),
        _values.size(tune_tokens, "tune_tokens"),
        _values.size(speed_runs, "speed_runs"),
    )
    flags = (not _values.flag(keep, "keep"), _values.flag(follow_links, "follow_links"))
    program = _program() if speed_runs else None
    cpu = _target(target)
    path = resolve(name, original=True, threads=count, progress=progress)
    hub_name = None if path == name else name
    _run(
        lambda: _cellm.study(
            path, hub_name, to, *lists, folder, program, *sizes, *flags, cpu, count
        ),
        progress,
    )
    return read_study(to)

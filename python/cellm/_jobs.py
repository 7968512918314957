"""Jobs: converting, tuning and evaluating models, and bringing them from the hub."""

from __future__ import annotations

import importlib
import importlib.util
import math
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from typing import Any, Literal, TypeAlias

from cellm import _cellm, _values
from cellm._values import Activations

#: "auto": a bar of tqdm if that is installed and stderr is a terminal or a notebook's; True: a bar
#: of tqdm; None or False: nothing; else called with (stage, done, total).
Progress: TypeAlias = Literal["auto"] | bool | Callable[[str, int, int], object] | None
StrPath: TypeAlias = "str | PathLike[str]"


class _Bars:
    """Progress as bars of tqdm, one for each stage."""

    def __init__(self) -> None:
        self._tqdm: Any = importlib.import_module("tqdm.auto").tqdm
        self._stage: str | None = None
        self._bar: Any = None

    def __call__(self, stage: str, done: int, total: int) -> None:
        if stage != self._stage:
            self.close()
            self._stage = stage
            self._bar = self._tqdm(desc=stage, total=total)
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


def _shows_bars() -> bool:
    visible = "ipykernel" in sys.modules or (sys.stderr is not None and sys.stderr.isatty())
    return visible and importlib.util.find_spec("tqdm") is not None


def _run(start: Callable[[], _cellm.Job], progress: Progress) -> dict[str, Any]:
    """Runs a job. Any exception meanwhile, Ctrl-C's too, ends the job before it goes on."""
    report: Callable[[str, int, int], object] | None
    if isinstance(progress, str) and progress != "auto":
        raise TypeError(f"progress: {progress!r} is not 'auto'")
    if progress is None or isinstance(progress, (bool, str)):
        report = _Bars() if progress is True or (progress == "auto" and _shows_bars()) else None
    elif callable(progress):
        report = progress
    else:
        raise TypeError(f"progress: expected a function, not {type(progress).__name__}")
    job = start()
    try:
        while (event := job.next()) is not None:
            if report is not None:
                report(*event)
        return job.result()
    except BaseException:
        job.close()
        raise
    finally:
        if isinstance(report, _Bars):
            report.close()


def target_of(value: object) -> str:
    """A CPU target; None: that of the environment variable CELLM_TARGET; empty: the best."""
    if value is None:
        return os.environ.get("CELLM_TARGET", "")
    return _values.word(value, "target")


def _target(value: object) -> str | None:
    return target_of(value) or None


def resolve(
    model: StrPath,
    *,
    original: bool = False,
    threads: int | None = None,
    progress: Progress = "auto",
) -> str:
    """The path of a model. A name on the Hugging Face hub (``"ORG/NAME"``,
    ``"ORG/NAME:FILE.gguf"``, with ``@REVISION`` if wanted) that is not on the disk is looked up in
    the caches, else downloaded, and converted once (``original``: it is not), as ``cellm pull``
    does; other texts are returned as they are."""
    name = _values.path(model, "model")
    count = _values.threads(threads)
    return str(
        _run(lambda: _cellm.resolve(name, _values.flag(original, "original"), count), progress)[
            "path"
        ]
    )


def _optional_number(value: float) -> float | None:
    return None if math.isnan(value) else value


@dataclass(frozen=True, slots=True)
class ConvertResult:
    """A written file."""

    path: str
    file_bytes: int
    bits_per_weight: float  #: of all tensors, scales included
    kld: float | None  #: with target_bits: mean KL divergence from the input, nats per token


@dataclass(frozen=True, slots=True)
class TuneResult:
    """What training has brought, on held-out text."""

    path: str
    kld_before: float  #: mean KL divergence from the reference, nats per token
    kld_after: float
    tokens: int  #: trained on until the best values; 0: no step improved on the initial ones


@dataclass(frozen=True, slots=True)
class AnswerResult:
    """Measurements of a model's greedy answers to questions. Shares are from 0 to 1."""

    questions: int
    right: float  #: share of right answers
    right_of_reference: float | None  #: the same of those that the reference answers right
    looping: float  #: share of answers that loop
    distinct1: float | None  #: different tokens by tokens, in all answers together
    distinct2: float | None  #: different pairs of tokens by tokens
    distinct3: float | None


@dataclass(frozen=True, slots=True)
class EvaluateResult:
    """Measurements of a model on a text."""

    perplexity: float
    predictions: int  #: scored tokens
    kld: float | None  #: mean KL(reference || model), nats per token
    top1: float | None  #: share of predictions with the reference's first choice, 0 to 1
    answers: AnswerResult | None = None  #: to questions, if there were any


def _answers(result: dict[str, Any]) -> AnswerResult | None:
    if result["questions"] == 0:
        return None
    return AnswerResult(
        result["questions"],
        result["right"],
        _optional_number(result["right_of_reference"]),
        result["looping"],
        *(_optional_number(result[f"distinct{n}"]) for n in (1, 2, 3)),
    )


def convert(
    input: StrPath,
    output: StrPath,
    *,
    format: str | None = None,
    target_bits: float | None = None,
    embedding: str | None = None,
    calibrate: StrPath | None = None,
    tune_tokens: int | None = None,
    text_only: bool = False,
    packed: bool = False,
    follow_links: bool = False,
    target: str | None = None,
    threads: int | None = None,
    progress: Progress = "auto",
) -> ConvertResult:
    """Converts a Hugging Face folder, a ``.gguf`` or ``.cellm`` file, or a name on the hub.

    :param output: ``.cellm`` file, written atomically
    :param format: ``"int4-g32"`` (default), ``"t2"``, ..., or ``"keep"``; not with target_bits
    :param target_bits: bits per weight of the whole file
    :param embedding: format of the embedding; by default ``"f16"`` with ``"f16"``, as stored with
        ``"keep"``, else ``"int8"``
    :param calibrate: a text file, ``"default"``, ``"self"`` or ``"chat"``; by default none, with
        target_bits ``"default"``
    :param tune_tokens: tokens to train scales and norms on afterwards, with calibration; by default
        none, with target_bits 60000
    :param text_only: leave out vision and multi-token prediction; implied by target_bits
    :param packed: store weights in the order in which the engine multiplies them
    :param progress: see ``Progress``

    Ctrl-C ends it with KeyboardInterrupt. A calibrated conversion keeps its state in files
    ``OUTPUT.*.partial``, from which the same call goes on; nothing else is left. Raises UsageError,
    DataError, UnsupportedError, ResourcesError.
    """
    count = _values.threads(threads)
    to = _values.path(output, "output")
    values = (
        _values.optional_word(format, "format"),
        _values.number(target_bits, "target_bits"),
        _values.optional_word(embedding, "embedding"),
        None if calibrate is None else _values.path(calibrate, "calibrate"),
        _values.size(tune_tokens, "tune_tokens"),
    )
    flags = (
        _values.flag(text_only, "text_only"),
        _values.flag(packed, "packed"),
        _values.flag(follow_links, "follow_links"),
    )
    cpu = _target(target)
    source = resolve(input, original=True, threads=count, progress=progress)
    result = _run(lambda: _cellm.convert(source, to, *values, *flags, cpu, count), progress)
    return ConvertResult(
        to, result["file_bytes"], result["bits_per_weight"], _optional_number(result["kld"])
    )


def tune(
    file: StrPath,
    reference: StrPath,
    *,
    output: StrPath | None = None,
    text: StrPath | None = None,
    tokens: int | None = None,
    follow_links: bool = False,
    target: str | None = None,
    threads: int | None = None,
    progress: Progress = "auto",
) -> TuneResult:
    """Trains the scales and norms of a ``.cellm`` file against the model it was converted from.

    :param reference: that model: a folder, a file, or a name on the hub
    :param output: by default the file itself, which is replaced if training improves it
    :param text: a text file, ``"default"``, ``"self"`` or ``"chat"``; by default all three
    :param tokens: to train on; 60000 by default

    Ctrl-C ends it with KeyboardInterrupt; the same call goes on where it was. Raises UsageError,
    DataError, UnsupportedError, ResourcesError.
    """
    count = _values.threads(threads)
    path = _values.path(file, "file")
    to = None if output is None else _values.path(output, "output")
    training = None if text is None else _values.path(text, "text")
    size = _values.size(tokens, "tokens")
    cpu = _target(target)
    teacher = resolve(reference, original=True, threads=count, progress=progress)
    result = _run(
        lambda: _cellm.tune(
            path,
            teacher,
            to,
            training,
            size,
            _values.flag(follow_links, "follow_links"),
            cpu,
            count,
        ),
        progress,
    )
    return TuneResult(to or path, result["kld_before"], result["kld_after"], result["tokens"])


def evaluate(
    model: StrPath,
    text: StrPath,
    *,
    reference: StrPath | None = None,
    window: int | None = None,
    max_tokens: int | None = None,
    questions: StrPath | None = None,
    answer_tokens: int | None = None,
    activations: Activations = "int8",
    follow_links: bool = False,
    target: str | None = None,
    threads: int | None = None,
    progress: Progress = "auto",
) -> EvaluateResult:
    """Measures a model on a text, and how far it is from a reference.

    :param model: a folder, a file, or a name on the hub
    :param text: a UTF-8 file
    :param reference: a model to compare with; its activations are exact
    :param window: tokens, of which the second half is scored; 512 by default
    :param max_tokens: limit on the tokens of the text
    :param questions: a file of questions to answer greedily, or ``"default"``; by default none
    :param answer_tokens: limit on the tokens of an answer; 128 by default
    :param activations: ``"int8"``, ``"fast"`` or ``"f32"``, as for Model; the KV cache is exact

    Ctrl-C ends it with KeyboardInterrupt. Raises UsageError, DataError, UnsupportedError,
    ResourcesError.
    """
    count = _values.threads(threads)
    source = _values.path(text, "text")
    sizes = (_values.size(window, "window"), _values.size(max_tokens, "max_tokens"))
    asked = None if questions is None else _values.path(questions, "questions")
    answer_size = _values.size(answer_tokens, "answer_tokens")
    arithmetic = _values.choice(activations, _values.ACTIVATIONS, "activations")
    cpu = _target(target)
    path = resolve(model, threads=count, progress=progress)
    teacher = None
    if reference is not None:
        teacher = resolve(reference, original=True, threads=count, progress=progress)
    result = _run(
        lambda: _cellm.evaluate(
            path,
            source,
            teacher,
            *sizes,
            asked,
            answer_size,
            arithmetic,
            _values.flag(follow_links, "follow_links"),
            cpu,
            count,
        ),
        progress,
    )
    return EvaluateResult(
        result["perplexity"],
        result["predictions"],
        _optional_number(result["kld"]),
        _optional_number(result["top1"]),
        _answers(result),
    )

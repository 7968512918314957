"""cellm: language models of few bits per weight on CPUs.

>>> import cellm
>>> model = cellm.Model.from_pretrained("Qwen/Qwen3.5-0.8B")
>>> print(model.generate("Why is the sky blue?").text)

Errors are subclasses of ``cellm.Error``; arguments of wrong types are TypeErrors.
"""

from cellm import _cellm
from cellm._errors import (
    CancelledError,
    DataError,
    Error,
    ResourcesError,
    UnsupportedError,
    UsageError,
)
from cellm._generation import Chunk, Generation, Stream, TokenLogprobs
from cellm._jobs import (
    AnswerResult,
    ConvertResult,
    EvaluateResult,
    Progress,
    TuneResult,
    convert,
    evaluate,
    resolve,
    tune,
)
from cellm._model import AnswerOptions, ChatOptions, Model, Tokenizer
from cellm._options import GenerateOptions
from cellm._session import MAX_STEP_TOKENS, Batch, Session, Snapshot
from cellm._study import StudyAnswer, StudyPart, StudyResult, StudyRow, read_study, study

__version__: str = _cellm.version()


def available_memory() -> tuple[int, str]:
    """Memory that this process can still allocate, in bytes, and a description of the limit."""
    return _cellm.available_memory()


__all__ = [
    "MAX_STEP_TOKENS",
    "AnswerOptions",
    "AnswerResult",
    "Batch",
    "CancelledError",
    "ChatOptions",
    "Chunk",
    "ConvertResult",
    "DataError",
    "Error",
    "EvaluateResult",
    "GenerateOptions",
    "Generation",
    "Model",
    "Progress",
    "ResourcesError",
    "Session",
    "Snapshot",
    "Stream",
    "StudyAnswer",
    "StudyPart",
    "StudyResult",
    "StudyRow",
    "TokenLogprobs",
    "Tokenizer",
    "TuneResult",
    "UnsupportedError",
    "UsageError",
    "available_memory",
    "convert",
    "evaluate",
    "read_study",
    "resolve",
    "study",
    "tune",
]

"""Arguments of callers as the library takes them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from cellm._errors import UsageError

#: Token ids: a sequence of integers or an array of an integer type with one dimension.
Ids: TypeAlias = "Sequence[int] | npt.NDArray[np.integer[Any]]"
IdArray: TypeAlias = "npt.NDArray[np.uint32]"
FloatArray: TypeAlias = "npt.NDArray[np.float32]"

Activations: TypeAlias = Literal["int8", "fast", "f32"]
KvEncoding: TypeAlias = Literal["f16", "turboquant", "f32"]
ChatFormat: TypeAlias = Literal["auto", "chatml", "plain"]
OnLoop: TypeAlias = Literal["ignore", "stop", "resample"]
Lookup: TypeAlias = Literal["auto", "on", "off"]

ACTIVATIONS = {"int8": 0, "fast": 1, "f32": 2}
KV_ENCODINGS = {"f16": 0, "turboquant": 1, "f32": 2}
CHAT_FORMATS = {"auto": 0, "chatml": 1, "plain": 2}
ON_LOOP = {"ignore": 0, "stop": 1, "resample": 2}
LOOKUP = {"auto": 0, "on": 1, "off": 2}

LARGEST_ID = 2**32 - 1
LARGEST_SIZE = 2**63 - 1


def choice(value: object, names: Mapping[str, int], what: str) -> int:
    """The number of a name. TypeError for no string, UsageError for an unknown name."""
    if not isinstance(value, str):
        raise TypeError(f"{what}: expected a string, not {type(value).__name__}")
    if value not in names:
        raise UsageError(f"{what}: {value!r} is not one of {', '.join(names)}")
    return names[value]


def flag(value: object, what: str) -> bool:
    """A bool, also of numpy."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{what}: expected a bool, not {type(value).__name__}")
    return bool(value)


def size(value: object, what: str) -> int:
    """A whole number of at least 0; None is 0, which selects the default."""
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{what}: expected a whole number, not {type(value).__name__}")
    if not 0 <= value <= LARGEST_SIZE:
        raise UsageError(f"{what}: {value} is out of range")
    return int(value)


def number(value: object, what: str) -> float:
    """A number; None is 0, which selects the default."""
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{what}: expected a number, not {type(value).__name__}")
    try:
        return float(value)
    except OverflowError:
        raise UsageError(f"{what}: {value} is out of range") from None


def threads(value: object) -> int:
    """A number of threads; None or 0: one for each physical core."""
    count = size(value, "threads")
    if count > 1024:
        raise UsageError(f"threads: {count} is more than 1024")
    return count


def text(value: object, what: str) -> str:
    """A text that is UTF-8 and may contain zeros."""
    if not isinstance(value, str):
        raise TypeError(f"{what}: expected a string, not {type(value).__name__}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"{what}: a lone surrogate at {error.start} is no text") from None
    return value


def word(value: object, what: str) -> str:
    """A text without zeros: it ends at one in C."""
    checked = text(value, what)
    if "\0" in checked:
        raise UsageError(f"{what}: a zero character in {checked!r}")
    return checked


def optional_word(value: object, what: str) -> str | None:
    return None if value is None else word(value, what)


def path(value: object, what: str) -> str:
    """The path of a file or folder: a string, or an object with __fspath__."""
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(f"{what}: expected a path, not {type(value).__name__}")
    plain = os.fspath(value)
    if not isinstance(plain, str):
        raise TypeError(f"{what}: expected a path of characters, not of bytes")
    return word(plain, what)


def ids(value: Ids, what: str = "ids") -> IdArray:
    """An array of ids. TypeError for what is no integer, UsageError for a number that is no id."""
    if isinstance(value, (str, bytes, bytearray, Mapping)):
        raise TypeError(f"{what}: expected token ids, not {type(value).__name__}")
    try:
        array = np.asarray(value)
    except (ValueError, OverflowError) as error:
        raise TypeError(f"{what}: {error}") from None
    if array.ndim != 1:
        raise UsageError(f"{what}: expected one dimension, not the shape {array.shape}")
    if array.size == 0:
        return np.empty(0, np.uint32)
    if not np.issubdtype(array.dtype, np.integer):
        raise TypeError(f"{what}: expected integers, not {array.dtype}")
    low, high = int(array.min()), int(array.max())
    if low < 0 or high > LARGEST_ID:
        raise UsageError(f"{what}: {low if low < 0 else high} is no token id")
    return np.ascontiguousarray(array, dtype=np.uint32)


def json_text(value: object, what: str) -> str:
    """A value as JSON; a string is JSON already."""
    if isinstance(value, str):
        return word(value, what)
    try:
        return json.dumps(value, ensure_ascii=True)
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(f"{what}: no JSON: {error}") from None


def messages(value: object) -> list[tuple[str, str]]:
    """A conversation as (role, text)."""
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Sequence):
        raise TypeError(f"messages: expected a list of messages, not {type(value).__name__}")
    result = []
    for message in value:
        if not isinstance(message, Mapping):
            raise TypeError(
                f"messages: expected mappings with role and content, not {type(message).__name__}"
            )
        unknown = set(message) - {"role", "content"}
        if unknown or len(message) != 2:
            raise UsageError(
                f"messages: expected role and content, not {sorted(map(str, message))}"
            )
        result.append(
            (word(message["role"], "role of a message"), text(message["content"], "content"))
        )
    return result

"""Errors by kind. A message is one line: the file, the expectation, the finding."""

from __future__ import annotations


class Error(Exception):
    """A failure of cellm, and the base of all of them.

    ``advice`` names what may resolve it, after ``cellm_advice`` of cellm.h: ``"tokenizer_file"``,
    ``"less_memory"``, ...; it is empty if there is none.
    """

    advice: str

    def __init__(self, message: str = "", advice: str = "") -> None:
        super().__init__(message)
        self.advice = advice

    def __reduce__(self) -> tuple[type[Error], tuple[str, str]]:
        return type(self), (str(self), self.advice)


class UsageError(Error, ValueError):
    """An argument is wrong, or an object is closed, in use or of another model or process."""


class DataError(Error):
    """A file is missing, unreadable, damaged or inconsistent."""


class UnsupportedError(Error):
    """A valid file, or a request, with something that cellm does not support."""


class ResourcesError(Error, MemoryError):
    """Memory or disk space is insufficient."""


class CancelledError(Error):
    """A job was cancelled."""

"""Calls of functions in the shape of OpenAI's chat completions."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from cellm import _cellm

_CONTENT, _CALL = 0, 1  # cellm_tool_event_kind; else more of the arguments


@dataclass(slots=True)
class Delta:
    """What more of an answer's text has made certain."""

    content: str = ""
    calls: list[dict[str, Any]] = field(default_factory=list)  #: as in the chunks of a stream


class Reader:
    """Splits the text of an answer, without its reasoning, into content and calls."""

    def __init__(self, tools: _cellm.Tools) -> None:
        self._native = _cellm.ToolReader(tools, secrets.randbits(64))
        self.has_calls = False

    def push(self, text: str, *, last: bool) -> Delta:
        """What is certain now."""
        delta = Delta()
        for kind, index, more, id_, name in self._native.push(text, last):
            if kind == _CONTENT:
                delta.content += more
            elif kind == _CALL:
                self.has_calls = True
                function = {"name": name, "arguments": ""}
                call = {"index": index, "id": id_, "type": "function", "function": function}
                delta.calls.append(call)
            else:
                delta.calls.append({"index": index, "function": {"arguments": more}})
        return delta


def joined(deltas: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Whole calls of the parts of a stream."""
    calls: list[dict[str, Any]] = []
    for delta in deltas:
        if "id" in delta:
            calls.append({name: delta[name] for name in ("id", "type", "function")})
        else:
            calls[delta["index"]]["function"]["arguments"] += delta["function"]["arguments"]
    return calls

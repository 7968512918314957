"""Answers in the shape of OpenAI's chat completions."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cellm import _values
from cellm._errors import UnsupportedError, UsageError
from cellm._generation import Generation, TokenLogprobs
from cellm._tools import Reader, joined

if TYPE_CHECKING:
    from cellm._model import Completion, Model, Tokenizer

_OPEN, _CLOSE = "<think>", "</think>"
# Fields under the names of OpenAI that are options of generate() under the same names.
_SAME = (
    "temperature", "top_p", "top_k", "min_p", "presence_penalty", "frequency_penalty",
    "repeat_penalty", "stop", "seed", "thinking", "chat_template", "context", "kv_encoding",
)  # fmt: skip


# Those that the library reads.
_REQUEST = ("tools", "tool_choice", "parallel_tool_calls")


def _constraint(response_format: object) -> dict[str, Any]:
    if response_format is None:
        return {}
    if not isinstance(response_format, Mapping):
        raise TypeError(
            f"response_format: expected a mapping, not {type(response_format).__name__}"
        )
    kind = _values.text(response_format.get("type"), "type of response_format")
    if kind == "text":
        return {}
    if kind == "json_object":
        return {"json_object": True}
    if kind == "json_schema":
        inner = response_format.get("json_schema")
        if not isinstance(inner, Mapping) or "schema" not in inner:
            raise UsageError("response_format: json_schema has no schema")
        return {"json_schema": inner["schema"]}
    raise UsageError(f"response_format: {kind!r} is not text, json_object or json_schema")


def _options(given: dict[str, Any]) -> dict[str, Any]:
    """The options of generate(); what is None is not given."""
    options = {name: given.pop(name) for name in _SAME if given.get(name) is not None}
    limit = given.pop("max_completion_tokens", None)
    older = given.pop("max_tokens", None)
    options["max_tokens"] = older if limit is None else limit
    bias = given.pop("logit_bias", None)
    if bias is not None:
        if not isinstance(bias, Mapping):
            raise TypeError(f"logit_bias: expected a mapping, not {type(bias).__name__}")
        try:  # JSON has the ids as texts
            options["logit_bias"] = {int(key): value for key, value in bias.items()}
        except (TypeError, ValueError):
            raise UsageError("logit_bias: a key that is no token id") from None
    options.update(_constraint(given.pop("response_format", None)))
    top = given.pop("top_logprobs", None)
    logprobs = given.pop("logprobs", None)
    if logprobs is not None and _values.flag(logprobs, "logprobs"):
        options["logprobs"] = 0 if top is None else top
    elif top is not None:
        raise UsageError("top_logprobs goes with logprobs=True")
    answers = given.pop("n", None)
    if answers is not None and _values.size(answers, "n") != 1:
        raise UnsupportedError("n: one answer at a time")
    for name in ("functions", "function_call"):
        if given.get(name) is not None:
            raise UnsupportedError(f"{name}: not supported; use tools and tool_choice")
    for ignored in ("model", "user", "stream_options", *_REQUEST):
        given.pop(ignored, None)
    unknown = [name for name, value in given.items() if value is not None]
    if unknown:
        raise TypeError(f"create_chat_completion: {', '.join(unknown)} is not known")
    return options


def _finish(answer: Generation, *, calls: bool) -> str:
    if answer.finish_reason in ("length", "context"):
        return "length"
    return "tool_calls" if calls else "stop"


def _usage(answer: Generation) -> dict[str, Any]:
    completion = answer.generated_tokens + (answer.finish_reason == "end")
    return {
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": completion,
        "total_tokens": answer.prompt_tokens + completion,
        "completion_tokens_details": {"reasoning_tokens": answer.thinking_tokens},
    }


def _logprobs(tokenizer: Tokenizer, logprobs: list[TokenLogprobs]) -> dict[str, Any]:
    def one(id_: int, logprob: float) -> dict[str, Any]:
        token = tokenizer.decode([id_], skip_special=False)
        return {"token": token, "logprob": logprob, "bytes": list(token.encode())}

    content = [
        {**one(token.id, token.logprob), "top_logprobs": [one(*other) for other in token.top]}
        for token in logprobs
    ]
    return {"content": content, "refusal": None}


class _Splitter:
    """Tells reasoning from the answer while both come in pieces."""

    def __init__(self, begun: bool) -> None:
        self._held = ""
        self._state = "reasoning" if begun else "beginning"
        self._skips_breaks = begun

    def push(self, text: str, *, last: bool = False) -> list[tuple[str, str]]:
        """Pieces with the names of their fields."""
        self._held += text
        out: list[tuple[str, str]] = []
        if self._state == "beginning":
            start = self._held.lstrip()
            if start.startswith(_OPEN):
                self._held = start[len(_OPEN) :]
                self._state, self._skips_breaks = "reasoning", True
            elif last or (start and not _OPEN.startswith(start[: len(_OPEN)])):
                self._state = "content"
        if self._state == "reasoning":
            before, tag, behind = self._held.partition(_CLOSE)
            if tag:
                self._give(out, "reasoning_content", before.rstrip("\n"))
                self._held, self._state, self._skips_breaks = behind, "content", True
            else:
                kept = 0 if last else self._kept(self._held)
                self._give(out, "reasoning_content", self._held[: len(self._held) - kept])
                self._held = self._held[len(self._held) - kept :]
        if self._state == "content":
            self._give(out, "content", self._held)
            self._held = ""
        return out

    def _give(self, out: list[tuple[str, str]], name: str, text: str) -> None:
        if self._skips_breaks:
            text = text.lstrip("\n")
            self._skips_breaks = not text
        if text:
            out.append((name, text))

    @staticmethod
    def _kept(text: str) -> int:
        """Characters at the end that may belong to the tag, or are line breaks before it."""
        end = text
        for length in range(len(_CLOSE) - 1, 0, -1):
            if text.endswith(_CLOSE[:length]):
                end = text[:-length]
                break
        return len(text) - len(end.rstrip("\n"))


class _Frame:
    """What all chunks of an answer have in common."""

    def __init__(self, model: Model, kind: str) -> None:
        self._fields = {
            "id": "chatcmpl-" + secrets.token_hex(12),
            "object": kind,
            "created": int(time.time()),
            "model": model.path,
        }

    def with_choice(self, **choice: Any) -> dict[str, Any]:
        return {**self._fields, "choices": [{"index": 0, **choice}]}

    def with_usage(self, usage: dict[str, Any]) -> dict[str, Any]:
        return {**self._fields, "choices": [], "usage": usage}


def complete(model: Model, messages: Sequence[Mapping[str, Any]], given: dict[str, Any]) -> Any:
    """A chat completion, or with stream an iterator of its chunks."""
    if isinstance(messages, (str, bytes)) or not isinstance(messages, Sequence):
        raise TypeError(f"messages: expected a list of messages, not {type(messages).__name__}")
    for message in messages:
        if not isinstance(message, Mapping):
            raise TypeError(f"messages: expected mappings, not {type(message).__name__}")
    stream = _values.flag(given.pop("stream", False), "stream")
    stream_options = given.get("stream_options")
    request = {name: given.pop(name) for name in _REQUEST if given.get(name) is not None}
    options = _options(given)
    if stream and "logprobs" in options:
        raise UnsupportedError("logprobs: of whole answers only, not of streams")
    completion = model._completion(
        _values.json_text(list(messages), "messages"), _values.json_text(request, "tools"), options
    )
    if not stream:
        return _whole(model, completion)
    usage = False
    if isinstance(stream_options, Mapping):
        usage = _values.flag(stream_options.get("include_usage", False), "include_usage")
    return _chunks(model, completion, usage)


def _whole(model: Model, completion: Completion) -> dict[str, Any]:
    answer = completion.generate(model)
    read = Reader(completion.tools).push(answer.answer, last=True)
    message: dict[str, Any] = {"role": "assistant", "content": read.content, "refusal": None}
    if answer.reasoning:
        message["reasoning_content"] = answer.reasoning
    if read.calls:
        message["tool_calls"] = joined(read.calls)
        message["content"] = read.content or None
    logprobs = None if answer.logprobs is None else _logprobs(model.tokenizer, answer.logprobs)
    whole = _Frame(model, "chat.completion").with_choice(
        message=message, logprobs=logprobs, finish_reason=_finish(answer, calls=bool(read.calls))
    )
    whole["usage"] = _usage(answer)
    return whole


def _chunks(model: Model, completion: Completion, with_usage: bool) -> Iterator[dict[str, Any]]:
    """Generates while it is iterated."""
    text = model.tokenizer.decode(completion.ids, skip_special=False)
    splitter = _Splitter(text.rstrip().endswith(_OPEN))
    reader = Reader(completion.tools)
    stream = completion.stream(model)
    frame = _Frame(model, "chat.completion.chunk")

    def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return frame.with_choice(delta=delta, logprobs=None, finish_reason=finish)

    def deltas(text: str, *, last: bool) -> Iterator[dict[str, Any]]:
        content = ""
        for name, piece in splitter.push(text, last=last):
            if name == "content":
                content += piece
            else:
                yield chunk({name: piece})
        read = reader.push(content, last=last)
        if read.content:
            yield chunk({"content": read.content})
        if read.calls:
            yield chunk({"tool_calls": read.calls})

    def iterate() -> Iterator[dict[str, Any]]:
        with stream:
            yield chunk({"role": "assistant", "content": ""})
            for token in stream:
                yield from deltas(token.text, last=False)
            yield from deltas("", last=True)
            answer = stream.result()
        yield chunk({}, _finish(answer, calls=reader.has_calls))
        if with_usage:
            yield frame.with_usage(_usage(answer))

    return iterate()

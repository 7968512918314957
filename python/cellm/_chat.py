"""Answers in the shape of OpenAI's chat completions."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cellm import _values
from cellm._errors import UnsupportedError, UsageError
from cellm._generation import Chunk, Generation, TokenLogprobs

if TYPE_CHECKING:
    from cellm._model import Model, Tokenizer

_OPEN, _CLOSE = "<think>", "</think>"
# Fields under the names of OpenAI that are options of generate() under the same names.
_SAME = (
    "temperature", "top_p", "top_k", "min_p", "presence_penalty", "frequency_penalty",
    "repeat_penalty", "stop", "seed", "thinking", "chat_template", "context", "kv_encoding",
)  # fmt: skip


def _content(message: object) -> dict[str, object]:
    """A message whose content may be a list of parts of text."""
    if not isinstance(message, Mapping):
        raise TypeError(f"messages: expected mappings, not {type(message).__name__}")
    plain = {key: value for key, value in message.items() if value is not None}
    unknown = set(plain) - {"role", "content", "name", "refusal"}
    if unknown:
        names = ", ".join(sorted(map(str, unknown)))
        raise UnsupportedError(f"messages: {names}; cellm serve knows calls of functions")
    content = plain.get("content")
    if not isinstance(content, (str, Mapping)) and isinstance(content, Sequence):
        parts = []
        for part in content:
            if not isinstance(part, Mapping) or str(part.get("type")) != "text":
                raise UnsupportedError("messages: a part of the content that is no text")
            parts.append(_values.text(part.get("text"), "text of a part"))
        content = "".join(parts)
    return {"role": plain.get("role"), "content": content}


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
    for name in ("tools", "functions"):
        tools = given.pop(name, None)
        if tools is not None and not (isinstance(tools, list) and not tools):
            raise UnsupportedError(f"{name}: cellm serve knows calls of functions")
    for ignored in ("model", "user", "stream_options", "tool_choice"):
        given.pop(ignored, None)
    unknown = [name for name, value in given.items() if value is not None]
    if unknown:
        raise TypeError(f"create_chat_completion: {', '.join(unknown)} is not known")
    return options


def _finish(reason: str) -> str:
    return "length" if reason in ("length", "context") else "stop"


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
    conversation = _values.messages([_content(message) for message in messages])
    prompt = [{"role": role, "content": text} for role, text in conversation]
    stream = _values.flag(given.pop("stream", False), "stream")
    stream_options = given.get("stream_options")
    options = _options(given)
    if stream:
        if "logprobs" in options:
            raise UnsupportedError("logprobs: of whole answers only, not of streams")
        usage = False
        if isinstance(stream_options, Mapping):
            usage = _values.flag(stream_options.get("include_usage", False), "include_usage")
        return _chunks(model, prompt, options, usage)
    answer = model.generate(prompt, chat=True, **options)
    message = {"role": "assistant", "content": answer.answer, "refusal": None}
    if answer.reasoning:
        message["reasoning_content"] = answer.reasoning
    logprobs = None if answer.logprobs is None else _logprobs(model.tokenizer, answer.logprobs)
    whole = _Frame(model, "chat.completion").with_choice(
        message=message, logprobs=logprobs, finish_reason=_finish(answer.finish_reason)
    )
    whole["usage"] = _usage(answer)
    return whole


def _chunks(
    model: Model, prompt: list[dict[str, str]], options: dict[str, Any], with_usage: bool
) -> Iterator[dict[str, Any]]:
    """Checks the request at once, generates while it is iterated."""
    framing = {name: options[name] for name in ("thinking", "chat_template") if name in options}
    text = model.apply_chat_template(prompt, tokenize=False, **framing)
    splitter = _Splitter(text.rstrip().endswith(_OPEN))
    stream = model.stream(prompt, chat=True, **options)
    frame = _Frame(model, "chat.completion.chunk")

    def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return frame.with_choice(delta=delta, logprobs=None, finish_reason=finish)

    def pieces(token: Chunk | None) -> Iterator[dict[str, Any]]:
        given = splitter.push("" if token is None else token.text, last=token is None)
        return (chunk({name: piece}) for name, piece in given)

    def iterate() -> Iterator[dict[str, Any]]:
        with stream:
            yield chunk({"role": "assistant", "content": ""})
            for token in stream:
                yield from pieces(token)
            yield from pieces(None)
            answer = stream.result()
        yield chunk({}, _finish(answer.finish_reason))
        if with_usage:
            yield frame.with_usage(_usage(answer))

    return iterate()

"""Answers, and streams of answers in the making."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, TypeAlias

from cellm import _cellm
from cellm._closing import Closing
from cellm._values import IdArray

FinishReason: TypeAlias = Literal["end", "length", "context", "caller", "stop", "loop"]
_FINISH_REASONS: tuple[FinishReason, ...] = ("end", "length", "context", "caller", "stop", "loop")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A token of an answer and the text that it completes, whole characters, possibly none.

    ``id`` is None for text held back until the end: an incomplete stop string or character.
    """

    text: str
    id: int | None


@dataclass(frozen=True, slots=True)
class TokenLogprobs:
    """The log probability of a token (natural logarithm, by the softmax of the model's logits) and
    the most probable tokens in its place, best first, as (id, log probability)."""

    id: int
    logprob: float
    top: list[tuple[int, float]]


@dataclass(frozen=True, slots=True)
class Generation:
    """An answer.

    ``finish_reason`` is ``"end"`` (the model ended it), ``"length"`` (max_tokens), ``"context"``
    (the session is full), ``"caller"`` (closed), ``"stop"`` (a stop string) or ``"loop"`` (the text
    repeats itself).
    """

    text: str  #: all of it; a stop string is left out
    reasoning: str  #: in a conversation, what stands between <think> and </think>
    answer: str  #: in a conversation, the text without it; elsewhere the text
    ids: IdArray  #: uint32 (generated_tokens), including the tokens of a stop string
    finish_reason: FinishReason
    prompt_tokens: int
    generated_tokens: int  #: without the token that ended the answer
    thinking_tokens: int  #: the share of the reasoning and its closing tag
    prompt_seconds: float  #: for feeding the prompt
    decode_seconds: float  #: for feeding decoded_tokens
    decoded_tokens: int
    drafted_tokens: int  #: read ahead by lookup
    accepted_tokens: int  #: of these, those that were right
    seed: int  #: with which the same call gives the same answer
    logprobs: list[TokenLogprobs] | None  #: of each token, if asked for

    def __str__(self) -> str:
        return self.text


def _generation(native: _cellm.Generation, options: _cellm.Options) -> Generation:
    values = native.answer()
    return Generation(
        text=values["text"],
        reasoning=values["reasoning"],
        answer=values["answer"] if options.split_thinking else values["text"],
        ids=values["ids"],
        finish_reason=_FINISH_REASONS[values["stop_reason"]],
        prompt_tokens=values["prompt_tokens"],
        generated_tokens=values["generated_tokens"],
        thinking_tokens=values["thinking_tokens"],
        prompt_seconds=values["prompt_seconds"],
        decode_seconds=values["decode_seconds"],
        decoded_tokens=values["decoded_tokens"],
        drafted_tokens=values["drafted_tokens"],
        accepted_tokens=values["accepted_tokens"],
        seed=options.seed,
        logprobs=None
        if options.logprobs is None
        else [TokenLogprobs(*one) for one in values["logprobs"]],
    )


def generate(
    model: _cellm.Model,
    session: _cellm.Session,
    prompt: IdArray,
    options: _cellm.Options,
    tools: _cellm.Tools | None = None,
) -> Generation:
    """The whole answer. Ctrl-C ends it with KeyboardInterrupt."""
    return _generation(_cellm.Generation(model, session, prompt, options, False, tools), options)


class Stream(Closing, Iterator[Chunk], AsyncIterator[Chunk]):
    """An answer while it is made: an iterator, an asynchronous iterator and a context manager.

    The session is in use until the answer ends or the stream is closed. Iterating ends with the
    answer; leaving a loop early ends the answer when the stream is closed or dropped.
    """

    def __init__(
        self,
        model: _cellm.Model,
        session: _cellm.Session,
        prompt: IdArray,
        options: _cellm.Options,
        on_end: Callable[[], None] | None = None,
        tools: _cellm.Tools | None = None,
    ) -> None:
        self._options = options
        self._on_end = on_end
        self._native = _cellm.Generation(model, session, prompt, options, True, tools)
        _streams.add(self)

    def __iter__(self) -> Stream:
        return self

    def __next__(self) -> Chunk:
        token = self._native.next()
        if token is None:
            self._end()
            raise StopIteration
        id_, text = token
        return Chunk(text, None if id_ == _cellm.NO_TOKEN else id_)

    def __aiter__(self) -> Stream:
        return self

    async def __anext__(self) -> Chunk:
        loop = asyncio.get_running_loop()
        try:
            chunk = await loop.run_in_executor(None, next, self, None)
        except asyncio.CancelledError:
            loop.run_in_executor(None, self.close)
            raise
        if chunk is None:
            raise StopAsyncIteration
        return chunk

    def result(self) -> Generation:
        """The whole answer, for which this waits. Raises what generating has raised."""
        result = _generation(self._native, self._options)
        self._end()
        return result

    def close(self) -> None:
        """Ends the answer and waits until it has: for the current token or batch of the prompt."""
        self._native.close()
        self._end()

    async def aclose(self) -> None:
        """The same, without blocking the event loop."""
        await asyncio.get_running_loop().run_in_executor(None, self.close)

    def _end(self) -> None:
        on_end, self._on_end = self._on_end, None
        if on_end is not None:
            on_end()

    async def __aenter__(self) -> Stream:
        return self

    async def __aexit__(
        self,
        type_: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()


_streams: weakref.WeakSet[Stream] = weakref.WeakSet()


@atexit.register
def _end_of_process() -> None:
    # A thread that generates while the process unloads the library would crash it.
    for stream in list(_streams):
        with contextlib.suppress(Exception):  # one of another process is ended there
            stream.close()
    _cellm.end_of_threads()

"""Streams: the same text, in loops and event loops, ended early."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from conftest import QUESTION

import cellm


def test_a_stream_gives_the_text_of_the_answer(tiny: cellm.Model) -> None:
    whole = tiny.generate(QUESTION, temperature=0)
    with tiny.stream(QUESTION, temperature=0) as stream:
        chunks = list(stream)
    assert "".join(chunk.text for chunk in chunks) == whole.text
    assert [chunk.id for chunk in chunks if chunk.id is not None] == whole.ids.tolist()
    result = stream.result()
    assert result.text == whole.text
    assert result.finish_reason == "end"
    assert next(stream, None) is None


def test_a_stream_can_be_left_early(tiny: cellm.Model) -> None:
    with tiny.session() as session:
        stream = session.stream(tiny.tokenize("Once"), ignore_end=True, on_loop="ignore")
        next(stream)
        with pytest.raises(cellm.UsageError, match="in use"):
            session.position  # noqa: B018
        stream.close()
        assert session.position > 0
        assert stream.result().finish_reason == "caller"
        dropped = session.stream([1], ignore_end=True)
        next(dropped)
        del dropped
        assert session.advance([1]).shape == (tiny.vocab_size,)


def test_an_asynchronous_stream(tiny: cellm.Model) -> None:
    async def text() -> str:
        stream = tiny.stream(QUESTION, temperature=0)
        return "".join([chunk.text async for chunk in stream])

    async def two() -> tuple[str, str]:
        one, other = await asyncio.gather(text(), text())
        return one, other

    whole = tiny.generate(QUESTION, temperature=0).text
    assert asyncio.run(two()) == (whole, whole)


def test_an_asynchronous_stream_ends_with_its_task(tiny: cellm.Model) -> None:
    async def main() -> cellm.Stream:
        stream = tiny.stream("Once", chat=False, ignore_end=True)

        async def consume() -> None:
            async for _ in stream:
                pass

        task = asyncio.create_task(consume())
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return stream

    assert asyncio.run(main()).result().finish_reason == "caller"


def test_failures_come_from_the_stream(tiny: cellm.Model) -> None:
    stream = tiny.stream(QUESTION, temperature=-1)
    with pytest.raises(cellm.UsageError, match="temperature"):
        next(stream)
    with pytest.raises(cellm.UsageError):
        stream.result()


def test_other_threads_run_meanwhile(tiny: cellm.Model) -> None:
    ticks = 0
    done = threading.Event()

    def count() -> None:
        nonlocal ticks
        while not done.is_set():
            ticks += 1
            time.sleep(0.001)

    thread = threading.Thread(target=count)
    thread.start()
    ids = list(range(400))
    begin = time.monotonic()
    tiny.logits(ids)
    seconds = time.monotonic() - begin
    done.set()
    thread.join()
    assert ticks > seconds * 20  # with the lock held there would be one or two


def test_calls_of_many_threads_on_one_model(tiny: cellm.Model) -> None:
    expected = tiny.generate(QUESTION, temperature=0).text
    texts: list[str] = []
    threads = [
        threading.Thread(target=lambda: texts.append(tiny.generate(QUESTION, temperature=0).text))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == [expected] * 6

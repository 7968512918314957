"""Sessions, snapshots and batches."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from conftest import TINY, Python

import cellm

IDS = list(range(100, 140))


def test_the_division_into_calls_does_not_matter(tiny: cellm.Model) -> None:
    all_at_once = tiny.logits(IDS)
    with tiny.session() as session:
        rows = [session.advance([id_]) for id_ in IDS[:10]]
        rows.extend(session.logits(np.array(IDS[10:], np.int16)))
        assert session.position == len(IDS)
    np.testing.assert_array_equal(np.stack(rows), all_at_once)


def test_long_sequences_come_in_parts(tiny: cellm.Model) -> None:
    ids = [i * 7 % 4000 for i in range(1100)]
    with tiny.session() as one, tiny.session() as other:
        last = one.advance(ids)
        other.advance(ids[:700])
        np.testing.assert_array_equal(other.advance(ids[700:]), last)
    np.testing.assert_array_equal(tiny.logits(ids)[-1], last)


def test_what_does_not_fit_changes_nothing(tiny: cellm.Model) -> None:
    with tiny.session(context=16) as session:
        assert session.max_tokens == 16
        session.advance(IDS[:10])
        for bad in ([], IDS[:7], [1, tiny.vocab_size], [-1], [2**40]):
            with pytest.raises(cellm.UsageError):
                session.advance(bad)
            with pytest.raises(cellm.UsageError):
                session.logits(bad)
        assert session.position == 10
        session.advance(IDS[:6])
        assert session.state_bytes(16) == session.state_bytes(1) > 0  # one block
        session.check_memory(16)


def test_snapshots(tiny: cellm.Model, tmp_path: Path) -> None:
    with tiny.session() as session:
        session.advance(IDS[:20])
        snapshot = session.snapshot()
        expected = session.advance(IDS[20:])
        session.restore(snapshot)
        assert session.position == snapshot.position == 20
        np.testing.assert_array_equal(session.advance(IDS[20:]), expected)
        session.restore(snapshot)
        session.save(tmp_path / "saved")
    copy = pickle.loads(pickle.dumps(snapshot))
    assert copy.position == 20
    assert copy.to_bytes() == (tmp_path / "saved").read_bytes()
    for source in (copy, pickle.loads(pickle.dumps(copy)), tmp_path / "saved"):
        with tiny.session() as session:
            if isinstance(source, Path):
                session.load(source)
            else:
                session.restore(source)
            assert session.position == 20
            np.testing.assert_array_equal(session.advance(IDS[20:]), expected)


def test_a_pickled_snapshot_in_another_process(
    tiny: cellm.Model, tmp_path: Path, python: Python
) -> None:
    with tiny.session() as session:
        session.advance(IDS[:20])
        (tmp_path / "snapshot").write_bytes(pickle.dumps(session.snapshot()))
        expected = session.advance(IDS[20:])
    script = """
import pickle, sys, cellm, numpy
session = cellm.Model(sys.argv[1]).session()
session.restore(pickle.load(open(sys.argv[2] + "/snapshot", "rb")))
numpy.save(sys.argv[2] + "/logits.npy", session.advance(range(120, 140)))
"""
    done = python(script, TINY, tmp_path)
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(np.load(tmp_path / "logits.npy"), expected)


def test_snapshots_of_other_models_are_refused(tiny: cellm.Model, other: cellm.Model) -> None:
    with other.session() as session:
        session.advance([1, 2, 3])
        snapshot = session.snapshot()
    with cellm.Model(TINY) as twin, twin.session() as session:
        session.advance(IDS)
        of_twin = session.snapshot()
    data = cellm.Snapshot.from_bytes(snapshot.to_bytes(), 3)
    damaged = cellm.Snapshot.from_bytes(snapshot.to_bytes()[:-7], 3)
    with tiny.session() as session:
        session.advance(IDS)
        for wrong in (snapshot, of_twin, data):
            with pytest.raises(cellm.UsageError):
                session.restore(wrong)
        for broken in (damaged, cellm.Snapshot.from_bytes(b"no session", 1)):
            with pytest.raises(cellm.Error):
                session.restore(broken)
        assert session.position == len(IDS)
    with tiny.batch() as batch, pytest.raises(cellm.UsageError):
        batch.add(snapshot)


def test_batches(tiny: cellm.Model) -> None:
    expected = tiny.logits(IDS)
    with tiny.batch() as batch, tiny.session() as session:
        first = batch.add()
        session.advance(IDS[:5])
        second = batch.add(session.snapshot())
        third = batch.add(pickle.loads(pickle.dumps(session.snapshot())))
        logits = batch.step({first: IDS[:7], second: [IDS[5]], third: IDS[5:9]})
        assert logits.shape == (3, tiny.vocab_size)
        for row, position in zip(logits, (6, 5, 8), strict=True):
            np.testing.assert_array_equal(row, expected[position])
        fork = batch.fork(first)
        assert batch.position(fork) == 7
        np.testing.assert_array_equal(batch.step({fork: IDS[7:10]})[0], expected[9])
        session.restore(batch.snapshot(first))
        np.testing.assert_array_equal(session.advance([IDS[7]]), expected[7])
        batch.remove(first)
        wrong: list[dict[int, list[int]]] = [{}, {first: [1]}, {second: []}, {second: [5000]}]
        for bad in wrong:
            with pytest.raises(cellm.UsageError):
                batch.step(bad)
        with pytest.raises(cellm.UsageError):
            batch.step({second: [1] * (cellm.MAX_STEP_TOKENS + 1)})


def test_generation_continues_the_sequence(tiny: cellm.Model) -> None:
    prompt = tiny.apply_chat_template([{"role": "user", "content": "What is the capital of France?"}])
    whole = tiny.generate(prompt, temperature=0)
    with tiny.session() as session:
        session.advance(prompt[:-3])
        answer = session.generate(prompt[-3:], temperature=0)
        assert answer.text == whole.text
        assert session.position == len(prompt) + len(answer.ids)

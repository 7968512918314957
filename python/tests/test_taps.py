"""Hidden states and inputs of matrices."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import cellm

IDS = [5, 6, 7, 8, 9]


def test_the_output_matrix_takes_the_last_hidden_states(tiny: cellm.Model) -> None:
    states = tiny.session().hidden_states(IDS, tiny.layers)
    assert states.dtype == np.float32
    assert states.shape == (len(IDS), tiny.hidden_size)
    assert np.array_equal(tiny.session().tap(IDS, "lm_head.weight"), states)
    # The first layer sees one row of the embedding for each token, whatever comes before.
    first = tiny.session().hidden_states([5, 9, 5], 0)
    assert np.array_equal(first[0], first[2])
    assert not np.array_equal(first[0], first[1])
    assert not np.array_equal(tiny.session().hidden_states([5, 9, 5], 1)[0], first[0])


def test_the_sequence_goes_on(tiny: cellm.Model) -> None:
    ids = [5 + i % 40 for i in range(450)]  # more than one pass
    plain = tiny.session().logits(ids)[-1]
    session = tiny.session()
    session.advance(ids[:3])
    parts = [session.hidden_states(ids[3:9], 1), session.hidden_states(ids[9:-1], 1)]
    assert session.position == len(ids) - 1
    assert np.array_equal(session.advance(ids[-1:]), plain)
    whole = tiny.session().hidden_states(ids, 1)
    assert np.array_equal(np.concatenate(parts), whole[3:-1])


def test_inputs_of_a_matrix(tiny: cellm.Model) -> None:
    names = [f"layers.{i}.mlp.{part}_proj.weight" for i in (0, tiny.layers - 1)
             for part in ("gate", "up", "down")]  # fmt: skip
    inputs = {name: tiny.session().tap(IDS, name) for name in names}
    for i in (0, tiny.layers - 1):
        gate, up, down = (inputs[f"layers.{i}.mlp.{part}_proj.weight"]
                          for part in ("gate", "up", "down"))  # fmt: skip
        assert np.array_equal(gate, up)
        assert gate.shape == (len(IDS), tiny.hidden_size)
        assert down.shape[1] > gate.shape[1]


def test_what_is_refused(tiny: cellm.Model) -> None:
    session = tiny.session()
    session.advance([5])
    calls: list[Callable[[], object]] = [
        lambda: session.tap(IDS, "layers.0.mlp.nothing.weight"),
        lambda: session.tap(IDS, ""),
        lambda: session.tap([], "lm_head.weight"),
        lambda: session.hidden_states(IDS, tiny.layers + 1),
        lambda: session.hidden_states([1 << 31], 0),
        lambda: session.hidden_states(IDS, -1),
    ]
    for call in calls:
        with pytest.raises(cellm.UsageError):
            call()
    assert session.position == 1
    with pytest.raises(TypeError):
        session.tap(IDS, 5)  # type: ignore[arg-type]

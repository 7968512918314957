"""Sequences of tokens and the state of the model after them."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any, Unpack

from cellm import _cellm, _generation, _options, _values
from cellm._closing import Closing
from cellm._errors import UsageError
from cellm._generation import Generation, Stream
from cellm._options import GenerateOptions
from cellm._values import FloatArray, Ids, KvEncoding


class Snapshot:
    """An immutable copy of a sequence and its state, cheap to take.

    It can be pickled. What was pickled, or made by ``from_bytes()``, can be restored by the same
    model in the same arithmetic, in any process; other snapshots by the same opened model only.
    """

    def __init__(self, native: _cellm.Snapshot | bytes, position: int, model: Any = None) -> None:
        self._native = native
        self._position = position
        self._model = model

    @property
    def position(self) -> int:
        """Tokens of the sequence."""
        return self._position

    def to_bytes(self) -> bytes:
        """The content of the file that ``Session.save()`` writes."""
        if isinstance(self._native, bytes):
            return self._native
        session = _cellm.Session(self._model, 0, 0, 0)
        session.restore(self._native)
        with tempfile.TemporaryDirectory(prefix="cellm-") as folder:
            path = Path(folder) / "session"
            session.save(str(path))
            return path.read_bytes()

    @classmethod
    def from_bytes(cls, data: bytes, position: int) -> Snapshot:
        """A snapshot of what ``to_bytes()`` returned. It is checked when it is restored."""
        if not isinstance(data, bytes):
            raise TypeError(f"data: expected bytes, not {type(data).__name__}")
        return cls(data, _values.size(position, "position"))

    def __reduce__(self) -> tuple[Any, ...]:
        return Snapshot.from_bytes, (self.to_bytes(), self._position)

    def restore_to(self, session: _cellm.Session) -> None:
        """Replaces the sequence of a session of the library."""
        if not isinstance(self._native, bytes):
            session.restore(self._native)
            return
        with tempfile.TemporaryDirectory(prefix="cellm-") as folder:
            path = Path(folder) / "session"
            path.write_bytes(self._native)
            session.load(str(path))


def _snapshot(value: object) -> Snapshot:
    if not isinstance(value, Snapshot):
        raise TypeError(f"expected a Snapshot, not {type(value).__name__}")
    return value


class Session(Closing):
    """One sequence of tokens and the model's state after them; made by ``Model.session()``.

    For one call at a time: another one meanwhile, from whatever thread, is a UsageError. A context
    manager that closes it.
    """

    def __init__(
        self, model: _cellm.Model, context: int | None, kv_encoding: KvEncoding, block: int
    ) -> None:
        self._model = model
        self._native = _cellm.Session(
            model,
            _values.choice(kv_encoding, _values.KV_ENCODINGS, "kv_encoding"),
            _values.size(context, "context"),
            _values.size(block, "tokens_per_block"),
        )

    @property
    def position(self) -> int:
        """Tokens so far."""
        return self._native.position()

    @property
    def max_tokens(self) -> int:
        """Tokens that fit."""
        return self._native.max_tokens()

    def advance(self, ids: Ids) -> FloatArray:
        """Appends tokens, at least one; the logits after the last one, float32 (vocab_size).

        Results are bitwise independent of the division of tokens into calls and of the number of
        threads. UsageError, and the sequence is unchanged, for an id beyond the vocabulary and for
        more tokens than fit; DataError for logits that are not finite. Ctrl-C interrupts between
        parts of 512 tokens, of which ``position`` says how many were appended.
        """
        return self._native.advance(_values.ids(ids))

    def logits(self, ids: Ids) -> FloatArray:
        """The same with the logits after each token, float32 (tokens, vocab_size)."""
        return self._native.advance_all(_values.ids(ids))

    def hidden_states(self, ids: Ids, layer: int) -> FloatArray:
        """Appends tokens; the hidden states before a layer, float32 (tokens, hidden_size).

        Layer 0 is the embedding; the number of layers stands for the states behind the last one,
        after the final norm, as in transformers. UsageError, and the sequence is unchanged, for a
        layer beyond that and as in ``advance()``. Not interrupted by Ctrl-C.
        """
        return self._native.observe(_values.ids(ids), "", _values.size(layer, "layer"))

    def tap(self, ids: Ids, name: str) -> FloatArray:
        """Appends tokens; the inputs of a matrix, float32 (tokens, columns).

        :param name: as in a Hugging Face file, without the prefix of the text model:
            ``"layers.0.mlp.down_proj.weight"``, ``"lm_head.weight"`` (also if it is tied to the
            embedding)

        UsageError, and the sequence is unchanged, for a name that the model does not have and as in
        ``advance()``. Not interrupted by Ctrl-C.
        """
        plain = _values.word(name, "name")
        if not plain:
            raise UsageError("name: empty")
        return self._native.observe(_values.ids(ids), plain, 0)

    def generate(self, prompt: Ids, **options: Unpack[GenerateOptions]) -> Generation:
        """Appends the prompt and generates. The last token of an answer that does not end by itself
        is not part of the sequence."""
        ids = _values.ids(prompt, "prompt")
        native = _options.native(options, chat=False)
        return _generation.generate(self._model, self._native, ids, native)

    def stream(self, prompt: Ids, **options: Unpack[GenerateOptions]) -> Stream:
        """The same, token by token."""
        ids = _values.ids(prompt, "prompt")
        return Stream(self._model, self._native, ids, _options.native(options, chat=False))

    def snapshot(self) -> Snapshot:
        """A copy of the sequence and its state, which share memory until the session writes."""
        native = _cellm.Snapshot(self._native)
        return Snapshot(native, native.position(), self._model)

    def restore(self, snapshot: Snapshot) -> None:
        """Replaces the sequence by that of a snapshot; UsageError for one of another model.

        A snapshot of this process brings its options, too; one from bytes has to fit.
        """
        _snapshot(snapshot).restore_to(self._native)

    def save(self, path: str | PathLike[str]) -> None:
        """Writes sequence and state to a file, atomically and readable by its owner only."""
        self._native.save(_values.path(path, "path"))

    def load(self, path: str | PathLike[str]) -> None:
        """Replaces the sequence by that of a file; logits afterwards are bitwise equal.

        UsageError if its model, CPU target, activations, KV encoding, tokens_per_block or number of
        layers differ or its tokens do not fit; the session is then unchanged.
        """
        self._native.load(_values.path(path, "path"))

    def state_bytes(self, tokens: int) -> int:
        """Bytes of the state of a sequence of so many tokens."""
        return self._native.state_bytes(_values.size(tokens, "tokens"))

    def check_memory(self, tokens: int) -> None:
        """ResourcesError if what is not allocated of that state exceeds the available memory."""
        self._native.check_memory(_values.size(tokens, "tokens"))

    def close(self) -> None:
        """Frees the state. Other calls are a UsageError afterwards."""
        self._native.close()

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a session is not pickled; pickle its snapshot()")


class Batch(Closing):
    """Sequences that run together; made by ``Model.batch()``.

    Each step reads the weights once for all of them. The results of a sequence are bitwise
    independent of the others. For one call at a time, as Session. A sequence is a number, unique in
    the process; one that is not in the batch is a UsageError.
    """

    def __init__(self, model: _cellm.Model) -> None:
        self._model = model
        self._native = _cellm.Batch(model)

    def add(
        self,
        snapshot: Snapshot | None = None,
        *,
        context: int | None = None,
        kv_encoding: KvEncoding = "f16",
        tokens_per_block: int = 16,
    ) -> int:
        """Adds an empty sequence, or that of a snapshot with its options."""
        encoding = _values.choice(kv_encoding, _values.KV_ENCODINGS, "kv_encoding")
        tokens = _values.size(context, "context")
        block = _values.size(tokens_per_block, "tokens_per_block")
        if snapshot is None:
            return self._native.add(encoding, tokens, block)
        native = _snapshot(snapshot)._native
        if isinstance(native, bytes):
            session = _cellm.Session(self._model, encoding, tokens, block)
            snapshot.restore_to(session)
            native = _cellm.Snapshot(session)
        return self._native.add_snapshot(native)

    def fork(self, sequence: int) -> int:
        """Adds a copy of a sequence."""
        return self._native.fork(_values.size(sequence, "sequence"))

    def remove(self, sequence: int) -> None:
        """Removes a sequence."""
        self._native.remove(_values.size(sequence, "sequence"))

    def position(self, sequence: int) -> int:
        """Tokens of a sequence."""
        return self._native.position(_values.size(sequence, "sequence"))

    def snapshot(self, sequence: int) -> Snapshot:
        """A copy of a sequence and its state."""
        native = self._native.snapshot(_values.size(sequence, "sequence"))
        return Snapshot(native, native.position(), self._model)

    def step(self, inputs: Mapping[int, Ids]) -> FloatArray:
        """Appends tokens to sequences; for each, in the order of the mapping, the logits after its
        last token, float32 (sequences, vocab_size).

        UsageError, before anything changes, for no inputs, one without tokens, an id beyond the
        vocabulary, or more than ``MAX_STEP_TOKENS`` tokens in all.
        """
        if not isinstance(inputs, Mapping):
            raise TypeError(f"inputs: expected a mapping, not {type(inputs).__name__}")
        if not inputs:
            raise UsageError("inputs: no sequences")
        plain = [
            (_values.size(sequence, "sequence"), _values.ids(ids))
            for sequence, ids in inputs.items()
        ]
        return self._native.step(plain)

    def close(self) -> None:
        """Frees all sequences. Other calls are a UsageError afterwards."""
        self._native.close()

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a batch is not pickled; pickle snapshots of its sequences")


#: Tokens that ``Batch.step()`` takes at most.
MAX_STEP_TOKENS: int = _cellm.batch_max_tokens()

"""Errors by kind, and that nothing that is passed ends the process."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import MODELS, QUESTION, TINY, Python
from hypothesis import given, settings
from hypothesis import strategies as st

import cellm

ALLOWED = (cellm.Error, TypeError, MemoryError)


def test_kinds(tiny: cellm.Model, other: cellm.Model, tmp_path: Path) -> None:
    with pytest.raises(cellm.DataError, match="nothing-here"):
        cellm.Model(tmp_path / "nothing-here")
    (tmp_path / "config.json").write_text('{"model_type": "nobody", "hidden_size": 8}')
    with pytest.raises(cellm.Error) as unsupported:
        cellm.Model(tmp_path)
    assert type(unsupported.value) in (cellm.DataError, cellm.UnsupportedError)
    with pytest.raises(cellm.DataError) as missing:
        other.tokenize("text")
    assert missing.value.advice == "tokenizer_file"
    with pytest.raises(cellm.UsageError, match="temperature"):
        tiny.generate(QUESTION, temperature=-1)
    with pytest.raises(ValueError, match="No user query"):  # says the template
        tiny.generate([{"role": "nobody", "content": ""}])
    with pytest.raises(cellm.UsageError, match="target"):
        cellm.Model(TINY, target="abacus")
    with pytest.raises(TypeError, match="no option"):
        tiny.generate(QUESTION, heat=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="temperature"):
        tiny.generate(QUESTION, temperature="hot")  # type: ignore[arg-type]
    with pytest.raises(cellm.UsageError, match="threads"):
        cellm.Model(TINY, threads=1025)
    with pytest.raises(cellm.UsageError, match="no conversation"):
        tiny.generate([1, 2], system="Be brief.")
    for kind in (cellm.UsageError, cellm.DataError, cellm.ResourcesError, cellm.CancelledError):
        assert issubclass(kind, cellm.Error)


def test_errors_are_pickled() -> None:
    error = pickle.loads(pickle.dumps(cellm.DataError("what", "advice")))
    assert type(error) is cellm.DataError
    assert (str(error), error.advice) == ("what", "advice")


def _model_uses(model: cellm.Model) -> list[Callable[[], object]]:
    return [
        lambda: model.vocab_size,
        lambda: model.format,
        lambda: model.tokenizer,
        lambda: model.sampling(),
        lambda: model.tokenize("a"),
        lambda: model.detokenize([1]),
        lambda: model.apply_chat_template([{"role": "user", "content": "a"}]),
        lambda: model.named_chat_template("default"),
        lambda: model.session(),
        lambda: model.batch(),
        lambda: model.logits([1]),
        lambda: model.generate("a"),
        lambda: model.stream("a"),
    ]


def test_closed_models() -> None:
    with cellm.Model(TINY) as model:
        session, batch, stream = model.session(), model.batch(), model.stream(QUESTION)
        tokenizer = model.tokenizer
    assert model.closed
    uses = _model_uses(model)
    uses.append(lambda: tokenizer.encode("a"))
    for use in uses:
        with pytest.raises(cellm.UsageError, match="closed"):
            use()
    model.close()
    # What was made of it keeps the weights.
    assert session.advance([1]).shape == (4096,)
    assert batch.step({batch.add(): [1]}).shape == (1, 4096)
    assert stream.result().text
    snapshot = session.snapshot()
    session.close()
    batch.close()
    uses = [
        lambda: session.advance([1]),
        lambda: session.position,
        lambda: session.snapshot(),
        lambda: session.restore(snapshot),
        lambda: batch.add(),
        lambda: batch.step({1: [1]}),
    ]
    for use in uses:
        with pytest.raises(cellm.UsageError, match="closed"):
            use()


def test_what_is_not_pickled_says_so(tiny: cellm.Model) -> None:
    for thing in (tiny, tiny.session(), tiny.batch(), tiny.stream(QUESTION), tiny.tokenizer):
        with pytest.raises(TypeError):
            pickle.dumps(thing)
        with pytest.raises(TypeError):
            copy.deepcopy(thing)


@pytest.mark.filterwarnings("ignore:nanobind")
def test_half_made_objects(tiny: cellm.Model) -> None:
    from cellm import _cellm

    for kind in (_cellm.Model, _cellm.Session, _cellm.Batch, _cellm.Generation, _cellm.Snapshot):
        empty = kind.__new__(kind)
        for name in ("close", "next", "facts", "position"):
            if hasattr(kind, name):
                with pytest.raises(TypeError):
                    getattr(empty, name)()
    with pytest.raises(TypeError):
        _cellm.Job()
    with pytest.raises(AttributeError):
        cellm.Model.__new__(cellm.Model).generate("a")


def test_two_threads_on_one_session(tiny: cellm.Model) -> None:
    session = tiny.session()
    outcomes: list[str] = []

    def work() -> None:
        for _ in range(40):
            try:
                session.advance([1, 2, 3])
                outcomes.append("done")
            except cellm.UsageError as error:
                outcomes.append("busy" if "in use" in str(error) else str(error))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(outcomes) <= {"done", "busy"}
    assert session.position == 3 * outcomes.count("done")


def test_closing_in_the_middle_of_calls(tiny: cellm.Model) -> None:
    model = cellm.Model(TINY)
    session = model.session()
    results: list[Any] = []
    started = threading.Event()

    def work() -> None:
        started.set()
        try:
            results.append(session.advance([1] * 1500))
        except cellm.UsageError as error:
            assert "closed" in str(error)  # the call began later
            results.append(None)

    thread = threading.Thread(target=work)
    thread.start()
    started.wait()
    session.close()
    model.close()
    del model
    gc.collect()
    thread.join()
    assert len(results) == 1


def test_arrays_changed_by_another_thread(tiny: cellm.Model) -> None:
    ids = np.full(300, 5, np.uint32)
    stop = threading.Event()

    def spoil() -> None:
        while not stop.is_set():
            ids[:] = 2**32 - 1
            ids[:] = 5

    thread = threading.Thread(target=spoil)
    thread.start()
    for _ in range(10):
        try:
            tiny.logits(ids)
        except cellm.UsageError as error:
            assert "vocabulary" in str(error)
    stop.set()
    thread.join()


FORKED = """
import os, sys, cellm
model = cellm.Model(sys.argv[1])
session = model.session()
session.advance([1, 2])
stream = model.stream("Why is the sky blue?", temperature=0)
next(stream)
child = os.fork()
if child == 0:
    for use in (lambda: model.generate("Hi"), lambda: session.advance([1]), lambda: next(stream),
                lambda: stream.close(), lambda: model.vocab_size):
        try:
            use()
        except cellm.UsageError as error:
            assert "forked" in str(error), error
        else:
            os._exit(7)
    with cellm.Model(sys.argv[1]) as own:
        assert own.generate("What is the capital of France?", temperature=0).text
    del session, stream, model
    sys.exit(5)
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
assert code == 5, code
assert stream.result().text.startswith("The sky is blue")
session.advance([3])
"""


def test_forks(python: Python) -> None:
    done = python(FORKED, TINY)
    assert done.returncode == 0, (done.returncode, done.stderr)


ENDINGS = {
    "stream": "stream = model.stream('Once', chat=False, ignore_end=True)\nnext(stream)",
    "globals": "session = model.session()\nsession.advance([1])\nsnapshot = session.snapshot()",
    "cycle": "stream = model.stream('Once', chat=False, ignore_end=True)\nstream.me = stream",
    "daemons": """
import threading, time
def work():
    while True: model.logits(list(range(50)))
for _ in range(4): threading.Thread(target=work, daemon=True).start()
time.sleep(0.05)""",
    "daemons of streams": """
import threading, time
def work():
    while True: model.generate("Once", chat=False, max_tokens=20)
for _ in range(4): threading.Thread(target=work, daemon=True).start()
time.sleep(0.05)""",
}


@pytest.mark.parametrize("name", ENDINGS)
def test_ends_of_the_process(name: str, python: Python) -> None:
    script = f"import sys, cellm\nmodel = cellm.Model(sys.argv[1])\n{ENDINGS[name]}\nprint('end')"
    for _ in range(2):
        done = python(script, TINY)
        assert (done.returncode, done.stdout, done.stderr) == (0, "end\n", "")


INTERRUPTED = """
import os, signal, sys, threading, time, cellm
model = cellm.Model(sys.argv[1])
session = model.session()
def interrupt():
    time.sleep(0.3)
    os.kill(os.getpid(), signal.SIGINT)
uses = [
    lambda: model.generate("Once", chat=False, ignore_end=True, max_tokens=None),
    lambda: model.stream("Once", chat=False, ignore_end=True).result(),
    lambda: [session.advance([1] * 1000) for session in (model.session() for _ in range(1000))],
]
for use in uses:
    threading.Thread(target=interrupt).start()
    begin = time.monotonic()
    try:
        use()
    except KeyboardInterrupt:
        print("interrupted", time.monotonic() - begin < 10)
    else:
        print("not interrupted")
print(model.generate("What is the capital of France?", temperature=0).text)
"""


def test_ctrl_c(python: Python) -> None:
    done = python(INTERRUPTED, TINY)
    assert done.stdout == "interrupted True\n" * 3 + "The capital of France is Paris.\n", done.stderr


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 5000),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.just("\ud800"),
    st.just("a\0b"),
    st.binary(max_size=8),
    st.lists(st.integers(0, 4000), max_size=5),
    st.lists(st.one_of(st.text(max_size=3), st.floats(), st.integers()), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    st.lists(
        st.fixed_dictionaries({"role": st.sampled_from(["user", "x", 1]), "content": st.text()}),
        max_size=2,
    ),
    st.sampled_from(
        [
            np.zeros((2, 2), np.uint32),
            np.array([1.5]),
            np.array([], np.int64),
            np.array(3),
            np.array(["a"]),
            np.array([None]),
            np.array([1, 2], ">u4"),
            np.arange(20, dtype=np.int8)[::-3],
            np.array([True, False]),
            np.array([1 + 2j]),
            np.array([2**63], np.uint64),
            object(),
            int,
            Path("/nowhere"),
        ]
    ),
)
NAMES = st.sampled_from(
    [
        *cellm.GenerateOptions.__annotations__,
        "chat", "system", "thinking", "chat_format", "chat_template", "variables", "context",
        "kv_encoding", "nonsense",
    ]
)  # fmt: skip


@settings(max_examples=150)
@given(prompt=ANYTHING, options=st.dictionaries(NAMES, ANYTHING, max_size=2))
def test_any_argument_of_generate(tiny: cellm.Model, prompt: Any, options: dict[str, Any]) -> None:
    if isinstance(options.setdefault("max_tokens", 2), int) or options["max_tokens"] is None:
        options["max_tokens"] = 2  # more would take long
    try:
        assert isinstance(tiny.generate(prompt, **options).text, str)
    except ALLOWED:
        pass


CHAT_NAMES = st.sampled_from(
    [
        "response_format", "logprobs", "top_logprobs", "n", "tools", "stream_options", "logit_bias",
        "stop", "seed", "temperature", "max_completion_tokens", "thinking", "user", "nonsense",
        "tool_choice", "parallel_tool_calls",
    ]
)  # fmt: skip


@settings(max_examples=150)
@given(messages=ANYTHING, options=st.dictionaries(CHAT_NAMES, ANYTHING, max_size=2), stream=ANYTHING)
def test_any_argument_of_chat_completions(
    tiny: cellm.Model, messages: Any, options: dict[str, Any], stream: Any
) -> None:
    options["max_tokens"] = 2
    if isinstance(options.get("max_completion_tokens"), int):
        options["max_completion_tokens"] %= 3
    try:
        said = tiny.create_chat_completion(messages, stream=stream, **options)
        assert isinstance(said, dict) or list(said)
    except ALLOWED:
        pass


CALLS = st.sampled_from(
    [
        "tokenize", "detokenize", "apply_chat_template", "logits", "session", "stream",
        "named_chat_template", "sampling",
    ]
)  # fmt: skip
SESSION_CALLS = st.sampled_from(
    ["advance", "logits", "restore", "load", "state_bytes", "check_memory", "generate", "stream"]
)
BATCH_CALLS = st.sampled_from(["add", "fork", "remove", "position", "snapshot", "step"])


@settings(max_examples=300)
@given(data=st.data(), value=ANYTHING)
def test_any_argument_of_other_calls(
    tiny: cellm.Model, other: cellm.Model, data: st.DataObject, value: Any
) -> None:
    model = data.draw(st.sampled_from([tiny, other]))
    with model.session(context=64) as session, model.batch() as batch:
        target, calls = data.draw(
            st.sampled_from([(model, CALLS), (session, SESSION_CALLS), (batch, BATCH_CALLS)])
        )
        name = data.draw(calls)
        keyword = data.draw(st.sampled_from(["", "kv_encoding", "context", "tokens_per_block"]))
        try:
            made = getattr(target, name)(value, **({keyword: value} if keyword else {}))
            if isinstance(made, cellm.Stream):
                made.close()
        except ALLOWED:
            pass


@settings(max_examples=60)
@given(
    options=st.dictionaries(
        st.sampled_from(
            ["target", "tokenizer_file", "max_layers", "activations", "follow_links", "threads"]
        ),
        ANYTHING,
        max_size=2,
    ),
    path=st.one_of(st.just(MODELS / "llama"), ANYTHING),
)
def test_any_argument_of_open(path: Any, options: dict[str, Any]) -> None:
    if isinstance(options.get("threads"), int) and options["threads"] > 8:
        options["threads"] = 8
    try:
        cellm.Model(path, **options).close()
    except ALLOWED:
        pass


@settings(max_examples=60)
@given(data=st.binary(max_size=200), cut=st.integers(0, 3000), flip=st.integers(0, 3000))
def test_any_bytes_as_a_snapshot(tiny: cellm.Model, data: bytes, cut: int, flip: int) -> None:
    with tiny.session() as session:
        session.advance([1, 2, 3])
        whole = bytearray(session.snapshot().to_bytes())
        whole[flip % len(whole)] ^= 0x41
        for damaged in (data, bytes(whole), bytes(whole[:cut])):
            with pytest.raises(cellm.Error):
                session.restore(cellm.Snapshot.from_bytes(damaged, 3))
        assert session.position == 3


def test_a_target_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "CELLM_TARGET", "scalar")
    with cellm.Model(MODELS / "llama") as model:
        assert model.target == "scalar"

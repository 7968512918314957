"""Models: facts, texts, logits, answers, against the program and transformers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import MODELS, QUESTION, TINY

import cellm

IDS = [5, 900, 17, 4, 33, 2000, 8, 8, 91]
FAMILIES = ["llama", "qwen2", "qwen3", "qwen3_5_text"]


def test_facts(tiny: cellm.Model, program_json: Callable[..., dict[str, Any]]) -> None:
    said = program_json("inspect", TINY)
    assert tiny.model_type == said["config"]["model_type"]
    assert tiny.vocab_size == 4096
    assert tiny.context > 0
    assert tiny.bits_per_weight == pytest.approx(16, abs=0.01)
    assert tiny.has_tokenizer
    assert tiny.has_chat_format
    assert tiny.end_token == said["config"]["eos_ids"][0]
    assert tiny.sampling() == pytest.approx({"temperature": 0.6, "top_k": 20, "top_p": 0.9})
    assert "cellm-tiny" in repr(tiny)


@pytest.mark.parametrize("family", FAMILIES)
def test_logits_are_those_of_transformers(family: str) -> None:
    expected = np.load(MODELS / family / "expected_logits.npy")
    ids = json.loads((MODELS / family / "expected.json").read_text())["tokens"]
    with cellm.Model(MODELS / family, activations="f32") as model:
        logits = model.logits(ids, kv_encoding="f32")
    assert logits.dtype == np.float32
    assert logits.shape == expected.shape
    tolerance = 0.03 if family == "qwen3_5_text" else 0.003  # as in tests/reference_test.cc
    np.testing.assert_allclose(logits, expected, atol=tolerance, rtol=0)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("activations", ["int8", "f32"])
def test_logits_are_bitwise_those_of_the_program(
    family: str, activations: str, tmp_path: Path, program: Callable[..., str]
) -> None:
    path = tmp_path / "logits.npy"
    ids = [1, 7, 3, 2, 11, 5]
    program(
        "logits", "--model", MODELS / family, "--tokens", ",".join(map(str, ids)), "-o", path,
        "--activations", activations, "--kv-encoding", "f16",
    )  # fmt: skip
    with cellm.Model(MODELS / family, activations=activations) as model:  # type: ignore[arg-type]
        np.testing.assert_array_equal(model.logits(ids), np.load(path))


def test_texts_and_tokens(tiny: cellm.Model) -> None:
    text = "Grüße, 世界! <|im_start|>"
    ids = tiny.tokenizer.encode(text)
    assert tiny.tokenizer.decode(ids) == text
    special = tiny.tokenizer.encode(text, parse_special=True)
    assert len(special) < len(ids)
    assert tiny.tokenizer.decode(special) == "Grüße, 世界! "
    assert tiny.tokenizer.decode(special, skip_special=False) == text
    assert tiny.tokenize(text).tolist() == ids  # this model has no begin-of-text token
    assert tiny.detokenize(np.array(ids, np.int64)) == text
    assert cellm.Tokenizer(TINY / "tokenizer.json").encode(text) == ids
    assert cellm.Tokenizer.from_pretrained(TINY).encode(text) == ids


def test_conversations(tiny: cellm.Model) -> None:
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": QUESTION}]
    text = tiny.apply_chat_template(messages, tokenize=False)
    assert text.startswith("<|im_start|>system\nBe brief.<|im_end|>\n")
    assert QUESTION in text
    ids = tiny.apply_chat_template(messages)
    assert ids.dtype == np.uint32
    assert tiny.tokenizer.encode(text, parse_special=True) == ids.tolist()
    plain = tiny.apply_chat_template(messages, tokenize=False, chat_format="plain")
    assert "<|im_start|>" not in plain
    own = tiny.apply_chat_template(
        messages,
        tokenize=False,
        chat_template="{{ prefix }}{% for m in messages %}{{ m.content }}|{% endfor %}",
        variables={"prefix": "> "},
    )
    assert own == f"> Be brief.|{QUESTION}|"


def test_greedy_answers_are_those_of_the_program(
    tiny: cellm.Model, program_json: Callable[..., dict[str, Any]]
) -> None:
    said = program_json("run", TINY, QUESTION, "--chat", "--temperature", "0")
    answer = tiny.generate(QUESTION, temperature=0)
    assert answer.text == said["text"]
    assert answer.ids.tolist() == said["ids"]
    assert answer.finish_reason == "end"
    assert answer.prompt_tokens == len(said["prompt_ids"])
    assert str(answer) == answer.answer == answer.text
    assert tiny.generate([{"role": "user", "content": QUESTION}], temperature=0).text == answer.text
    prompt = tiny.apply_chat_template([{"role": "user", "content": QUESTION}])
    assert tiny.generate(prompt, temperature=0).text == answer.text


def test_sampled_answers_are_those_of_the_program(
    tiny: cellm.Model, program_json: Callable[..., dict[str, Any]]
) -> None:
    story = "Tell me a story about a fox."
    said = program_json("run", TINY, story, "--chat", "--seed", "7")
    answer = tiny.generate(story, seed=7)
    assert answer.text == said["text"]
    assert answer.seed == 7
    said = program_json(
        "run", TINY, "Once upon a time", "--seed", "3", "--gen", "20", "--top-k", "5",
        "--temperature", "1.5", "--presence-penalty", "0.5", "--dry-multiplier", "0.8",
    )  # fmt: skip
    continued = tiny.generate(
        "Once upon a time", chat=False, seed=3, max_tokens=20, top_k=5, temperature=1.5,
        presence_penalty=0.5, dry_multiplier=0.8,
    )  # fmt: skip
    assert continued.text == said["text"]
    assert continued.finish_reason == "length"
    again = tiny.generate(story)
    assert tiny.generate(story, seed=again.seed).text == again.text


def test_lookup_changes_the_speed_alone(tiny: cellm.Model) -> None:
    prompt = tiny.tokenize("red green blue, " * 6)
    options: cellm.GenerateOptions = {"temperature": 0, "max_tokens": 60, "ignore_end": True}
    off: cellm.GenerateOptions = {**options, "lookup": "off"}
    on: cellm.GenerateOptions = {**options, "lookup": "on", "draft_max": 8}
    plain = tiny.generate(prompt, chat=False, **off)
    ahead = tiny.generate(prompt, chat=False, **on)
    assert ahead.text == plain.text
    assert ahead.ids.tolist() == plain.ids.tolist()
    assert plain.drafted_tokens == 0
    assert 0 < ahead.accepted_tokens <= ahead.drafted_tokens


def test_options_of_answers(tiny: cellm.Model) -> None:
    cut = tiny.generate(QUESTION, temperature=0, stop="scatters")
    assert cut.finish_reason == "stop"
    assert cut.text == "The sky is blue because the air "
    assert tiny.generate(QUESTION, max_tokens=0).text == ""
    first = int(tiny.generate(QUESTION, temperature=0, max_tokens=1).ids[0])
    barred = tiny.generate(QUESTION, temperature=0, max_tokens=1, logit_bias={first: -np.inf})
    assert barred.ids[0] != first
    logged = tiny.generate(QUESTION, temperature=0, max_tokens=3, logprobs=2)
    assert logged.logprobs is not None
    assert [one.id for one in logged.logprobs] == logged.ids.tolist()
    assert all(one.top[0] == (one.id, one.logprob) for one in logged.logprobs)
    assert tiny.generate(QUESTION, max_tokens=3).logprobs is None
    assert tiny.generate(QUESTION, temperature=0, context=32).finish_reason == "context"
    framed = tiny.generate(QUESTION, temperature=0, system="Be brief.", max_tokens=1)
    assert framed.prompt_tokens > cut.prompt_tokens


def test_log_probabilities_are_those_of_the_logits(tiny: cellm.Model) -> None:
    ids = tiny.tokenize("The capital of France")
    answer = tiny.generate(ids, temperature=0, max_tokens=1, logprobs=5)
    assert answer.logprobs is not None
    row = tiny.logits(ids)[-1].astype(np.float64)
    logprobs = row - np.log(np.sum(np.exp(row - row.max()))) - row.max()
    best = np.argsort(-logprobs)[:5]
    assert [id_ for id_, _ in answer.logprobs[0].top] == best.tolist()
    np.testing.assert_allclose([p for _, p in answer.logprobs[0].top], logprobs[best], atol=1e-5)


def test_constraints(tiny: cellm.Model) -> None:
    assert tiny.generate("Is 7 a prime?", choices=["yes", "no"]).text in ("yes", "no")
    schema = {"properties": {"a": {"enum": [7, 8]}}, "required": ["a"], "additionalProperties": False}
    for given in ({"type": "object", **schema}, json.dumps({"type": "object", **schema})):
        text = tiny.generate("Give me a number.", json_schema=given, temperature=0).text
        assert json.loads(text)["a"] in (7, 8)
    assert re.fullmatch(r"[a-c]{3}\d", tiny.generate("Hi", regex=r"[a-c]{3}\d").text)
    assert tiny.generate("Hi", grammar='root ::= "x" "y"+ "z"', seed=2).text.startswith("xy")
    with pytest.raises(cellm.UnsupportedError):
        tiny.generate("Hi", json_schema={"$ref": "https://example.com/x"})
    with pytest.raises(cellm.UsageError, match="one constraint"):
        tiny.generate("Hi", regex="a", choices=["b"])

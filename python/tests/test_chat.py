"""Chat completions, in the shape that the client of OpenAI reads."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import QUESTION
from openai.types.chat import ChatCompletion, ChatCompletionChunk

import cellm
from cellm._chat import _Splitter

MESSAGES = [{"role": "user", "content": QUESTION}]


def test_whole_answers(tiny: cellm.Model) -> None:
    answer = tiny.generate(QUESTION, temperature=0)
    said = ChatCompletion.model_validate(
        tiny.create_chat_completion(MESSAGES, temperature=0, model="any"), strict=True
    )
    choice = said.choices[0]
    assert choice.message.content == answer.text
    assert choice.finish_reason == "stop"
    assert said.usage is not None
    assert said.usage.prompt_tokens == answer.prompt_tokens
    assert said.usage.completion_tokens == answer.generated_tokens + 1
    parts = [{"type": "text", "text": QUESTION[:5]}, {"type": "text", "text": QUESTION[5:]}]
    cut = tiny.create_chat_completion(
        [{"role": "user", "content": parts}], temperature=0, max_tokens=3, logprobs=True,
        top_logprobs=2,
    )  # fmt: skip
    read = ChatCompletion.model_validate(cut, strict=True).choices[0]
    assert read.finish_reason == "length"
    assert read.logprobs is not None
    assert read.logprobs.content is not None
    assert "".join(one.token for one in read.logprobs.content) == read.message.content
    assert [len(one.top_logprobs) for one in read.logprobs.content] == [2, 2, 2]


def test_streams(tiny: cellm.Model) -> None:
    whole = tiny.create_chat_completion(MESSAGES, temperature=0)
    chunks = [
        ChatCompletionChunk.model_validate(chunk, strict=True)
        for chunk in tiny.create_chat_completion(
            MESSAGES, temperature=0, stream=True, stream_options={"include_usage": True}
        )
    ]
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == whole["choices"][0]["message"]["content"]
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == whole["usage"]["completion_tokens"]
    assert len({chunk.id for chunk in chunks}) == 1


def test_formats_of_answers(tiny: cellm.Model) -> None:
    schema = {"type": "object", "properties": {"a": {"enum": [1, 2]}}, "required": ["a"],
              "additionalProperties": False}  # fmt: skip
    said = tiny.create_chat_completion(
        MESSAGES,
        temperature=0,
        response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": schema}},
    )
    assert json.loads(said["choices"][0]["message"]["content"])["a"] in (1, 2)


def test_what_is_refused(tiny: cellm.Model) -> None:
    wrong: list[tuple[type[Exception], dict[str, Any]]] = [
        (cellm.UsageError, {"tools": [{"type": "function"}]}),
        (cellm.UsageError, {"tool_choice": "required"}),
        (TypeError, {"tools": [object()]}),
        (cellm.UnsupportedError, {"functions": [{"name": "f"}]}),
        (cellm.UnsupportedError, {"n": 2}),
        (cellm.UnsupportedError, {"stream": True, "logprobs": True}),
        (cellm.UsageError, {"response_format": {"type": "poem"}}),
        (cellm.UsageError, {"logit_bias": {"x": 1}}),
        (cellm.UsageError, {"top_logprobs": 2}),
        (cellm.UsageError, {"temperature": -1}),
        (TypeError, {"nonsense": 1}),
    ]
    for kind, options in wrong:
        with pytest.raises(kind):
            tiny.create_chat_completion(MESSAGES, **options)
    with pytest.raises(cellm.UnsupportedError):
        tiny.create_chat_completion(
            [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]
        )
    with pytest.raises(TypeError):
        tiny.create_chat_completion("Hello")  # type: ignore[arg-type]


TEXTS = [
    ("<think>\nA line.\n\nAnother.\n</think>\n\nThe answer.", "A line.\n\nAnother.", "The answer."),
    ("<think>\n\n</think>\n\nThe answer.", "", "The answer."),
    ("  <b> is no tag", "", "  <b> is no tag"),
    ("<think>never < ended </thin", "never < ended </thin", ""),
    ("The answer </think> has a tag", "", "The answer </think> has a tag"),
]


@pytest.mark.parametrize(("text", "reasoning", "content"), TEXTS)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_reasoning_is_told_apart(text: str, reasoning: str, content: str, size: int) -> None:
    splitter = _Splitter(begun=False)
    pieces = [text[i : i + size] for i in range(0, len(text), size)]
    given = [one for piece in pieces for one in splitter.push(piece)]
    given += splitter.push("", last=True)
    assert "".join(piece for name, piece in given if name == "reasoning_content") == reasoning
    assert "".join(piece for name, piece in given if name == "content") == content

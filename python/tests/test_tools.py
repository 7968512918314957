"""Calls of functions, in the shape that the client of OpenAI reads."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import QUESTION, TINY
from openai.types.chat import ChatCompletion, ChatCompletionChunk

import cellm

MESSAGES = [{"role": "user", "content": QUESTION}]
CITY = {
    "type": "object",
    "properties": {"city": {"enum": ["Bern", "Rome"]}},
    "required": ["city"],
    "additionalProperties": False,
}
WEATHER = {"type": "function", "function": {"name": "weather", "parameters": CITY, "strict": True}}
CLOCK = {"type": "function", "function": {"name": "clock"}}
NAMED: dict[str, Any] = {
    "tools": [WEATHER, CLOCK],
    "tool_choice": {"type": "function", "function": {"name": "weather"}},
    "parallel_tool_calls": False,
    "temperature": 1,
}


def called(tiny: cellm.Model, **given: Any) -> ChatCompletion:
    said = tiny.create_chat_completion(MESSAGES, **{**NAMED, **given})
    return ChatCompletion.model_validate(said, strict=True)


@pytest.mark.parametrize("seed", range(3))
def test_a_named_function_is_called(tiny: cellm.Model, seed: int) -> None:
    choice = called(tiny, seed=seed).choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content is None
    assert choice.message.tool_calls is not None
    (call,) = choice.message.tool_calls
    assert call.type == "function"
    assert call.function.name == "weather"
    assert json.loads(call.function.arguments)["city"] in ("Bern", "Rome")
    assert len(call.id) == 9


@pytest.mark.parametrize("seed", range(3))
def test_a_stream_has_the_same_call(tiny: cellm.Model, seed: int) -> None:
    message = called(tiny, seed=seed).choices[0].message
    assert message.tool_calls is not None
    chunks = [
        ChatCompletionChunk.model_validate(chunk, strict=True)
        for chunk in tiny.create_chat_completion(MESSAGES, stream=True, **{**NAMED, "seed": seed})
    ]
    parts = [one for c in chunks for one in c.choices[0].delta.tool_calls or []]
    assert [part.index for part in parts] == [0] * len(parts)
    assert parts[0].id is not None
    assert [part.id for part in parts[1:]] == [None] * (len(parts) - 1)
    functions = [part.function for part in parts if part.function is not None]
    assert functions[0].name == "weather"
    arguments = "".join(function.arguments or "" for function in functions)
    assert arguments == message.tool_calls[0].function.arguments
    assert len(parts) > 2  # they come while they are written
    assert not any(c.choices[0].delta.content for c in chunks)
    assert chunks[-1].choices[0].finish_reason == "tool_calls"


def test_no_call(tiny: cellm.Model) -> None:
    for choice in ("none", "auto"):  # cellm-tiny was not trained to call by itself
        said = called(tiny, tool_choice=choice, temperature=0, max_tokens=40).choices[0]
        assert said.message.tool_calls is None
        assert said.message.content
        assert said.finish_reason in ("stop", "length")


def test_another_form_or_a_call(tiny: cellm.Model) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "s", "schema": {"enum": ["it rains"]}}}
    (first,) = tiny.tokenizer.encode("<")
    fields = {"tool_choice": "auto", "response_format": form, "seed": 1}
    said = called(tiny, **fields, logit_bias={first: -100}).choices[0]
    assert (said.message.content, said.finish_reason) == ('"it rains"', "stop")
    said = called(tiny, **fields, logit_bias={first: 40}).choices[0]
    assert (said.message.content, said.finish_reason) == (None, "tool_calls")
    with pytest.raises(cellm.UsageError, match="another form"):
        called(tiny, response_format=form)


def test_results_are_sent_back(tiny: cellm.Model) -> None:
    asked = called(tiny, seed=1).choices[0].message.model_dump()
    (call,) = asked["tool_calls"]
    result = {"role": "tool", "tool_call_id": call["id"], "content": "It rains."}
    messages = [*MESSAGES, asked, result]
    said = tiny.create_chat_completion(messages, tools=[WEATHER], temperature=0, max_tokens=20)
    assert said["choices"][0]["message"]["content"]
    longer = [*messages[:-1], {**result, "content": "It rains. " * 20}]
    more = tiny.create_chat_completion(longer, tools=[WEATHER], max_tokens=1)
    assert more["usage"]["prompt_tokens"] > said["usage"]["prompt_tokens"] + 15


def test_a_stream_survives_its_closed_model() -> None:
    with cellm.Model(TINY) as model:
        chunks = model.create_chat_completion(MESSAGES, stream=True, **NAMED)
        next(chunks)
    assert [c for c in chunks if c["choices"]]
    with pytest.raises(cellm.UsageError, match="closed"):
        model.create_chat_completion(MESSAGES, **NAMED)

#!/usr/bin/env python3
"""Calls of functions with OpenAI's own client (PyPI), in each form that templates write them in, and with a template without tools."""

import json
import pathlib
import sys
import tempfile
import unittest

try:
    import jsonschema
    import openai
except ImportError:
    print("openai or jsonschema is not installed: scripts/test.sh installs tests/requirements.txt into build/venv")
    sys.exit(77)

from serve_client import Server
from tool_templates import TEMPLATES

QUESTION = [{"role": "user", "content": "What is the weather in Paris?"}]
FUNCTIONS = {
    "weather": {
        "type": "object",
        "properties": {
            "city": {"enum": ["Paris", "Rome", "New York"]},
            "days": {"type": "integer", "minimum": 1, "maximum": 7},
            "hourly": {"type": "boolean"},
            "place": {"type": "object", "properties": {"lat": {"type": "integer", "minimum": -90, "maximum": 90}, "kind": {"enum": ["a", "b"]}},
                      "required": ["lat", "kind"], "additionalProperties": False},
            "tags": {"type": "array", "items": {"enum": ["x", "y"]}, "minItems": 1, "maxItems": 2},
        },
        "required": ["city", "days", "place", "tags"],
        "additionalProperties": False,
    },
    "clock": {"type": "object", "properties": {"zone": {"type": "string", "enum": ["UTC", "CET"]}}, "required": ["zone"], "additionalProperties": False},
    "stop": {"type": "object", "properties": {}, "additionalProperties": False},
}  # fmt: skip
TOOLS = [{"type": "function", "function": {"name": name, "parameters": parameters, "strict": True}} for name, parameters in FUNCTIONS.items()]
ONE_CALL = ("llama",)  # forms without a call behind another
FIRST = {"llama": "{", "mistral": "["}  # of the other forms: <
SEEDS = range(1, 4)


def named(name):
    return {"type": "function", "function": {"name": name}}


def joined(chunks):
    """Content, calls as (name, arguments) and the reason to end, from the chunks of one streamed answer."""
    content, calls, reason = "", {}, None
    for chunk in chunks:
        if not chunk.choices:
            continue
        (choice,) = chunk.choices
        reason = choice.finish_reason or reason
        content += choice.delta.content or ""
        for delta in choice.delta.tool_calls or []:
            if delta.index not in calls:  # the first part of a call names it
                assert delta.id and delta.type == "function" and delta.function.name, delta
                assert delta.index == len(calls), delta
                calls[delta.index] = [delta.id, delta.function.name, ""]
            else:
                assert delta.id is None and delta.function.name is None, delta
            calls[delta.index][2] += delta.function.arguments or ""
    assert len({call[0] for call in calls.values()}) == len(calls), calls
    return content, [(name, arguments) for _, name, arguments in calls.values()], reason


class ToolsOf:
    """The tests, for one form of calls."""

    form = None

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        flags = []
        if cls.form is not None:
            path = pathlib.Path(cls.folder.name) / "template.jinja"
            path.write_text(TEMPLATES[cls.form])
            flags = ["--chat-template", path]
        cls.server = Server(*flags)
        cls.client = openai.OpenAI(base_url=f"http://127.0.0.1:{cls.server.port}/v1", api_key="none", max_retries=0)

    @classmethod
    def tearDownClass(cls):
        cls.client.close()
        cls.server.stop()
        cls.folder.cleanup()

    def ask(self, **fields):
        return self.client.chat.completions.create(**{"model": "x", "messages": QUESTION, "tools": TOOLS, "temperature": 1, "max_tokens": 600, "seed": 1, **fields})

    def calls_of(self, **fields):
        """The calls of an answer that has nothing else, each of which satisfies the schema of its function."""
        (choice,) = self.ask(**fields).choices
        self.assertEqual(choice.finish_reason, "tool_calls", choice)
        self.assertIsNone(choice.message.content)
        calls = choice.message.tool_calls
        self.assertEqual(len({call.id for call in calls}), len(calls))
        for call in calls:
            self.assertEqual(call.type, "function")
            jsonschema.validate(json.loads(call.function.arguments), FUNCTIONS[call.function.name])
        return calls

    def test_required(self):
        seen = {self.calls_of(tool_choice="required", parallel_tool_calls=False, seed=seed)[0].function.name for seed in range(1, 9)}
        self.assertGreater(len(seen), 1)

    def test_named(self):
        for name in FUNCTIONS:
            for seed in SEEDS:
                (call,) = self.calls_of(tool_choice=named(name), parallel_tool_calls=False, seed=seed)
                self.assertEqual(call.function.name, name)

    def test_none(self):
        for seed in SEEDS:
            (choice,) = self.ask(tool_choice="none", max_tokens=40, seed=seed).choices
            self.assertIsNone(choice.message.tool_calls)
            self.assertIn(choice.finish_reason, ("stop", "length"))
            self.assertTrue(choice.message.content)

    def test_auto_leaves_it_to_the_model(self):
        """With a form for other answers, the model writes either that or a call, here as a bias of the call's first token decides."""
        form = {"type": "json_schema", "json_schema": {"name": "s", "schema": {"enum": ["it rains"]}}}
        (first,) = self.server.post("/tokenize", {"content": FIRST.get(self.form, "<")}).json["tokens"]
        for bias in (-100, 40):
            fields = {"tool_choice": "auto", "response_format": form, "parallel_tool_calls": False}
            (choice,) = self.ask(**fields, logit_bias={first: bias}, temperature=0.7).choices
            if bias < 0:
                self.assertIsNone(choice.message.tool_calls)
                self.assertEqual((choice.message.content, choice.finish_reason), ('"it rains"', "stop"))
            else:
                (call,) = choice.message.tool_calls
                self.assertEqual((choice.message.content, choice.finish_reason), (None, "tool_calls"))
                jsonschema.validate(json.loads(call.function.arguments), FUNCTIONS[call.function.name])
        # The model was not trained to call functions: by itself it answers.
        (choice,) = self.ask(tool_choice="auto", temperature=0, max_tokens=60).choices
        self.assertIsNone(choice.message.tool_calls)
        self.assertTrue(choice.message.content)

    def test_a_stream_has_the_same_call(self):
        for seed in SEEDS:
            for choice in ("required", named("weather")):
                fields = {"tool_choice": choice, "seed": seed, "parallel_tool_calls": False}
                whole = [(call.function.name, call.function.arguments) for call in self.calls_of(**fields)]
                content, calls, reason = joined(self.ask(**fields, stream=True))
                self.assertEqual((content, calls, reason), ("", whole, "tool_calls"))

    def test_arguments_come_while_they_are_written(self):
        chunks = list(self.ask(tool_choice=named("weather"), parallel_tool_calls=False, stream=True))
        parts = [delta.function.arguments for chunk in chunks for delta in chunk.choices[0].delta.tool_calls or [] if delta.function.arguments]
        self.assertGreater(len(parts), 3)

    def test_parallel_calls(self):
        (end,) = self.server.post("/tokenize", {"content": "<|im_end|>"}).json["tokens"]
        for seed in SEEDS:
            # An answer that may not end yet goes on with another call; as soon as it may, it ends.
            fields = {"tool_choice": "required", "seed": seed, "max_tokens": 1200, "logit_bias": {end: 50}, "extra_body": {"min_tokens": 300}}
            (choice,) = self.ask(**fields).choices
            calls = choice.message.tool_calls
            self.assertGreater(len(calls), 0 if self.form in ONE_CALL else 1)
            self.assertEqual(len({call.id for call in calls}), len(calls))
            for call in calls if choice.finish_reason == "tool_calls" else calls[:-1]:  # the last one of a list may be unfinished
                jsonschema.validate(json.loads(call.function.arguments), FUNCTIONS[call.function.name])
            content, streamed, reason = joined(self.ask(**fields, stream=True))
            self.assertEqual(streamed, [(call.function.name, call.function.arguments) for call in calls])
            self.assertEqual((content, reason), ("", choice.finish_reason))

    def test_results_are_sent_back(self):
        (call,) = self.calls_of(tool_choice=named("clock"), parallel_tool_calls=False)
        asked = {"role": "assistant", "content": None, "tool_calls": [call.model_dump()]}
        messages = [*QUESTION, asked, {"role": "tool", "tool_call_id": call.id, "content": "twelve"}]
        with_result = self.ask(messages=messages, temperature=0, max_tokens=30)
        self.assertTrue(with_result.choices[0].message.content)
        # What was called and what it gave is in the prompt.
        self.assertGreater(with_result.usage.prompt_tokens, self.ask(max_tokens=1).usage.prompt_tokens)
        longer = [*messages[:-1], {**messages[-1], "content": "twelve " * 20}]
        self.assertGreater(self.ask(messages=longer, max_tokens=1).usage.prompt_tokens, with_result.usage.prompt_tokens + 15)
        # Several calls at once, and more questions behind.
        if self.form not in ONE_CALL:
            both = {**asked, "tool_calls": [call.model_dump(), {**call.model_dump(), "id": "abcdefghi"}]}
            messages = [*QUESTION, both, messages[-1], {"role": "tool", "tool_call_id": "abcdefghi", "content": "one"}, {"role": "assistant", "content": "Noon."}, *QUESTION]
            self.assertTrue(self.ask(messages=messages, temperature=0, max_tokens=30).choices[0].message.content)

    def test_responses(self):
        tools = [{"type": "function", "name": name, "parameters": parameters, "strict": True} for name, parameters in FUNCTIONS.items()]
        response = self.client.responses.create(model="x", input="x", tools=tools, tool_choice={"type": "function", "name": "weather"},
                                                parallel_tool_calls=False, max_output_tokens=600)  # fmt: skip
        (item,) = response.output
        self.assertEqual((item.type, item.name), ("function_call", "weather"))
        jsonschema.validate(json.loads(item.arguments), FUNCTIONS["weather"])
        items = [{"role": "user", "content": "x"}, item.model_dump(exclude_none=True), {"type": "function_call_output", "call_id": item.call_id, "output": "sun"}]
        self.assertTrue(self.client.responses.create(model="x", input=items, tools=tools, max_output_tokens=20).output_text)


class WithoutTools(ToolsOf, unittest.TestCase):
    """cellm-tiny's own template has no tools: Hermes' form, which the log says."""

    def test_the_definitions_are_in_the_prompt(self):
        self.assertTrue(any("definitions go into a system message" in line for line in self.server.lines), self.server.lines)
        plain = self.client.chat.completions.create(model="x", messages=QUESTION, max_tokens=1).usage.prompt_tokens
        self.assertGreater(self.ask(max_tokens=1).usage.prompt_tokens, plain + 100)


class Hermes(ToolsOf, unittest.TestCase):
    form = "hermes"


class QwenXml(ToolsOf, unittest.TestCase):
    form = "qwen_xml"


class NamedJson(ToolsOf, unittest.TestCase):
    form = "named_json"


class Llama(ToolsOf, unittest.TestCase):
    form = "llama"


class Mistral(ToolsOf, unittest.TestCase):
    form = "mistral"


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""cellm serve with OpenAI's own client (PyPI), whose types are checked strictly: every response, and every event of a stream."""

import json
import sys
import unittest
from typing import Literal

try:
    import openai
    import pydantic
except ImportError:
    print("openai is not installed: scripts/test.sh installs tests/requirements.txt into build/venv")
    sys.exit(77)

from openai.types import Completion
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response
from serve_client import Server

QUESTION = [{"role": "user", "content": "What is the capital of France?"}]
PARIS = "The capital of France is Paris."


class OpenAiTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("--name", "tiny")
        cls.client = openai.OpenAI(
            base_url=f"http://127.0.0.1:{cls.server.port}/v1", api_key="none", max_retries=0,
            _strict_response_validation=True,
        )  # fmt: skip

    @classmethod
    def tearDownClass(cls):
        cls.client.close()
        cls.server.stop()

    def exact(self, value, kind):
        """The client keeps what it does not know; what it knows has to have the type that it says."""
        self.assertIsInstance(value, kind)
        kind.model_validate_json(value.model_dump_json(), strict=False)
        pydantic.TypeAdapter(kind).validate_python(value.model_dump(warnings="error"))
        return value

    def test_chat(self):
        answer = self.exact(self.client.chat.completions.create(model="x", messages=QUESTION, temperature=0), ChatCompletion)
        self.assertEqual(answer.choices[0].message.content, PARIS)
        self.assertEqual(answer.choices[0].finish_reason, "stop")
        self.assertEqual(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens)
        self.assertGreaterEqual(answer.usage.prompt_tokens_details.cached_tokens, 0)

    def test_chat_with_logprobs(self):
        answer = self.exact(self.client.chat.completions.create(model="x", messages=QUESTION, temperature=0, logprobs=True, top_logprobs=2, n=2), ChatCompletion)
        self.assertEqual("".join(t.token for t in answer.choices[0].logprobs.content), PARIS)
        self.assertEqual(len(answer.choices[1].logprobs.content[0].top_logprobs), 2)

    def test_chat_stream(self):
        chunks = list(self.client.chat.completions.create(model="x", messages=QUESTION, temperature=0, stream=True, stream_options={"include_usage": True}))
        for chunk in chunks:
            self.exact(chunk, ChatCompletionChunk)
        self.assertEqual("".join(c.choices[0].delta.content or "" for c in chunks[:-1]), PARIS)
        self.assertGreater(chunks[-1].usage.completion_tokens, 3)

    def test_chat_stream_helper(self):
        with self.client.chat.completions.stream(model="x", messages=QUESTION, temperature=0) as stream:
            for _ in stream:
                pass
            self.assertEqual(stream.get_final_completion().choices[0].message.content, PARIS)

    def test_completions(self):
        answer = self.exact(self.client.completions.create(model="x", prompt=["What is", "The fox"], max_tokens=4, logprobs=1), Completion)
        self.assertEqual([len(choice.logprobs.tokens) for choice in answer.choices], [4, 4])

    def test_completions_that_the_types_do_not_describe(self):
        """By the types the first token of an echoed prompt has a probability, and every chunk of a stream a reason to end."""
        client = openai.OpenAI(base_url=self.client.base_url, api_key="none", max_retries=0)
        self.addCleanup(client.close)
        answer = client.completions.create(model="x", prompt="The fox", max_tokens=4, echo=True, logprobs=1)
        self.assertTrue(answer.choices[0].text.startswith("The fox"))
        self.assertIsNone(answer.choices[0].logprobs.token_logprobs[0])
        chunks = list(client.completions.create(model="x", prompt="The fox", max_tokens=4, stream=True))
        self.assertEqual(chunks[-1].choices[0].finish_reason, "length")
        self.assertEqual({chunk.choices[0].finish_reason for chunk in chunks[:-1]}, {None})

    def test_a_response_format_from_a_class(self):
        class City(pydantic.BaseModel):
            name: str = pydantic.Field(max_length=20)
            kind: Literal["town", "village"]

        answer = self.client.chat.completions.parse(model="x", messages=QUESTION, response_format=City, max_tokens=200, seed=1)
        self.assertIn(answer.choices[0].message.parsed.kind, ("town", "village"))
        response = self.client.responses.parse(model="x", input=QUESTION, text_format=City, max_output_tokens=200)
        self.assertIn(response.output_parsed.kind, ("town", "village"))

    def test_tools(self):
        function = {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"enum": ["Paris", "Rome"]}}, "required": ["city"]}}
        fields = {"model": "x", "messages": QUESTION, "tools": [{"type": "function", "function": function}], "tool_choice": "required", "seed": 2,
                  "parallel_tool_calls": False}  # fmt: skip
        answer = self.exact(self.client.chat.completions.create(**fields), ChatCompletion)
        (call,) = answer.choices[0].message.tool_calls
        self.assertEqual((call.function.name, answer.choices[0].finish_reason), ("weather", "tool_calls"))
        self.assertIn(json.loads(call.function.arguments)["city"], ("Paris", "Rome"))
        chunks = list(self.client.chat.completions.create(**fields, stream=True))
        for chunk in chunks:
            self.exact(chunk, ChatCompletionChunk)
        deltas = [delta for chunk in chunks for delta in chunk.choices[0].delta.tool_calls or []]
        self.assertEqual("".join(delta.function.arguments or "" for delta in deltas), call.function.arguments)
        tool = {"type": "function", "strict": True, **function}
        response = self.exact(self.client.responses.create(model="x", input="x", tools=[tool], tool_choice="required", parallel_tool_calls=False), Response)
        self.assertEqual(response.output[0].name, "weather")

    def test_responses(self):
        answer = self.exact(self.client.responses.create(model="x", input=QUESTION[0]["content"], temperature=0), Response)
        self.assertEqual(answer.output_text, PARIS)
        self.assertGreater(answer.usage.output_tokens, 3)

    def test_responses_stream(self):
        with self.client.responses.stream(model="x", input=QUESTION, temperature=0) as stream:
            kinds = [event.type for event in stream]
            self.assertEqual(self.exact(stream.get_final_response(), Response).output_text, PARIS)
        self.assertEqual((kinds[0], kinds[-1]), ("response.created", "response.completed"))

    def test_models(self):
        (model,) = self.client.models.list().data
        self.assertEqual(model.id, "tiny")
        self.assertEqual(self.client.models.retrieve("tiny").id, "tiny")

    def test_errors_are_those_of_the_client(self):
        with self.assertRaises(openai.BadRequestError) as raised:
            self.client.chat.completions.create(model="x", messages=QUESTION, temperature=-1)
        self.assertEqual((raised.exception.param, raised.exception.type), ("temperature", "invalid_request_error"))
        with self.assertRaises(openai.BadRequestError) as raised:
            self.client.chat.completions.create(model="x", messages=[{"role": "user", "content": "fox " * 4000}])
        self.assertEqual(raised.exception.code, "context_length_exceeded")
        for call in (lambda: self.client.models.retrieve("nothing"), lambda: self.client.embeddings.create(model="x", input="x")):
            with self.assertRaises(openai.NotFoundError):
                call()


if __name__ == "__main__":
    unittest.main()

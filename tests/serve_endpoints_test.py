#!/usr/bin/env python3
"""cellm serve: every endpoint, with the standard library as the client."""

import json
import math
import time
import unittest

from harness import run
from serve_client import MODEL, Server

QUESTION = [{"role": "user", "content": "What is the capital of France?"}]
PARIS = "The capital of France is Paris."
STORY = [{"role": "user", "content": "Tell me a story about a fox."}]
GREEDY = {"temperature": 0}
CHAT = "/v1/chat/completions"
TEXT = "/v1/completions"


class ServeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("--name", "tiny")

    @classmethod
    def tearDownClass(cls):
        code = cls.server.stop()
        if code != 0:
            raise AssertionError(f"exit code {code}: {cls.server.lines[-5:]}")

    def ask(self, path, body, status=200):
        reply = self.server.post(path, body)
        self.assertEqual(reply.status, status, reply.body)
        return reply.json

    def refuse(self, path, body, param, text="", status=400):
        error = self.ask(path, body, status)["error"]
        self.assertEqual(set(error), {"message", "type", "param", "code"})
        self.assertEqual(error["param"], param, error)
        self.assertIn(text, error["message"])
        return error


class Chat(ServeTest):
    def test_an_answer(self):
        answer = self.ask(CHAT, {"model": "tiny", "messages": QUESTION, **GREEDY})
        self.assertEqual((answer["object"], answer["model"]), ("chat.completion", "tiny"))
        (choice,) = answer["choices"]
        self.assertEqual(choice["message"], {"role": "assistant", "content": PARIS, "refusal": None})
        self.assertEqual((choice["index"], choice["finish_reason"], choice["logprobs"]), (0, "stop", None))
        usage = answer["usage"]
        self.assertEqual(usage["total_tokens"], usage["prompt_tokens"] + usage["completion_tokens"])
        self.assertIn("cached_tokens", usage["prompt_tokens_details"])

    def test_the_answer_is_that_of_cellm_infer(self):
        told = run("infer", "--model", MODEL, "--chat", "--prompt", STORY[0]["content"], "--gen", "200", "--seed", "7", "-q")
        answer = self.ask(CHAT, {"messages": STORY, "seed": 7, "max_tokens": 200})
        self.assertEqual(answer["choices"][0]["message"]["content"], told.stdout.decode().rstrip("\n"))

    def test_a_stream_is_the_answer_in_parts(self):
        for fields in ({**GREEDY}, {"seed": 3}, {"seed": 3, "n": 3}, {"stop": ["fox", "the "], "seed": 4}):
            body = {"messages": STORY, "max_tokens": 120, **fields}
            whole = self.ask(CHAT, body)
            parts = self.server.stream(CHAT, {**body, "stream_options": {"include_usage": True}})
            self.assertEqual(parts[-1][1], "[DONE]")
            *chunks, last = [data for _, data in parts[:-1]]
            self.assertEqual((last["choices"], last["usage"]["completion_tokens"]), ([], whole["usage"]["completion_tokens"]))
            self.assertEqual({chunk["usage"] for chunk in chunks}, {None})
            self.assertEqual({chunk["object"] for chunk in chunks}, {"chat.completion.chunk"})
            self.assertEqual(len({chunk["id"] for chunk in chunks}), 1)
            for expected in whole["choices"]:
                mine = [c["choices"][0] for c in chunks if c["choices"][0]["index"] == expected["index"]]
                self.assertEqual(mine[0]["delta"]["role"], "assistant")
                self.assertEqual("".join(c["delta"].get("content") or "" for c in mine), expected["message"]["content"])
                self.assertEqual([c["finish_reason"] for c in mine[:-1]], [None] * (len(mine) - 1))
                self.assertEqual(mine[-1]["finish_reason"], expected["finish_reason"])

    def test_a_seed_repeats_an_answer_and_answers_of_one_request_differ(self):
        body = {"messages": STORY, "temperature": 1.5, "top_k": 0, "max_tokens": 40}
        texts = lambda answer: [choice["message"]["content"] for choice in answer["choices"]]
        first, again = (texts(self.ask(CHAT, {**body, "seed": 5, "n": 4})) for _ in range(2))
        self.assertEqual(first, again)
        self.assertEqual(len(set(first)), 4)
        self.assertEqual(texts(self.ask(CHAT, {**body, "seed": 7})), first[2:3])  # seed + i
        self.assertNotEqual(*(texts(self.ask(CHAT, body)) for _ in range(2)))

    def test_stop_and_length(self):
        answer = self.ask(CHAT, {"messages": QUESTION, "stop": " is", **GREEDY})["choices"][0]
        self.assertEqual((answer["message"]["content"], answer["finish_reason"]), ("The capital of France", "stop"))
        for name in ("max_tokens", "max_completion_tokens", "n_predict"):
            answer = self.ask(CHAT, {"messages": QUESTION, name: 2, **GREEDY})
            self.assertEqual(answer["choices"][0]["finish_reason"], "length")
            self.assertEqual(answer["usage"]["completion_tokens"], 2)

    def test_logprobs(self):
        body = {"messages": QUESTION, "logprobs": True, "top_logprobs": 3, **GREEDY}
        choice = self.ask(CHAT, body)["choices"][0]
        content = choice["logprobs"]["content"]
        self.assertEqual("".join(entry["token"] for entry in content), PARIS)
        for entry in content:
            self.assertEqual(bytes(entry["bytes"]).decode(), entry["token"])
            self.assertEqual(len(entry["top_logprobs"]), 3)
            self.assertEqual(entry["top_logprobs"][0]["logprob"], entry["logprob"])  # greedy
            self.assertLessEqual(entry["logprob"], 0)
        streamed = [data["choices"][0] for _, data in self.server.stream(CHAT, body)[:-1]]
        self.assertEqual([e for c in streamed if c["logprobs"] for e in c["logprobs"]["content"]], content)

    def test_logit_bias_bans_and_forces(self):
        (paris,) = self.ask("/tokenize", {"content": " Paris"})["tokens"]
        answer = self.ask(CHAT, {"messages": QUESTION, "logit_bias": {str(paris): -100}, **GREEDY})
        self.assertNotIn("Paris", answer["choices"][0]["message"]["content"])
        answer = self.ask(CHAT, {"messages": QUESTION, "logit_bias": {str(paris): 100}, "max_tokens": 3, **GREEDY})
        self.assertEqual(answer["choices"][0]["message"]["content"], " Paris Paris Paris")

    def test_parts_and_roles(self):
        parts = [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": [{"type": "text", "text": QUESTION[0]["content"]}]}]
        self.assertEqual(self.ask(CHAT, {"messages": parts, **GREEDY})["choices"][0]["message"]["content"], PARIS)

    def test_reasoning_is_apart(self):
        body = {"messages": QUESTION, "chat_template_kwargs": {"enable_thinking": True}, "max_tokens": 30, **GREEDY}
        message = self.ask(CHAT, body)["choices"][0]["message"]
        self.assertTrue(message["reasoning_content"] or message["content"])
        raw = self.ask(CHAT, {**body, "reasoning_format": "none"})["choices"][0]["message"]
        self.assertNotIn("reasoning_content", raw)
        streamed = [data["choices"][0]["delta"] for _, data in self.server.stream(CHAT, body)[:-1]]
        self.assertEqual("".join(d.get("reasoning_content", "") for d in streamed), message.get("reasoning_content", ""))

    def test_wrong_fields_are_named(self):
        wrong = {
            "temperature": (-1, "hot", 3, True), "top_p": (1.5, "x"), "max_tokens": (-2, 1.5, "many"), "n": (0, 1000, "2"),
            "stop": (5, [""], [3]), "seed": ("x", 1.5), "logit_bias": ([5], {"x": 1}, {"1": 500}, {"99999999": 1}),
            "presence_penalty": (5,), "stream": ("yes", 1), "top_logprobs": (30, -1), "logprobs": (5,), "tools": ("x",),
            "response_format": (5, {}, {"type": "xml"}, {"type": "json_schema"}), "chat_template_kwargs": (5,), "model": (7,),
            "reasoning_effort": ("some",), "functions": ([],), "top_k": (-7, 1.5),
        }  # fmt: skip
        for name, values in wrong.items():
            for value in values:
                with self.subTest(field=name, value=value):
                    error = self.ask(CHAT, {"messages": QUESTION, name: value}, 400)["error"]
                    self.assertTrue((error["param"] or "").startswith(name), error)
                    self.assertEqual(error["type"], "invalid_request_error")
        self.refuse(CHAT, {}, "messages")
        for messages in ("x", [], [5], [{}], [{"role": "king", "content": "x"}], [{"role": "user", "content": 5}],
                         [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]):  # fmt: skip
            with self.subTest(messages=messages):
                error = self.ask(CHAT, {"messages": messages}, 400)["error"]
                self.assertTrue(error["param"].startswith("messages"), error)
        for body in (b"", b"{", b"[]", b'{"messages": [], "messages": []}', b"\xff", b"[" * 100_000, b'{"a":' * 10_000):
            with self.subTest(body=body[:20]):
                reply = self.server.post(CHAT, body)
                self.assertEqual(reply.status, 400, reply.body)
                self.assertIn("message", reply.json["error"])

    def test_unknown_fields_and_null_are_ignored(self):
        body = {"messages": QUESTION, "frobnicate": {"x": 1}, "id_slot": 3, "cache_prompt": False, "stop": None, "n": None,
                "temperature": 0, "store": True, "metadata": {"a": "b"}, "user": "me", "service_tier": "auto"}  # fmt: skip
        self.assertEqual(self.ask(CHAT, body)["choices"][0]["message"]["content"], PARIS)

    def test_a_conversation_that_does_not_fit(self):
        long = [{"role": "user", "content": "fox " * 5000}]
        error = self.refuse(CHAT, {"messages": long}, "messages", "context")
        self.assertEqual(error["code"], "context_length_exceeded")
        error = self.refuse(TEXT, {"prompt": "fox " * 5000}, "prompt", "context")
        self.assertEqual(error["code"], "context_length_exceeded")

    def test_what_the_template_refuses(self):
        self.refuse(CHAT, {"messages": [{"role": "assistant", "content": "x"}]}, "messages", "No user query")


class Completions(ServeTest):
    def test_prompts_in_all_forms(self):
        text = "Tell me how much 2 plus 2 is. 2 plus 2 is"
        ids = self.ask("/tokenize", {"prompt": text})["tokens"]
        body = {"max_tokens": 3, **GREEDY}
        texts = lambda prompt: [c["text"] for c in self.ask(TEXT, {**body, "prompt": prompt})["choices"]]
        (one,) = texts(text)
        self.assertEqual(texts(ids), [one])
        self.assertEqual(texts([text, text]), [one, one])
        self.assertEqual(texts([ids, ids, ids]), [one] * 3)
        answer = self.ask(TEXT, {**body, "prompt": [text, ids], "n": 2, "seed": 1})
        self.assertEqual([c["index"] for c in answer["choices"]], [0, 1, 2, 3])
        self.assertEqual(answer["usage"]["prompt_tokens"], 2 * len(ids))
        self.assertEqual(answer["object"], "text_completion")

    def test_many_prompts_are_answered_in_their_order(self):
        prompts = [f"What is {i} plus 2? {i} plus 2 is" for i in range(1, 31)]
        many = [c["text"] for c in self.ask(TEXT, {"prompt": prompts, "max_tokens": 4, **GREEDY})["choices"]]
        for i in (0, 13, 29):
            self.assertEqual(self.ask(TEXT, {"prompt": prompts[i], "max_tokens": 4, **GREEDY})["choices"][0]["text"], many[i])

    def test_the_default_length_is_openais(self):
        self.assertEqual(self.ask(TEXT, {"prompt": "Once upon a time"})["usage"]["completion_tokens"], 16)

    def test_echo_and_logprobs_have_an_entry_for_each_token(self):
        text = "What is the capital of France? The capital of France is"
        ids = self.ask("/tokenize", {"prompt": text})["tokens"]
        for most in (0, 1, 5):
            choice = self.ask(TEXT, {"prompt": ids, "echo": True, "logprobs": 2, "max_tokens": most, **GREEDY})["choices"][0]
            logprobs = choice["logprobs"]
            for name in ("tokens", "token_logprobs", "top_logprobs", "text_offset"):
                self.assertEqual(len(logprobs[name]), len(ids) + most, (name, most))
            self.assertTrue(choice["text"].startswith(text))
            self.assertEqual((logprobs["token_logprobs"][0], logprobs["top_logprobs"][0]), (None, None))
            for token, value, top in list(zip(logprobs["tokens"], logprobs["token_logprobs"], logprobs["top_logprobs"]))[1:]:
                self.assertEqual(top[token], value)
                self.assertIn(len(top), (2, 3))
            for offset, token in zip(logprobs["text_offset"][: len(ids)], logprobs["tokens"]):
                self.assertEqual(text[offset : offset + len(token)], token)
        streamed = self.server.stream(TEXT, {"prompt": ids, "echo": True, "logprobs": 2, "max_tokens": 5, **GREEDY})[:-1]
        self.assertEqual("".join(d["choices"][0]["text"] for _, d in streamed), choice["text"])
        parts = [d["choices"][0]["logprobs"]["token_logprobs"] for _, d in streamed if d["choices"][0]["logprobs"]]
        self.assertEqual(sum(parts, []), logprobs["token_logprobs"])

    def test_the_token_that_ends_an_answer_has_an_entry(self):
        ids = self.ask("/tokenize", {"messages": QUESTION})["tokens"] + self.ask("/tokenize", {"content": PARIS})["tokens"]
        for most in (1, 5):
            answer = self.ask(TEXT, {"prompt": ids, "echo": True, "logprobs": 1, "max_tokens": most, **GREEDY})
            (choice,) = answer["choices"]
            self.assertEqual(choice["finish_reason"], "stop")
            self.assertEqual(choice["logprobs"]["tokens"][len(ids) :], ["<|im_end|>"])
            self.assertEqual(answer["usage"]["completion_tokens"], 1)

    def test_logprobs_of_the_prompt_are_those_of_cellm_logits(self):
        ids = self.ask("/tokenize", {"prompt": "The fox ran to the river."})["tokens"]
        echoed = self.ask(TEXT, {"prompt": ids, "echo": True, "logprobs": 1, "max_tokens": 1, **GREEDY})["choices"][0]["logprobs"]
        again = self.ask(TEXT, {"prompt": ids[:-1], "logprobs": 1, "max_tokens": 1, **GREEDY})["choices"][0]["logprobs"]
        best = max(echoed["top_logprobs"][len(ids) - 1].values())
        self.assertTrue(math.isclose(best, again["token_logprobs"][0], abs_tol=1e-4))

    def test_a_stream_is_the_answer_in_parts(self):
        body = {"prompt": ["Once upon a time", "The fox"], "n": 2, "seed": 9, "max_tokens": 30}
        whole = self.ask(TEXT, body)
        chunks = [d for _, d in self.server.stream(TEXT, body)[:-1]]
        for choice in whole["choices"]:
            mine = [c["choices"][0] for c in chunks if c["choices"][0]["index"] == choice["index"]]
            self.assertEqual("".join(c["text"] for c in mine), choice["text"])
            self.assertEqual(mine[-1]["finish_reason"], choice["finish_reason"])

    def test_wrong_fields_are_named(self):
        for field, value in (("prompt", 5), ("prompt", []), ("prompt", ""), ("prompt", [99999999]), ("prompt", [-1]), ("prompt", [[]]),
                             ("prompt", [None]), ("logprobs", 50), ("logprobs", True), ("echo", 1), ("suffix", "x"), ("best_of", 3)):  # fmt: skip
            with self.subTest(field=field, value=value):
                self.refuse(TEXT, {"prompt": "x", field: value}, field)


SCHEMA = {"type": "object", "properties": {"city": {"enum": ["Paris", "Rome"]}, "count": {"type": "integer", "minimum": 3, "maximum": 5}},
          "required": ["city", "count"], "additionalProperties": False}  # fmt: skip


class PlainCompletions(ServeTest):
    """The form of llama.cpp's server."""

    FIELDS = {"prompt": "Once upon a time", "n_predict": 12, "seed": 5, "temperature": 0.8}

    def test_the_answer_is_that_of_completions(self):
        answer = self.ask("/completion", {**self.FIELDS, "n_probs": 2, "return_tokens": True})
        text = self.ask(TEXT, {"prompt": "Once upon a time", "max_tokens": 12, "seed": 5, "temperature": 0.8})["choices"][0]["text"]
        self.assertEqual((answer["content"], answer["stop"], answer["stop_type"]), (text, True, "limit"))
        self.assertEqual((len(answer["tokens"]), len(answer["completion_probabilities"]), answer["tokens_predicted"]), (12, 12, 12))
        self.assertEqual([entry["id"] for entry in answer["completion_probabilities"]], answer["tokens"])
        self.assertEqual(self.ask("/detokenize", {"tokens": answer["tokens"]})["content"], text)
        self.assertEqual((answer["generation_settings"]["seed"], answer["prompt"]), (5, "Once upon a time"))
        self.assertEqual(self.ask("/completion", {**self.FIELDS, "response_fields": ["content"]}), {"content": text})

    def test_a_stream_is_the_answer_in_parts(self):
        whole = self.ask("/completion", {**self.FIELDS, "return_tokens": True})
        parts = [data for _, data in self.server.stream("/completion", self.FIELDS)]
        self.assertEqual("".join(part["content"] for part in parts), whole["content"])
        self.assertEqual([id for part in parts for id in part["tokens"]], whole["tokens"])
        self.assertEqual([part["stop"] for part in parts], [False] * (len(parts) - 1) + [True])
        self.assertEqual(parts[-1]["timings"]["predicted_n"], 12)

    def test_forms_of_prompts(self):
        ids = self.ask("/tokenize", {"content": "Once upon a time"})["tokens"]
        answers = self.ask("/completion", {**self.FIELDS, "prompt": ["Once upon a time", ids, {"prompt_string": "Once upon a time"}, [*ids[:1], "x"]]}, 400)
        self.assertEqual(answers["error"]["param"], "prompt")
        answers = self.ask("/completion", {**self.FIELDS, "prompt": ["Once upon a time", ids, {"prompt_string": "Once upon a time"}]})
        self.assertEqual(len({answer["content"] for answer in answers}), 1)
        self.assertEqual([answer["index"] for answer in answers], [0, 1, 2])
        self.ask("/completion", {**self.FIELDS, "prompt": [ids[0], " upon", ids[-1]]})

    def test_stop_and_errors(self):
        answer = self.ask("/completion", {**self.FIELDS, "n_predict": 60, "stop": [" the", ","]})
        self.assertEqual(answer["stop_type"], "word")
        self.assertIn(answer["stopping_word"], (" the", ","))
        self.refuse("/completion", {"prompt": "x", "post_sampling_probs": True}, "post_sampling_probs")
        self.refuse("/completion", {"prompt": "fox " * 4000}, "prompt")


class Formats(ServeTest):
    def content(self, **fields):
        choice = self.ask(CHAT, {"messages": QUESTION, "max_tokens": 100, "temperature": 1, "seed": 1, **fields})["choices"][0]
        self.assertEqual(choice["finish_reason"], "stop", choice)
        return choice["message"]["content"]

    def test_a_schema_holds_in_all_spellings(self):
        for fields in ({"response_format": {"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": SCHEMA}}},
                       {"response_format": {"type": "json_object", "schema": SCHEMA}}, {"json_schema": SCHEMA}):  # fmt: skip
            value = json.loads(self.content(**fields))
            self.assertEqual(set(value), {"city", "count"})
            self.assertIn(value["city"], ("Paris", "Rome"))
            self.assertIn(value["count"], (3, 4, 5))
        answer = self.ask("/v1/responses", {"input": "x", "text": {"format": {"type": "json_schema", "name": "x", "schema": SCHEMA}}})
        self.assertIn(json.loads(answer["output"][0]["content"][0]["text"])["count"], (3, 4, 5))
        answer = self.ask(TEXT, {"prompt": "x", "max_tokens": 500, "seed": 1, "json_schema": SCHEMA, "n": 3})
        for choice in answer["choices"]:
            self.assertIn(json.loads(choice["text"])["count"], (3, 4, 5))

    def test_a_schema_holds_in_a_stream(self):
        body = {"messages": QUESTION, "seed": 2, "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}}}
        chunks = [data["choices"][0] for _, data in self.server.stream(CHAT, body)[:-1]]
        self.assertIn(json.loads("".join(c["delta"].get("content") or "" for c in chunks))["city"], ("Paris", "Rome"))

    def test_a_schema_holds_after_reasoning(self):
        body = {"messages": QUESTION, "seed": 2, "json_schema": SCHEMA, "reasoning_budget": 10, "chat_template_kwargs": {"enable_thinking": True}}
        message = self.ask(CHAT, body)["choices"][0]["message"]
        self.assertIn(json.loads(message["content"])["city"], ("Paris", "Rome"))

    def test_objects_and_grammars(self):
        self.assertIn(self.content(grammar='root ::= "yes" | "no"'), ("yes", "no"))
        choice = self.ask(CHAT, {"messages": QUESTION, "max_tokens": 20, "response_format": {"type": "json_object"}})["choices"][0]
        self.assertTrue(choice["message"]["content"].startswith("{"), choice)

    def test_the_names_of_other_servers(self):
        for fields in ({"regex": "[0-9]{3}"}, {"guided_regex": "[0-9]{3}"}, {"structured_outputs": {"regex": "[0-9]{3}"}}):
            self.assertRegex(self.content(**fields), r"\A[0-9]{3}\Z")
        for fields in ({"guided_choice": ["left", "right"]}, {"structured_outputs": {"choice": ["left", "right"]}}):
            self.assertIn(self.content(**fields), ("left", "right"))
        for fields in ({"ebnf": 'root ::= "a" "b"'}, {"guided_grammar": 'root ::= "ab"'}, {"structured_outputs": {"grammar": 'root ::= "ab"'}}):
            self.assertEqual(self.content(**fields), "ab")
        for fields in ({"guided_json": SCHEMA}, {"guided_json": json.dumps(SCHEMA)}, {"structured_outputs": {"json": SCHEMA}}):
            self.assertIn(json.loads(self.content(**fields))["count"], (3, 4, 5))
        choice = self.ask(CHAT, {"messages": QUESTION, "max_tokens": 20, "structured_outputs": {"json_object": True}})["choices"][0]
        self.assertTrue(choice["message"]["content"].startswith("{"), choice)

    def test_what_is_not_supported_is_named(self):
        for schema, text in (({"type": "string", "format": "uri"}, "uri"), ({"not": {}}, "not"), ({"type": "nothing"}, "type"), ({"$ref": "#/x"}, "x")):
            error = self.ask(CHAT, {"messages": QUESTION, "json_schema": schema}, 400)["error"]
            self.assertEqual(error["param"], "json_schema")
            self.assertIn(text, error["message"])
        self.refuse(CHAT, {"messages": QUESTION, "grammar": "root ::= ["}, "grammar")
        self.refuse(CHAT, {"messages": QUESTION, "grammar": "x", "json_schema": {}}, "grammar")
        for field in ("guided_json", "guided_regex", "structured_outputs", "structural_tag", "ebnf", "allowed_token_ids"):
            self.refuse(CHAT, {"messages": QUESTION, field: ["yes", "no"]}, field)
        self.refuse(CHAT, {"messages": QUESTION, "regex": "(?=x)"}, "regex")
        self.refuse(CHAT, {"messages": QUESTION, "guided_choice": []}, "guided_choice")
        self.refuse(CHAT, {"messages": QUESTION, "structured_outputs": {"choice": ["a", 1]}}, "structured_outputs.choice")
        self.ask(CHAT, {"messages": QUESTION, "max_tokens": 1, "guided_json": None})

    def test_one_constraint_is_not_dropped_for_another(self):
        schema = {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}}
        self.refuse(CHAT, {"messages": QUESTION, "response_format": schema, "json_schema": {"const": 1}}, "json_schema")
        self.refuse(CHAT, {"messages": QUESTION, "structured_outputs": {"regex": "a", "choice": ["b"]}}, "structured_outputs.choice")
        body = {"input": "x", "regex": "yes|no", "text": {"format": {"type": "text"}}}
        self.assertIn(self.ask("/v1/responses", body)["output"][0]["content"][0]["text"], ("yes", "no"))


WEATHER = {"name": "weather", "description": "Weather of a city", "parameters": {"type": "object", "properties": {
    "city": {"enum": ["Paris", "Rome"]}, "days": {"type": "integer", "minimum": 1, "maximum": 7}}, "required": ["city", "days"]}, "strict": True}  # fmt: skip
CLOCK = {"name": "clock", "parameters": {"type": "object", "properties": {}, "additionalProperties": False}}
TOOLS = [{"type": "function", "function": tool} for tool in (WEATHER, CLOCK)]


class Tools(ServeTest):
    def call(self, **fields):
        choice = self.ask(CHAT, {"messages": QUESTION, "tools": TOOLS, "temperature": 1, "seed": 1, "max_tokens": 300, **fields})["choices"][0]
        self.assertEqual(choice["finish_reason"], "tool_calls", choice)
        self.assertIsNone(choice["message"]["content"])
        return choice["message"]["tool_calls"]

    def test_a_named_function_is_called_with_arguments_of_its_schema(self):
        for seed in range(4):
            (call,) = self.call(tool_choice={"type": "function", "function": {"name": "weather"}}, seed=seed, parallel_tool_calls=False)
            self.assertEqual((call["type"], call["function"]["name"]), ("function", "weather"))
            arguments = json.loads(call["function"]["arguments"])
            self.assertIn(arguments["city"], ("Paris", "Rome"))
            self.assertIn(arguments["days"], range(1, 8))

    def test_a_call_is_required(self):
        for call in self.call(tool_choice="required", parallel_tool_calls=False):
            self.assertIn(call["function"]["name"], ("weather", "clock"))
        self.refuse(CHAT, {"messages": QUESTION, "tools": TOOLS, "tool_choice": "required", "response_format": {"type": "json_object"}}, "response_format.type")

    def test_no_call_is_made_unasked(self):
        for choice in ("none", "auto"):
            answer = self.ask(CHAT, {"messages": QUESTION, "tools": TOOLS, "tool_choice": choice, "max_tokens": 40, **GREEDY})["choices"][0]
            self.assertNotIn("tool_calls", answer["message"])

    def test_a_stream_has_the_call_in_parts(self):
        fields = {"messages": QUESTION, "tools": TOOLS, "tool_choice": {"type": "function", "function": {"name": "weather"}}, "seed": 3, "parallel_tool_calls": False}
        chunks = [data["choices"][0] for _, data in self.server.stream(CHAT, fields)[:-1]]
        deltas = [delta for chunk in chunks for delta in chunk["delta"].get("tool_calls", [])]
        self.assertEqual((deltas[0]["index"], deltas[0]["type"], deltas[0]["function"]["name"]), (0, "function", "weather"))
        self.assertTrue(deltas[0]["id"])
        arguments = "".join(delta["function"]["arguments"] for delta in deltas)
        (whole,) = self.call(**{k: v for k, v in fields.items() if k != "messages"}, temperature=None)
        self.assertEqual(arguments, whole["function"]["arguments"])
        self.assertEqual(chunks[-1]["finish_reason"], "tool_calls")

    def test_calls_and_results_in_the_conversation(self):
        call = {"id": "c1", "type": "function", "function": {"name": "clock", "arguments": "{}"}}
        messages = [*QUESTION, {"role": "assistant", "content": None, "tool_calls": [call]}, {"role": "tool", "tool_call_id": "c1", "content": "12:00"}]
        self.ask(CHAT, {"messages": messages, "tools": TOOLS, "max_tokens": 5})
        items = [{"role": "user", "content": "What time is it?"}, {"type": "function_call", "call_id": "c1", "name": "clock", "arguments": "{}"},
                 {"type": "function_call_output", "call_id": "c1", "output": "12:00"}]  # fmt: skip
        self.ask("/v1/responses", {"input": items, "max_output_tokens": 5})

    def test_a_response_with_a_call(self):
        body = {"input": "x", "tools": [{"type": "function", **WEATHER}], "tool_choice": "required", "parallel_tool_calls": False, "seed": 5, "max_output_tokens": 300}
        (item,) = self.ask("/v1/responses", body)["output"]
        self.assertEqual((item["type"], item["name"], item["status"]), ("function_call", "weather", "completed"))
        self.assertIn(json.loads(item["arguments"])["city"], ("Paris", "Rome"))
        parts = self.server.stream("/v1/responses", body)
        deltas = [data["delta"] for name, data in parts if name == "response.function_call_arguments.delta"]
        self.assertEqual("".join(deltas), item["arguments"])
        self.assertEqual(parts[-1][1]["response"]["output"][0]["arguments"], item["arguments"])

    def test_wrong_fields_are_named(self):
        for field, value in (("tools", "x"), ("tools", [5]), ("tools", [{"type": "function"}]), ("tool_choice", "maybe"), ("tool_choice", "required"),
                             ("parallel_tool_calls", 1)):  # fmt: skip
            error = self.ask(CHAT, {"messages": QUESTION, field: value}, 400)["error"]
            self.assertTrue((error["param"] or "").startswith(field), error)
        error = self.ask(CHAT, {"messages": QUESTION, "tools": TOOLS, "tool_choice": {"type": "function", "function": {"name": "x"}}}, 400)["error"]
        self.assertTrue(error["param"].startswith("tool_choice"), error)


class Responses(ServeTest):
    PATH = "/v1/responses"

    def test_an_answer(self):
        answer = self.ask(self.PATH, {"input": QUESTION[0]["content"], **GREEDY, "metadata": {"a": "b"}})
        self.assertEqual((answer["object"], answer["status"], answer["error"]), ("response", "completed", None))
        (item,) = answer["output"]
        self.assertEqual((item["type"], item["role"], item["content"][0]["text"]), ("message", "assistant", PARIS))
        self.assertEqual(answer["metadata"], {"a": "b"})
        self.assertGreater(answer["usage"]["output_tokens"], 3)

    def test_input_items_and_instructions(self):
        items = [{"role": "user", "content": [{"type": "input_text", "text": "Hello"}]},
                 {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hello!", "annotations": []}]},
                 {"role": "user", "content": QUESTION[0]["content"]}]  # fmt: skip
        answer = self.ask(self.PATH, {"input": items, "instructions": "Be brief.", **GREEDY})
        self.assertIn("Paris", answer["output"][0]["content"][0]["text"])

    def test_a_stream_has_openais_events(self):
        body = {"input": QUESTION[0]["content"], **GREEDY}
        parts = self.server.stream(self.PATH, body)
        names = [name for name, _ in parts]
        self.assertEqual(names, [data["type"] for _, data in parts])
        self.assertEqual([data["sequence_number"] for _, data in parts], list(range(len(parts))))
        deltas = [i for i, name in enumerate(names) if name == "response.output_text.delta"]
        self.assertEqual(names[: deltas[0]], ["response.created", "response.in_progress", "response.output_item.added", "response.content_part.added"])
        self.assertEqual(names[deltas[-1] + 1 :], ["response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed"])
        self.assertEqual("".join(parts[i][1]["delta"] for i in deltas), PARIS)
        done = parts[-1][1]["response"]
        whole = self.ask(self.PATH, body)
        self.assertEqual(done["output"][0]["content"], whole["output"][0]["content"])
        self.assertEqual(done["usage"]["output_tokens"], whole["usage"]["output_tokens"])

    def test_an_answer_that_is_too_long(self):
        answer = self.ask(self.PATH, {"input": "Tell me a story about a fox.", "max_output_tokens": 5})
        self.assertEqual((answer["status"], answer["incomplete_details"]), ("incomplete", {"reason": "max_output_tokens"}))
        self.assertEqual(self.server.stream(self.PATH, {"input": "Tell me a story about a fox.", "max_output_tokens": 5})[-1][0], "response.incomplete")

    def test_wrong_fields_are_named(self):
        for field, value in (("input", 5), ("input", [5]), ("previous_response_id", "x"), ("background", True), ("truncation", "auto"),
                             ("n", 2), ("metadata", 5), ("instructions", 5), ("text", {"format": {"type": "x"}})):  # fmt: skip
            with self.subTest(field=field, value=value):
                error = self.ask(self.PATH, {"input": "x", field: value}, 400)["error"]
                self.assertTrue(error["param"].startswith(field), error)


class Rest(ServeTest):
    def test_models(self):
        (model,) = self.server.get("/v1/models").json["data"]
        self.assertEqual((model["id"], model["object"], model["owned_by"]), ("tiny", "model", "cellm"))
        self.assertEqual(model["max_model_len"], 2048)
        self.assertEqual(model["meta"], {"n_ctx": 2048, "n_vocab": 4096, "n_params": 8_293_296})
        self.assertEqual(self.server.get("/models/tiny").json, model)
        self.assertEqual(self.server.get("/v1/models/tiny").json, model)
        self.assertEqual(self.server.get("/v1/models/gpt").status, 404)

    def test_tokenizer(self):
        text = "Tell me <|im_end|> a story. é"
        tokens = self.ask("/tokenize", {"prompt": text})["tokens"]
        expected = run("tokenize", "--model", MODEL, "--prompt", text, "--parse-special")
        if expected.returncode == 0:
            self.assertEqual(tokens, [int(t) for t in expected.stdout.decode().replace(",", " ").split()])
        self.assertEqual(self.ask("/detokenize", {"tokens": tokens})["prompt"], text)
        self.assertEqual(self.ask("/detokenize", {"tokens": tokens})["content"], text)
        self.assertNotEqual(self.ask("/tokenize", {"content": text, "parse_special": False})["tokens"], tokens)
        pieces = self.ask("/tokenize", {"content": "a fox", "with_pieces": True})["tokens"]
        self.assertEqual("".join(p["piece"] for p in pieces), "a fox")
        chat = self.ask("/tokenize", {"messages": QUESTION})
        self.assertEqual(chat["count"], self.ask(CHAT, {"messages": QUESTION, "max_tokens": 1})["usage"]["prompt_tokens"])
        info = self.server.get("/tokenizer_info").json
        self.assertEqual(info["eos_token"], "<|im_end|>")
        self.assertIn("im_start", info["chat_template"])
        self.assertEqual({"bos_token", "pad_token"} - set(info), set())
        self.refuse("/tokenize", {}, "content")
        self.refuse("/detokenize", {"tokens": "x"}, "tokens")
        self.refuse("/detokenize", {"tokens": [10**9]}, "tokens")

    def test_embeddings_are_not_there(self):
        error = self.ask("/v1/embeddings", {"input": "x"}, 404)["error"]
        self.assertIn("embeddings", error["message"])

    def test_health_and_metrics(self):
        self.assertEqual(self.server.get("/health").json, {"status": "ok"})
        before = self.server.metric("cellm_generated_tokens_total")
        self.ask(CHAT, {"messages": QUESTION, "max_tokens": 4})
        end = time.monotonic() + 10  # a step that ends an answer is counted behind it
        while self.server.metric("cellm_generated_tokens_total") != before + 4:
            self.assertLess(time.monotonic(), end)
        reply = self.server.get("/metrics")
        self.assertTrue(reply.headers["Content-Type"].startswith("text/plain; version=0.0.4"))
        for name in ("cellm_requests_waiting", "cellm_requests_running", "cellm_cache_usage_ratio"):
            self.assertGreaterEqual(self.server.metric(name), 0)

    def test_the_description_of_the_interface(self):
        document = self.server.get("/openapi.json").json
        self.assertTrue(document["openapi"].startswith("3."))
        for path in (CHAT, TEXT, "/v1/responses", "/v1/models", "/tokenize", "/detokenize", "/tokenizer_info", "/health", "/metrics"):
            self.assertIn(path, document["paths"])
        schemas = document["components"]["schemas"]
        for name in ("ChatRequest", "ResponseRequest"):
            self.assertLessEqual({"tools", "tool_choice", "parallel_tool_calls", "regex", "structured_outputs"}, set(schemas[name]["properties"]))

    def test_what_is_not_there(self):
        for method, path, status in (("GET", "/nothing", 404), ("POST", "/v1/nothing", 404), ("GET", CHAT, 405), ("POST", "/health", 405),
                                     ("PUT", CHAT, 405), ("DELETE", "/v1/models", 405), ("TRACE", "/health", 405)):  # fmt: skip
            with self.subTest(method=method, path=path):
                reply = self.server.request(method, path, b"{}" if method in ("POST", "PUT") else None)
                self.assertEqual(reply.status, status)
                self.assertIn("message", reply.json["error"])
        self.assertEqual(self.server.request("HEAD", "/health").status, 200)


class Memory(unittest.TestCase):
    def test_a_request_that_never_fits_is_the_clients(self):
        server = Server("--cache-bytes", "1M")
        self.addCleanup(server.stop)
        self.assertEqual(server.post(TEXT, {"prompt": "The sea", "max_tokens": 4}).status, 200)
        reply = server.post(TEXT, {"prompt": "The sea", "max_tokens": 1900})
        self.assertEqual((reply.status, reply.json["error"]["code"]), (400, "context_length_exceeded"))


class Usage(unittest.TestCase):
    def test_what_is_refused_at_the_start(self):
        public = run("serve", MODEL, "--host", "0.0.0.0", "--port", "0")
        self.assertEqual(public.returncode, 2)
        self.assertIn(b"keys", public.stderr)
        for arguments in (("--allow-origin", "example.org"), ("--cache-bytes", "x"), ("--port", "70000"), ("--max-sequences", "0"),
                          ("--max-sequences", "129")):  # fmt: skip
            self.assertEqual(run("serve", MODEL, *arguments).returncode, 2, arguments)
        self.assertEqual(run("serve", "no-such-model.cellm").returncode, 3)


del ServeTest

if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""Constrained output of infer, run and chat: --json-schema, --json-object, --regex, --grammar, --choice."""

import json
import re
import unittest

from harness import ROOT, CommandTest, byte_tokenizer

TINY = ROOT / "models" / "cellm-tiny"
QWEN3 = ROOT / "testdata" / "models" / "qwen3"
OPEN, CLOSED = ("q{% if add_generation_prompt %}" + tags + "{% endif %}" for tags in ("<think>\n", "<think>\n\n</think>\n\n"))
CAPITAL = "What is the capital of France?"
SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 12}, "size": {"type": "integer", "minimum": 0, "maximum": 99}, "kind": {"enum": ["town", "village"]}},
    "required": ["name", "size", "kind"],
}


class Constraint(CommandTest):
    def answer(self, *flags, seed=1):
        return self.succeed("run", TINY, CAPITAL, "-q", "--seed", seed, *flags).stdout.decode().rstrip("\n")

    def assert_city(self, text):
        city = json.loads(text)
        self.assertEqual([*city], ["name", "size", "kind"])
        self.assertTrue(0 <= city["size"] <= 99 and city["kind"] in ("town", "village") and len(city["name"]) <= 12)

    def test_a_schema(self):
        path = self.folder / "schema.json"
        path.write_text(json.dumps(SCHEMA))
        for seed in range(3):
            text = self.answer("--chat", "--json-schema", path, seed=seed)
            self.assert_city(text)
            self.assertEqual(text, self.answer("--chat", "-j", json.dumps(SCHEMA), seed=seed))
            self.assertEqual(text, self.answer("--chat", "--json-schema-file", path, seed=seed))
            self.assert_city(self.answer("--json-schema", path, seed=seed))

    def test_an_object(self):
        answers = [self.answer("--chat", "--json-object", "--gen", 300, seed=seed) for seed in range(4)]
        self.assertTrue(all(text.startswith("{") for text in answers), answers)

    def test_a_pattern(self):
        for seed in range(3):
            self.assertRegex(self.answer("--regex", r"(Paris|Rome), \d{2}", seed=seed), r"\A(Paris|Rome), \d{2}\Z")

    def test_a_grammar(self):
        grammar = 'root ::= "(" root ")" | "x"\n'
        path = self.folder / "grammar.gbnf"
        path.write_text(grammar)
        text = self.answer("--grammar", path, "--temperature", 0)
        self.assertEqual(text, self.answer("--grammar-file", path, "--temperature", 0))
        self.assertEqual(text, self.answer("--grammar", grammar, "--temperature", 0))
        self.assertEqual(len(re.match(r"\(*", text)[0]), len(re.search(r"\)*\Z", text)[0]))

    def test_a_choice(self):
        seen = {self.answer("--choice", "heads", "--choice", "tails", "--temperature", 50, "--top-k", 0, "--top-p", 1, "--min-p", 0, seed=seed) for seed in range(12)}
        self.assertEqual(seen, {"heads", "tails"})

    def test_chat(self):
        result = self.succeed("chat", TINY, "-q", "--json-schema", json.dumps(SCHEMA), "--seed", 1, input=f"{CAPITAL}\nAnd of Italy?\n".encode())
        text, answers = result.stdout.decode(), 0
        while text := text.strip():
            _, end = json.JSONDecoder().raw_decode(text)
            self.assert_city(text[:end])
            text, answers = text[end:], answers + 1
        self.assertEqual(answers, 2)

    def thinking(self, template):
        """The flags of a model whose tokens are bytes, with a template."""
        tokenizer, path = self.folder / "tokenizer.json", self.folder / "t.jinja"
        tokenizer.write_text(json.dumps(byte_tokenizer()))
        path.write_text(template)
        return [QWEN3, "--tokenizer", tokenizer, "--chat-template", path, "--thinking-budget", 5, "-q", "--choice", "yes"]

    def test_behind_thinking(self):
        def infer(template, *flags):
            return json.loads(self.succeed("infer", *self.thinking(template), "--chat", "--prompt", "a", "--json", *flags).stdout)

        out = infer(OPEN)
        self.assertEqual(out["answer"], "yes")
        self.assertTrue(out["text"].endswith("</think>yes") or "</think>\n" in out["text"], out["text"])
        # Where the prompt has closed it, or the template knows none, there is nothing but the answer.
        for template in (CLOSED, "{{ messages[0].content }}"):
            for seed in range(3):
                out = infer(template, "--temperature", 3, "--seed", seed)
                self.assertEqual((out["text"], out.get("reasoning")), ("yes", None))
        chat = self.succeed("chat", *self.thinking(OPEN), input=b"a\n").stdout
        self.assertRegex(chat, rb"(?s)\A<think>\n.*\n</think>\n\nyes\n\Z")
        chat = self.succeed("chat", *self.thinking(OPEN), "--fold-thinking", input=b"a\n").stdout
        self.assertEqual(chat, b"yes\n")
        chat = self.succeed("chat", *self.thinking(CLOSED), input=b"a\n").stdout
        self.assertEqual(chat, b"yes\n")

    def test_errors(self):
        def refused(code, part, *flags, model="/nowhere"):  # before the model is looked for
            self.fail_with(code, part, "infer", "-m", model, "--prompt", "a", *flags)
            self.fail_with(code, part, "chat", model, *flags)

        refused(4, "--json-schema: the schema at #: not is not supported", "--json-schema", '{"not": {}}')
        refused(2, "--json-schema: the schema", "--json-schema", "{")
        refused(3, "No such file", "--json-schema", self.folder / "none.json")
        refused(4, "--regex: ", "--regex", "a(?=b)")
        refused(2, "--regex: ", "--regex", "a(")
        refused(2, "--grammar: ", "--grammar", "a ::= b")
        refused(3, "No such file", "--grammar", self.folder / "none.gbnf")
        refused(2, "--json-object and --choice do not go together", "--json-object", "--choice", "a")
        refused(2, "--json-schema and --regex do not go together", "--json-schema", "{}", "--regex", "a")
        self.fail_with(2, "a constraint needs a tokenizer", "infer", "-m", QWEN3, "--seq", 3, "--choice", "a")


if __name__ == "__main__":
    unittest.main()

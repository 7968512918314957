#!/usr/bin/env python3
"""What a model's files say of conversations and sampling, and defaults of the command line."""

import json
import os
import pathlib
import subprocess
import unittest

from harness import BIN, ROOT, CommandTest, byte_tokenizer, run

GGUF = ROOT / "testdata" / "gguf"
MESSAGES = [{"role": "user", "content": "a<s>"}]
# Begins with a BOS and a default system turn, as templates of fine-tunes do.
TEMPLATE = ("{{ bos_token }}{% if messages[0].role != 'system' %}SYS be kind\n{% endif %}"
            "{% for m in messages %}<{{ m.role }}>{{ m.content }}</{{ m.role }}>{% endfor %}"
            "{% if add_generation_prompt %}<assistant>{% endif %}")  # fmt: skip
FRAMED = "<s>SYS be kind\n<user>a<s></user><assistant>"
TOOLS = "TOOLS {{ tools|length }}{{ bos_token }}"


class Model(CommandTest):
    def model(self, name="llama", to="model", tokens=("<s>", "</s>")):
        """A model with a tokenizer of bytes, and control tokens from id 256 on."""
        model = self.copy_model(name, to)
        (model / "tokenizer.json").write_text(json.dumps(byte_tokenizer(tokens)))
        self.configure(model)
        return model

    def configure(self, model, **fields):
        (model / "tokenizer_config.json").write_text(json.dumps({"bos_token": "<s>", "eos_token": {"content": "</s>"}, **fields}))

    def template(self, model, *flags, code=0, **variables):
        path = self.folder / "messages.json"
        path.write_text(json.dumps({"messages": MESSAGES, "add_generation_prompt": True, **variables}))
        result = run("template", model, "--messages", path, *flags)
        self.assertEqual(result.returncode, code, result.stderr)
        return result.stdout.decode() if code == 0 else result.stderr.decode()

    def prompt_tokens(self, model, text, *flags):
        result = self.succeed("infer", "-m", model, "-p", text, "--gen", 0, "--json", *flags)
        return len(json.loads(result.stdout)["prompt_ids"]), result.stderr.decode()


class Templates(Model):
    """K1: the template of the model is read and not guessed."""

    FRAMED_IDS = [256, *b"SYS be kind\n<user>a<s></user><assistant>"]

    def test_of_every_family_and_container(self):
        for name in ("llama", "qwen3", "qwen3_5_text"):
            with self.subTest(name=name):
                model = self.model(name, to=name)
                self.configure(model, chat_template=[{"name": "rag", "template": "no"}, {"name": "default", "template": TEMPLATE}])
                converted = self.convert(model, name=f"{name}.cellm")
                keep = self.convert(converted, "--format", "keep", name=f"{name}.keep.cellm")
                for of in (model, converted, keep):
                    self.assertEqual(self.template(of), FRAMED)
                    self.assertEqual(json.loads(self.template(of, "--ids")), self.FRAMED_IDS)  # the user's <s> is text
                    self.assertEqual(self.prompt_tokens(of, "a<s>", "--chat")[0], len(self.FRAMED_IDS))

    def test_a_gguf_file_has_its_own(self):
        path = self.folder / "m.json"
        path.write_text(json.dumps(MESSAGES))
        self.assertEqual(self.succeed("template", GGUF / "llama.gguf", "--messages", path).stdout, b"a<s>")

    def test_with_tools(self):
        model = self.model()
        self.configure(model, chat_template=[{"name": "tool_use", "template": TOOLS}, {"name": "default", "template": TEMPLATE}])
        for of in (model, self.convert(model)):
            self.assertEqual(self.template(of, tools=[{"type": "function"}]), "TOOLS 1<s>")
            self.assertEqual(self.template(of, tools=[]), "TOOLS 0<s>")
            self.assertEqual(self.template(of, tools=None), FRAMED)
            self.assertEqual(self.template(of), FRAMED)
            self.assertEqual(self.template(of, "--chat-template", "default", tools=[]), FRAMED)
            self.assertEqual(self.template(of, "--chat-template", "tool_use"), "TOOLS 0<s>")
        (model / "chat_template.jinja").write_text("one")  # one template is for both
        self.assertEqual(self.template(model, tools=[]), "one")
        (model / "additional_chat_templates").mkdir()
        (model / "additional_chat_templates" / "tool_use.jinja").write_text("two")
        for of in (model, self.convert(model)):
            self.assertEqual((self.template(of), self.template(of, tools=[])), ("one", "two"))

    def test_without_a_default(self):
        model = self.model()
        self.configure(model, chat_template=[{"name": "tool_use", "template": TOOLS}, {"name": "rag", "template": "RAG"}])
        for of in (model, self.convert(model)):
            message = self.template(of, code=4)
            self.assertRegex(message, "no default one: rag, tool_use; --chat-template NAME chooses one\n$")
            for command in (["infer", "-m", of, "-p", "a", "--chat"], ["chat", of]):
                self.fail_with(4, "no default one: rag, tool_use; --chat-template NAME", *command, input=b"a\n")
            self.assertEqual(self.template(of, tools=[]), "TOOLS 0<s>")
            self.assertEqual(self.template(of, "--chat-template", "rag"), "RAG")
            self.assertEqual(self.prompt_tokens(of, "a", "--chat", "--chat-template", "rag")[0], 3)
            self.assertIn("note: ", self.prompt_tokens(of, "a")[1])  # told before somebody asks for a conversation
            self.succeed("chat", of, "--chat-template", "rag", "-n", 1, input=b"a\n")
        self.fail_with(3, "other: cannot open", "infer", "-m", model, "-p", "a", "--chat", "--chat-template", "other")

    def test_a_broken_one_is_told_at_once(self):
        model = self.model()
        (model / "chat_template.jinja").write_text("x\n{% if %}")
        note = "note: {}, chat template: line 2: .*; a conversation needs another template\n"
        tokens, errors = self.prompt_tokens(model, "a")
        self.assertRegex(errors, note.format(model))
        path = self.folder / "m.cellm"
        self.assertRegex(self.succeed("convert", model, path).stderr.decode(), note.format(model))
        self.assertRegex(self.prompt_tokens(path, "a")[1], note.format(path))
        self.fail_with(3, "chat template: line 2: ", "infer", "-m", model, "-p", "a", "--chat")
        self.fail_with(3, "chat template: line 2: ", "chat", model, input=b"a\n")
        self.assertEqual(self.succeed("infer", "-m", model, "-p", "a", "-q").stderr, b"")


class Sampling(Model):
    """K4: generation_config.json says how a model is sampled, whatever the container."""

    def answers(self, model, *flags):
        command = ("infer", "-m", model, "-p", "Once", "--gen", 12, "--stop-eos", "false", *flags)
        return {self.succeed(*command, "--seed", seed).stdout for seed in range(4)}

    def test_settings_count_and_options_win(self):
        model = self.model()
        for config, greedy in (({"top_k": 1}, True), ({"do_sample": False}, True), ({"top_p": 1e-6}, True),
                               ({"min_p": 0.999}, True), ({"temperature": 5.0, "top_k": 0, "repetition_penalty": 1.0}, False)):  # fmt: skip
            (model / "generation_config.json").write_text(json.dumps(config))
            for of in (model, self.convert(model)):
                with self.subTest(config=config, of=of.name):
                    self.assertEqual(len(self.answers(of)) == 1, greedy)
        (model / "generation_config.json").write_text(json.dumps({"top_k": 1}))
        self.assertGreater(len(self.answers(model, "--top-k", 40, "--temperature", 5)), 1)
        self.assertIn(b"sampling by the model: top-k 1", self.succeed("infer", "-m", model, "-p", "a").stderr)


class CommandLine(Model):
    """K9."""

    def test_seeds(self):
        model = self.model()
        command = ("infer", "-m", model, "-p", "Once", "--gen", 12, "--temperature", 5, "--top-k", 0)
        self.assertGreater(len({self.succeed(*command, "--seed", "-1").stdout for _ in range(6)}), 1)
        self.succeed(*command, "--seed", 2**64 - 1)
        for seed in (2**64, "-2", "1e3", "x"):
            self.fail_with(2, "seed", *command, "--seed", seed)

    def test_values_that_are_no_numbers(self):
        model = self.model()
        for option in ("--temperature", "--top-p", "--min-p", "--repeat-penalty", "--presence-penalty", "--frequency-penalty"):
            for value in ("nan", "-nan", "inf", "x"):
                self.fail_with(2, option.removeprefix("--"), "infer", "-m", model, "-p", "a", option, value)
        self.fail_with(2, "standard output", "convert", model, "-o", "-")

    def test_stop_strings_and_presence_penalty(self):
        model = self.model()
        command = ("infer", "-m", model, "-p", "Once", "--gen", 40, "--temperature", 0, "-q")
        text = self.succeed(*command).stdout.decode(errors="replace").rstrip("\n")
        stop = text[10:13]
        cut = self.succeed(*command, "--stop", "never there", "--stop", stop).stdout.decode(errors="replace").rstrip("\n")
        self.assertEqual(cut, text[: text.index(stop)])
        ids = json.loads(self.succeed(*command, "--presence-penalty", 100, "--json").stdout)["ids"]
        self.assertEqual(len(ids), len(set(ids)))

    def test_two_begin_tokens_are_a_note(self):
        model = self.model()
        tokenizer = byte_tokenizer(("<s>", "</s>"))
        tokenizer["post_processor"] = {
            "type": "TemplateProcessing", "pair": [],
            "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "special_tokens": {"<s>": {"id": "<s>", "ids": [256], "tokens": ["<s>"]}},
        }  # fmt: skip
        (model / "tokenizer.json").write_text(json.dumps(tokenizer))
        for text, flags, tokens, note in (
            ("<s>Hello", ["--parse-special"], 7, "two begin-of-text tokens"),
            ("<s>Hello", [], 9, "what is spelled is text"),
            ("<s>" + "ä" * 200, [], 404, "what is spelled is text"),
            ("Hello<s>", ["--parse-special"], 7, None),
            (" <s>Hello", [], 10, None),
            ("Hello", [], 6, None),
        ):  # fmt: skip
            with self.subTest(text=text[:10], flags=flags):
                count, errors = self.prompt_tokens(model, text, *flags)
                self.assertEqual(count, tokens)
                self.assertEqual("note: " in errors, note is not None, errors)
                self.assertIn(note or "", errors)
                self.assertNotIn("note", self.prompt_tokens(model, text, *flags, "-q")[1])
        # A template that writes the token: the tokenizer adds none then.
        (model / "chat_template.jinja").write_text("{{ bos_token }}{{ messages[0].content }}")
        count, errors = self.prompt_tokens(model, "a", "--chat")
        self.assertEqual(count, 2)
        self.assertNotIn("note", errors)
        (model / "chat_template.jinja").write_text("{{ bos_token }}<s>{{ messages[0].content }}")
        self.assertIn("two begin-of-text tokens", self.prompt_tokens(model, "a", "--chat")[1])

    def test_threads_by_the_quota_of_a_control_group(self):
        groups = pathlib.Path("/sys/fs/cgroup/cpu")
        old = groups.is_dir()  # version 1
        group = (groups if old else pathlib.Path("/sys/fs/cgroup")) / f"cellm_test_{os.getpid()}"
        try:
            group.mkdir()
            self.addCleanup(group.rmdir)
            if old:
                (group / "cpu.cfs_quota_us").write_text("100000")
            else:
                (group / "cpu.max").write_text("100000 100000")
        except OSError as failure:
            self.skipTest(f"no control group can be made: {failure}")
        if len(os.sched_getaffinity(0)) < 2:
            self.skipTest("one processor")
        model = self.model()
        command = ["sh", "-c", f'echo $$ >{group}/cgroup.procs && exec "$@"', "sh", BIN / "cellm", "bench", "-m", model,
                   "-p", "4", "-n", "2", "-r", "1", "-o", "json"]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual({row["n_threads"] for row in json.loads(done.stdout)}, {1})


if __name__ == "__main__":
    unittest.main()

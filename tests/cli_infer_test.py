#!/usr/bin/env python3
"""The infer command: flags, streams, seeds, limits, Ctrl-C, closed pipes."""

import json
import re
import signal
import subprocess
import time
import unittest

from harness import BIN, MODELS, CommandTest, byte_tokenizer, read_safetensors, write_safetensors

QWEN3 = MODELS / "qwen3"
END = "<|im_end|>"


class Infer(CommandTest):
    def infer(self, *flags, model=QWEN3, **options):
        return self.succeed(BIN / "infer", "--model", model, *flags, **options)

    def with_tokenizer(self):
        path = self.folder / "tokenizer.json"
        path.write_text(json.dumps(byte_tokenizer(["<|im_start|>", END])))
        return path

    def test_every_flag_of_the_original(self):
        tokenizer = self.with_tokenizer()
        flags = ["--tokenizer", tokenizer, "--prompt", "ab", "--chat", "--chat-format", "chatml", "--system", "s",
                 "--gen", 3, "--temperature", 0.5, "--top-k", 5, "--seed", 7, "--repeat-penalty", 1.1,
                 "--repeat-window", 8, "--max-layers", 2, "--tokens-per-block", 8, "--total-blocks", 64,
                 "--stop-eos", "--backend", "cpu", "--kv-encoding", "turboquant"]  # fmt: skip
        self.infer(*flags)
        for form in ("auto", "plain"):
            self.infer("--tokenizer", tokenizer, "--prompt", "ab", "--chat", "--chat-format", form, "--gen", 1)
        self.infer("--seq", 4)
        self.infer("--tokens", "1, 2,3", "--kv-encoding", "f16")

    def test_thinking(self):
        tokenizer, template = self.folder / "tokenizer.json", self.folder / "t.jinja"
        tokenizer.write_text(json.dumps(byte_tokenizer()))
        template.write_text("<think>\n")
        flags = ["--tokenizer", tokenizer, "--prompt", "a", "--chat", "--chat-template", template, "--json", "-q", "--temperature", 0]
        out = json.loads(self.infer(*flags, "--thinking-budget", 4, "--gen", 16).stdout)
        self.assertEqual(bytes(out["ids"][4:12]), b"</think>")
        self.assertEqual(out["thinking_tokens"], 12)
        self.assertEqual(out["text"], out["text"][:4] + "</think>" + out["text"][12:])
        self.assertEqual(out["reasoning"], out["text"][:4].strip())
        self.assertEqual(out["answer"], out["text"][12:].lstrip("\n"))
        self.fail_with(2, "goes with --chat", "infer", "-m", QWEN3, "--thinking-budget", 4)

    def test_run_takes_a_prompt(self):
        tokenizer = self.folder / "tokenizer.json"
        tokenizer.write_text(json.dumps(byte_tokenizer()))
        flags = [QWEN3, "--tokenizer", tokenizer, "--gen", 2, "--temperature", 0, "-q"]
        answer = self.succeed("run", *flags, "ab").stdout
        self.assertEqual(answer, self.succeed("infer", *flags, "--prompt", "ab").stdout)
        self.assertEqual(answer, self.succeed("run", *flags, input=b"ab").stdout)
        self.fail_with(2, "the prompt is empty", "run", *flags)
        self.assertEqual(self.succeed("help").stdout, self.succeed("--help").stdout)

    def test_chat_template(self):
        tokenizer, template = self.folder / "tokenizer.json", self.folder / "t.jinja"
        tokenizer.write_text(json.dumps(byte_tokenizer()))
        template.write_text("{{ x }}{% for m in messages %}<{{ m.content }}>{% endfor %}")
        flags = ["--tokenizer", tokenizer, "--prompt", "ab", "--chat", "--gen", 1, "--json", "-q"]
        out = json.loads(self.infer(*flags, "--chat-template", template, "--chat-template-kwargs", '{"x": "q"}', "--system", "s").stdout)
        self.assertEqual(bytes(out["prompt_ids"]), b"q<s><ab>")
        self.fail_with(2, "not a JSON object", "infer", "-m", QWEN3, *flags, "--chat-template", template, "--chat-template-kwargs", "[1]")
        self.fail_with(2, "not both", "infer", "-m", QWEN3, *flags, "--chat-template", template, "--chat-format", "plain")
        self.fail_with(3, "No such file", "infer", "-m", QWEN3, *flags, "--chat-template", self.folder / "none.jinja")
        template.write_text("{{ raise_exception('no') }}")
        self.fail_with(2, "line 1: no", "infer", "-m", QWEN3, *flags, "--chat-template", template)
        self.fail_with(2, "go with --chat", "infer", "-m", QWEN3, "--chat-template", template)

    def test_cellm_infer_is_infer(self):
        flags = ["--model", QWEN3, "--seq", 3, "--gen", 4, "--temperature", 0, "-q"]
        self.assertEqual(self.succeed("infer", *flags).stdout, self.succeed(BIN / "infer", *flags).stdout)

    def test_streams(self):
        text = self.infer("--tokens", "1,2", "--gen", 5, "--temperature", 0)
        self.assertRegex(text.stdout.decode(), r"^\d+( \d+){4}\n$")
        self.assertRegex(text.stderr.decode(), r"^load .* tokens/s .* peak memory .*\n$")
        self.assertEqual(self.infer("--tokens", "1,2", "--quiet").stderr, b"")
        result = json.loads(self.infer("--tokens", "1,2", "--gen", 5, "--temperature", 0, "--json").stdout)
        self.assertEqual(" ".join(map(str, result["ids"])), text.stdout.decode().strip())
        self.assertEqual(result["prompt_ids"], [1, 2])
        self.assertEqual(result["stop_reason"], "length")
        self.assertEqual(result["timings"]["prompt_tokens"], 2)

    def test_lookup_changes_the_speed_alone(self):
        flags = ["--tokens", ",".join("1 2 3 4 5 6".split() * 8), "--gen", 80, "--temperature", 0, "--json"]
        off, on, auto = (json.loads(self.infer(*flags, "--lookup", use).stdout) for use in ("off", "on", "auto"))
        for other in (on, auto):
            self.assertEqual((other["ids"], other["stop_reason"]), (off["ids"], off["stop_reason"]))
            self.assertEqual(other["timings"]["decode_tokens"], off["timings"]["decode_tokens"])
        self.assertEqual(off["timings"]["drafted_tokens"], 0)
        self.assertGreater(on["timings"]["accepted_tokens"], 0)
        few = self.infer(*flags[:-1], "--lookup", "on", "--draft-max", 1)
        self.assertRegex(few.stderr.decode(), r"\(lookup: \d+ of \d+ right\)")
        self.assertEqual(few.stdout.decode().split(), [str(id) for id in off["ids"]])
        self.fail_with(2, "draft", "infer", "-m", QWEN3, *flags, "--draft-max", 64)

    def test_no_tokens_asked_for(self):
        self.assertEqual(json.loads(self.infer("--seq", 2, "--gen", 0, "--json").stdout)["ids"], [])

    def test_prompt_from_stdin_is_the_prompt(self):
        flags = ["--tokenizer", self.with_tokenizer(), "--gen", 6, "--temperature", 0, "-q"]
        direct = self.infer(*flags, "--prompt", "ab\n").stdout
        self.assertEqual(self.infer(*flags, "--prompt", "-", input=b"ab\n").stdout, direct)

    def test_text_is_utf8_or_its_replacement(self):
        for seed in range(5):
            out = self.infer("--tokenizer", self.with_tokenizer(), "--prompt", "é", "--gen", 40, "--seed", seed,
                             "--temperature", 5, "--top-k", 0)  # fmt: skip
            out.stdout.decode("utf-8", "strict")

    def test_seed_repeats(self):
        flags = ["--seq", 4, "--gen", 12, "--temperature", 3, "--top-k", 0, "-q"]
        first = self.infer(*flags, "--seed", 11).stdout
        self.assertEqual(self.infer(*flags, "--seed", 11, "-t", 3).stdout, first)
        self.assertNotEqual(self.infer(*flags, "--seed", 12).stdout, first)
        shown = re.search(rb"seed (\d+)", self.infer(*flags[:-1]).stderr).group(1)
        json_seed = json.loads(self.infer(*flags, "--seed", shown.decode(), "--json").stdout)["seed"]
        self.assertEqual(json_seed, int(shown))

    def test_eos(self):
        first = json.loads(self.infer("--seq", 4, "--gen", 1, "--temperature", 0, "--json").stdout)["ids"][0]
        model = self.copy_model("qwen3")
        for ids in (first, [first, 5]):
            self.edit_config(model, eos_token_id=ids)
            flags = ["--seq", 4, "--gen", 3, "--temperature", 0, "--json"]
            stopped = json.loads(self.infer(*flags, model=model).stdout)
            self.assertEqual((stopped["ids"], stopped["stop_reason"]), ([], "eos"))
            free = json.loads(self.infer(*flags, "--stop-eos", "false", model=model).stdout)
            self.assertEqual(len(free["ids"]), 3)
        self.edit_config(model, eos_token_id=None)
        (model / "generation_config.json").write_text(json.dumps({"eos_token_id": [first]}))
        self.assertEqual(json.loads(self.infer(*flags, model=model).stdout)["stop_reason"], "eos")
        converted = self.convert(model, "--format", "f16")
        self.assertEqual(json.loads(self.infer(*flags, model=converted).stdout)["stop_reason"], "eos")

    def test_context(self):
        blocks = ["--tokens-per-block", 4, "--total-blocks", 3, "--json"]
        result = json.loads(self.infer("--seq", 10, "--gen", 50, "--temperature", 0, *blocks).stdout)
        self.assertEqual((len(result["ids"]), result["stop_reason"]), (3, "context"))
        self.fail_with(2, "13 tokens after 0 do not fit into the context of 12", "infer", "-m", QWEN3, "--seq", 13, *blocks)
        self.infer("--seq", 12, "--gen", 1, *blocks)

    def test_the_blocks_do_not_change_results(self):
        flags = ["--seq", 30, "--gen", 20, "--temperature", 0, "-q"]
        for encoding in ("f16", "f32", "turboquant"):
            first = self.infer(*flags, "--kv-encoding", encoding).stdout
            for block in (1, 7, 64):
                other = self.infer(*flags, "--kv-encoding", encoding, "--tokens-per-block", block, "-t", 3)
                self.assertEqual(other.stdout, first)

    def test_one_file_is_enough(self):
        model = self.copy_model("qwen3")
        (model / "tokenizer.json").write_text(json.dumps(byte_tokenizer([END])))
        flags = ["--prompt", "hello", "--gen", 8, "--temperature", 0, "-q"]
        (self.folder / "alone").mkdir()
        path = self.convert(model, "--format", "f16", name="alone/m.cellm")
        self.assertEqual(self.infer(*flags, model=path).stdout, self.infer(*flags, model=model).stdout)
        bare = self.convert(model, "--format", "f16", "--no-tokenizer", name="alone/n.cellm")
        self.fail_with(3, "needs a tokenizer", "infer", "-m", bare, *flags)
        (self.folder / "alone" / "tokenizer.json").write_text(json.dumps(byte_tokenizer()))
        self.infer(*flags, model=bare)  # beside the file


class Sampling(CommandTest):
    """How tokens are chosen and answers end. A large bias makes a model say what a test needs."""

    def answer(self, *flags, model=QWEN3, **options):
        result = self.succeed("infer", "-m", model, *flags, "--json", **options)
        return json.loads(result.stdout), result.stderr.decode()

    def with_tokenizer(self, extra=(END,), **config):
        model = self.copy_model("qwen3")
        (model / "tokenizer.json").write_text(json.dumps(byte_tokenizer(extra)))
        if config:
            (model / "generation_config.json").write_text(json.dumps(config))
        return model

    def test_options_change_the_choice(self):
        flags = ["--seq", 4, "--gen", 40, "--temperature", 2, "--seed", 3]
        plain = self.answer(*flags)[0]["ids"]
        for option in (["--presence-penalty", 4], ["--frequency-penalty", 4], ["--top-n-sigma", 0.5], ["--typical", 0.2],
                       ["--xtc-probability", 1, "--xtc-threshold", 0.001], ["--min-p", 0.9], ["--logit-bias", f"{plain[0]}=-inf"],
                       ["--dry-multiplier", 9, "--dry-allowed-length", 1, "--top-k", 3]):  # fmt: skip
            with self.subTest(option=option[0]):
                self.assertNotEqual(self.answer(*flags, *option)[0]["ids"], plain)
        self.assertEqual(self.answer(*flags, "--presence-penalty", 0, "--typical", 1, "--dry-multiplier", 0,
                                     "--top-n-sigma", 0, "--xtc-probability", 0)[0]["ids"], plain)  # fmt: skip
        biased = self.answer(*flags, "--logit-bias", "65=500", "--logit-bias=66=500")[0]["ids"]
        self.assertEqual(set(biased), {65, 66})

    def test_dry_breaks_a_loop(self):
        model = self.with_tokenizer()
        flags = ["--prompt", "a", "--gen", 60, "--temperature", 0, "--logit-bias", "98=20", "--dry-multiplier", 0.8]
        self.assertLess(self.answer(*flags, model=model)[0]["ids"].count(98), 30)
        # A repetition ends at every b, so it never gets long.
        broken = self.answer(*flags, "--dry-sequence-breaker", "b", model=model)[0]
        self.assertEqual(broken["ids"], [98] * 60)
        none = self.answer(*flags, "--dry-sequence-breaker", "none", model=model)[0]
        self.assertLess(none["ids"].count(98), 30)

    def test_seeds(self):
        flags = ["--seq", 4, "--gen", 20, "--temperature", 3, "--top-k", 0]
        most = (1 << 64) - 1
        self.assertEqual(self.answer(*flags, "--seed", most)[0]["seed"], most)
        drawn = [self.answer(*flags, "--seed", -1)[0] for _ in range(2)]
        self.assertNotEqual(drawn[0]["seed"], drawn[1]["seed"])
        self.assertNotEqual(drawn[0]["ids"], drawn[1]["ids"])

    def test_stop_strings(self):
        model = self.with_tokenizer(("<|im_start|>", END, "<|call|>"))
        flags = ["--prompt", "a", "--gen", 30, "--temperature", 0, "--logit-bias", "98=50"]
        result = self.answer(*flags, "--stop", "never", "--stop", "bbb", model=model)[0]
        self.assertEqual((result["text"], result["ids"], result["stop_reason"]), ("", [98] * 3, "stop"))
        for text in ("{}", "[b,c]", "é"):
            self.assertEqual(self.answer(*flags, "--stop", text, model=model)[0]["stop_reason"], "length")
        shown = self.succeed("infer", "-m", model, *flags, "--stop", "bbc", "-q").stdout
        self.assertEqual(shown, b"b" * 30 + b"\n")
        result = self.answer(*flags, "--logit-bias", "258=90", "--stop", "<|call|>", model=model)[0]
        self.assertEqual((result["ids"], result["stop_reason"]), ([], "stop"))

    def test_min_tokens(self):
        model = self.with_tokenizer()
        flags = ["--prompt", "a", "--gen", 9, "--temperature", 0, "--logit-bias", "256=90"]
        self.assertEqual(self.answer(*flags, model=model)[0]["ids"], [])
        result = self.answer(*flags, "--min-tokens", 4, model=model)[0]
        self.assertEqual((len(result["ids"]), result["stop_reason"]), (4, "eos"))

    def test_loops(self):
        model = self.with_tokenizer(("<|im_start|>", END))
        flags = ["--prompt", "a", "--gen", 200, "--temperature", 0, "--logit-bias", "98=50"]
        chat = [*flags, "--chat", "--chat-format", "chatml"]
        self.assertEqual(len(self.answer(*flags, "--on-loop", "ignore", model=model)[0]["ids"]), 200)
        self.assertEqual(len(self.answer(*chat, "--on-loop", "ignore", model=model)[0]["ids"]), 200)
        for run in (chat, flags, [*flags, "--on-loop", "stop"]):
            result = self.answer(*run, model=model)[0]
            self.assertEqual((result["ids"], result["stop_reason"]), ([98] * 96, "loop"))
        result = self.answer(*flags, "--on-loop", "resample", model=model)[0]
        self.assertEqual(result["ids"][:96], [98] * 96)
        self.assertNotEqual(result["ids"][96:192], [98] * 96)

    def test_logprobs(self):
        flags = ["--seq", 4, "--gen", 3, "--temperature", 0]
        self.assertNotIn("logprobs", self.answer(*flags)[0])
        result = self.answer(*flags, "--logprobs", 2)[0]
        self.assertEqual([one["id"] for one in result["logprobs"]], result["ids"])
        for one in result["logprobs"]:
            self.assertEqual(one["top"][0], {"id": one["id"], "logprob": one["logprob"]})
            self.assertEqual(len(one["top"]), 2)
            self.assertLess(one["top"][1]["logprob"], one["logprob"])
        self.assertEqual(self.answer(*flags, "--logprobs", 0)[0]["logprobs"][0]["top"], [])
        # Before all sampling; with a tokenizer there are texts.
        biased = self.answer("--prompt", "a", "--gen", 1, "--temperature", 0, "--logit-bias", "98=50", "--logprobs", 0,
                             model=self.with_tokenizer())[0]["logprobs"][0]  # fmt: skip
        self.assertEqual((biased["id"], biased["text"]), (98, "b"))
        self.assertLess(biased["logprob"], -1)

    def test_a_chat_goes_on_to_the_end_of_its_answer(self):
        model = self.with_tokenizer(("<|im_start|>", END))
        flags = ["--prompt", "a", "--temperature", 0, "--total-blocks", 4, "--on-loop", "ignore", "--logit-bias", "98=50"]
        chat = self.answer(*flags, "--chat", "--chat-format", "chatml", model=model)[0]
        self.assertEqual(chat["stop_reason"], "context")
        self.assertEqual(len(chat["ids"]) + len(chat["prompt_ids"]), 4 * 16 + 1)
        self.assertEqual(len(self.answer(*flags, model=model)[0]["ids"]), 8)

    def test_the_model_says_how_it_is_sampled(self):
        flags = ["--prompt", "a", "--gen", 20, "--temperature", 3]
        asked = {"do_sample": True, "temperature": 3.0, "top_k": 1, "top_p": 0.5, "repetition_penalty": 1.0}
        model = self.with_tokenizer(**asked)
        greedy = self.answer("--prompt", "a", "--gen", 20, "--temperature", 0, model=model)
        self.assertNotIn("sampling", greedy[1])
        self.convert(model, "--format", "keep")
        for source in (model, self.folder / "m.cellm"):
            free = ["--prompt", "a", "--gen", 20]
            answers = [self.answer(*free, "--seed", seed, model=source) for seed in (1, 2)]
            self.assertEqual(answers[0][0]["ids"], greedy[0]["ids"])
            self.assertEqual(answers[1][0]["ids"], greedy[0]["ids"])
            self.assertTrue(answers[0][1].startswith(
                "sampling by the model: temperature 3, top-k 1, top-p 0.5, repeat penalty 1 (generation config)\n"))
        # What is given wins.
        given = self.answer(*flags, "--top-k", 0, "--top-p", 1, "--seed", 1, model=model)
        self.assertNotEqual(given[0]["ids"], greedy[0]["ids"])
        self.assertIn("sampling by the model: repeat penalty 1 (generation config)\n", given[1])
        self.assertEqual(self.succeed("infer", "-m", model, *flags, "-q").stderr, b"")
        # An error is all that is printed.
        for wrong in (["--stop-eos", "perhaps"], ["--logit-bias", "99999=1"], ["--tokens-per-block", 1, "--total-blocks", 1]):
            self.fail_with(2, "", "infer", "-m", model, "--prompt", "abc", "--gen", 20, *wrong)
        asked["do_sample"] = False
        (model / "generation_config.json").write_text(json.dumps(asked))
        never = self.answer("--prompt", "a", "--gen", 20, model=model)
        self.assertEqual(never[0]["ids"], greedy[0]["ids"])
        self.assertIn("sampling by the model: temperature 0 (generation config)\n", never[1])
        (model / "generation_config.json").write_text(json.dumps({"top_p": 2}))
        self.fail_with(3, "generation config: top_p must be", "infer", "-m", model, "--prompt", "a")

    def test_end_tokens_alone_change_nothing(self):
        flags = ["--prompt", "a", "--gen", 20, "--seed", 4]
        bare, silent = self.answer(*flags, model=self.with_tokenizer())
        result, errors = self.answer(*flags, model=self.with_tokenizer(eos_token_id=[299], transformers_version="5"))
        self.assertEqual(result["ids"], bare["ids"])
        self.assertNotIn("sampling", silent + errors)

    def test_the_card_of_qwen35_counts_in_a_chat(self):
        model = self.copy_model("qwen3_5_text")
        header, data = read_safetensors(model / "model.safetensors")
        name = "model.embed_tokens.weight"
        begin, end = header[name]["data_offsets"]
        rows, columns = header[name]["shape"]
        vocab, size = 248320, end - begin
        for entry in header.values():
            if "data_offsets" in entry and entry["data_offsets"][0] >= end:
                entry["data_offsets"] = [at + size // rows * (vocab - rows) for at in entry["data_offsets"]]
        header[name] |= {"shape": [vocab, columns], "data_offsets": [begin, begin + size // rows * vocab]}
        write_safetensors(model / "model.safetensors", header,
                          bytes(data[:end]) + bytes(size // rows * (vocab - rows)) + bytes(data[end:]))  # fmt: skip
        self.edit_config(model, vocab_size=vocab)
        (model / "tokenizer.json").write_text(json.dumps(byte_tokenizer(
            ["<|im_start|>", END, "<think>", "</think>"])))  # fmt: skip
        flags = ["--prompt", "a", "--gen", 2]
        self.assertNotIn("sampling", self.answer(*flags, model=model)[1])
        self.assertIn("sampling by the model: repeat penalty 1, presence penalty 1.5 (model card)\n",
                      self.answer(*flags, "--chat", model=model)[1])  # fmt: skip
        self.assertNotIn("sampling", self.answer(*flags, "--chat", "--temperature", 0, model=model)[1])


class Signals(CommandTest):
    def endless(self, *flags, **options):
        """A run that takes many seconds."""
        model = self.copy_model("qwen3")
        self.edit_config(model, max_position_embeddings=1 << 30)
        return subprocess.Popen(
            [BIN / "infer", "--model", model, "--tokens", "1,2", "--gen", "300000", "--temperature", "0",
             "--on-loop", "ignore", *flags],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)  # fmt: skip

    def test_ctrl_c_ends_the_answer(self):
        for flags in ([], ["--json"], ["-q"]):
            process = self.endless(*flags)
            time.sleep(0.4)
            process.send_signal(signal.SIGINT)
            out, errors = process.communicate(timeout=20)
            self.assertEqual(process.returncode, 130, errors)
            if flags == ["--json"]:
                result = json.loads(out)
                self.assertEqual(result["stop_reason"], "interrupted")
                self.assertTrue(result["ids"])
            else:
                self.assertRegex(out.decode(), r"^\d+( \d+)*\n$")
            self.assertEqual(errors.count(b"\n"), 0 if "-q" in flags else 1, errors)

    def test_ctrl_c_while_reading_the_prompt(self):
        model = self.copy_model("qwen3")
        (model / "tokenizer.json").write_text(json.dumps(byte_tokenizer()))
        process = subprocess.Popen([BIN / "infer", "--model", model, "--prompt", "-"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)
        out, errors = process.stdout.read(), process.stderr.read()
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()
        self.assertEqual((process.returncode, out, errors), (130, b"", b""))

    def test_a_reader_that_leaves(self):
        process = self.endless()
        process.stdout.read(1)
        process.stdout.close()
        process.wait(timeout=20)
        self.assertIn(process.returncode, (-signal.SIGPIPE, 5))
        self.assertEqual(process.stderr.read(), b"")
        process.stderr.close()

    def test_output_that_cannot_be_written(self):
        for arguments in (["infer", "-m", QWEN3, "--seq", "2"], ["inspect", QWEN3], ["inspect", "--json", QWEN3],
                          ["convert", "-i", QWEN3, "--dry-run", "--json"]):  # fmt: skip
            with open("/dev/full", "wb") as full:
                result = subprocess.run([BIN / "cellm", *arguments], stdout=full, stderr=subprocess.PIPE, timeout=20)
            self.assertEqual(result.returncode, 5, result.stderr)
            self.assertEqual(result.stderr.count(b"\n"), 1)
            self.assertTrue(result.stderr.startswith(b"error: "), result.stderr)

    def test_without_standard_files(self):
        path = self.folder / "m.cellm"
        close_all = 'exec <&- >&- 2>&-; exec "$@"'
        command = ["bash", "-c", close_all, "x", BIN / "cellm", "convert", "-i", QWEN3, "-o", path]
        self.assertEqual(subprocess.run(command, timeout=20).returncode, 0)
        self.succeed("verify", path)


if __name__ == "__main__":
    unittest.main()

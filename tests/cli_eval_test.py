#!/usr/bin/env python3
"""The eval command: figures compared with the logits command, the stored quality, errors."""

import json
import math
import os
import re
import subprocess
import unittest

from harness import BIN, CommandTest, byte_tokenizer, cellm_header, read_npy, run

TEXT = "".join(f"Line {i}: the quick brown fox, {i * i} times.\n" for i in range(20))
WINDOW = 64
EXACT = ["--activations", "f32", "--kv-encoding", "f32"]
SPACES = " \t\n\r\f\v"
FIGURES = ["perplexity", "reference_perplexity", "perplexity_ratio", "ln_perplexity_ratio", "kld_mean", "kld_median",
           "kld_p90", "kld_p99", "kld_p999", "kld_max", "top1", "delta_p_mean", "delta_p_rms"]  # fmt: skip


def log_softmax(row):
    largest = max(row)
    total = math.log(sum(math.exp(v - largest) for v in row)) + largest
    return [v - total for v in row]


class EvalTest(CommandTest):
    def setUp(self):
        super().setUp()
        self.text = self.folder / "text.txt"
        self.text.write_text(TEXT)

    def with_tokenizer(self, name="qwen3", to="model", tokenizer=None):
        model = self.copy_model(name, to)
        (model / "tokenizer.json").write_text(json.dumps(tokenizer or byte_tokenizer()))
        return model

    def eval(self, model, *flags, text=True, **options):
        arguments = ["-m", model, *(["--text", self.text] if text else []), *flags, "--json"]
        result = self.succeed("eval", *arguments, **options)
        self.assertEqual(result.stderr, b"")
        return json.loads(result.stdout)


class Figures(EvalTest):
    def test_are_those_of_the_logits(self):
        reference = self.with_tokenizer("qwen3")
        model = self.convert(reference, "--format", "int4")
        tokens = list(TEXT.encode())
        klds, nll, reference_nll, same, deltas = [], [], [], 0, []
        for begin in range(0, 3 * WINDOW, WINDOW):
            window = tokens[begin : begin + WINDOW]
            pairs = [[log_softmax(r) for r in read_npy(self.logits(m, window, "--activations", "f32"))]
                     for m in (reference, model)]  # fmt: skip
            for i in range(WINDOW // 2, WINDOW - 1):
                p, q, target = pairs[0][i], pairs[1][i], window[i + 1]
                klds.append(sum(math.exp(a) * (a - b) for a, b in zip(p, q)))
                nll.append(-q[target])
                reference_nll.append(-p[target])
                same += p.index(max(p)) == q.index(max(q))
                deltas.append(math.exp(q[target]) - math.exp(p[target]))
        n = len(klds)
        got = self.eval(model, "--reference", reference, "--window", WINDOW, "--limit", 3 * WINDOW + 5, *EXACT)
        self.assertEqual((got["windows"], got["predictions"], got["tokens"]), (3, n, 3 * WINDOW))
        self.assertEqual(n, 3 * (WINDOW // 2 - 1))
        mean = sum(klds) / n
        self.assertGreater(mean, 1e-3)
        self.assertAlmostEqual(got["kld_mean"], mean, delta=1e-4 * mean)
        self.assertAlmostEqual(got["kld_max"], max(klds), delta=1e-3 * max(klds))
        self.assertAlmostEqual(got["kld_median"], sorted(klds)[n // 2], delta=1e-3 * mean)
        self.assertAlmostEqual(got["top1"], same / n, places=12)
        self.assertAlmostEqual(math.log(got["perplexity"]), sum(nll) / n, places=5)
        self.assertAlmostEqual(math.log(got["reference_perplexity"]), sum(reference_nll) / n, places=5)
        self.assertAlmostEqual(got["delta_p_mean"], sum(deltas) / n, places=6)
        self.assertAlmostEqual(got["delta_p_rms"], math.sqrt(sum(d * d for d in deltas) / n), places=6)

    def test_of_a_model_with_itself(self):
        model = self.with_tokenizer("qwen3_5_text")
        got = self.eval(model, "--reference", model, "--window", WINDOW, *EXACT)
        self.assertEqual((got["kld_max"], got["top1"], got["perplexity_ratio"]), (0.0, 1.0, 1.0))
        self.assertEqual((got["floor"]["kld_max"], got["floor"]["top1"]), (0.0, 1.0))

    def test_score_all_counts_every_prediction(self):
        model = self.with_tokenizer()
        got = self.eval(model, "--window", WINDOW, "--score", "all")
        self.assertEqual(got["predictions"], got["windows"] * (WINDOW - 1))
        self.assertEqual(got["windows"], len(TEXT) // WINDOW)
        self.assertNotIn("kld_mean", got)

    def test_do_not_depend_on_threads(self):
        reference = self.with_tokenizer()
        model = self.convert(reference, "--format", "int4")
        flags = ["--reference", reference, "--window", WINDOW]
        results = [self.eval(model, *flags, "-t", threads) for threads in (1, 3)]
        for result in results:
            for key in ("threads", "seconds", "reference_seconds", "peak_memory_bytes"):
                del result[key]
                result["floor"].pop(key, None)
        self.assertEqual(*results)

    def test_intervals_hold_the_figures(self):
        reference = self.with_tokenizer()
        got = self.eval(self.convert(reference, "--format", "int4"), "--reference", reference, "--window", WINDOW)
        intervals = got["intervals"]
        self.assertEqual((intervals["level"], intervals["unit"], intervals["units"]), (0.95, "windows", got["windows"]))
        self.assertEqual({*FIGURES} - {"kld_max"}, {*intervals} - {"level", "unit", "units"})
        for figure in {*FIGURES} - {"kld_max"}:
            low, high = intervals[figure]
            self.assertLessEqual(low, got[figure], figure)
            self.assertGreaterEqual(high, got[figure], figure)
        few = self.eval(reference, "--window", WINDOW, "--limit", 3 * WINDOW)
        self.assertIsNone(few["intervals"]["perplexity"])

    def test_many_texts_are_the_unit(self):
        model = self.with_tokenizer()
        flags = []
        for i in range(8):
            path = self.folder / f"{i}.txt"
            path.write_text(TEXT[i * 50 : i * 50 + 2 * WINDOW])
            flags += ["--text", path]
        got = self.eval(model, *flags, "--window", WINDOW, text=False)
        self.assertEqual((got["intervals"]["unit"], got["intervals"]["units"]), ("texts", 8))
        self.assertEqual([t["file"] for t in got["texts"]], [str(f) for f in flags[1::2]])
        mean = sum(math.log(t["perplexity"]) for t in got["texts"]) / 8
        self.assertAlmostEqual(math.log(got["perplexity"]), mean, places=9)

    def test_the_floor_says_what_it_is(self):
        reference = self.with_tokenizer()
        model = self.convert(reference, "--format", "int4")
        flags = ["--reference", reference, "--window", WINDOW]
        floor = self.eval(model, *flags)["floor"]
        self.assertIn("exact activations, f32 cache", floor["what"])
        self.assertEqual((floor["kld_max"], floor["top1"]), (0.0, 1.0))
        floor = self.eval(model, *flags, "--kv-encoding", "f16")["floor"]
        self.assertIn("exact activations, f16 cache", floor["what"])
        self.assertLess(floor["kld_mean"], 1e-5)
        quantized = self.convert(reference, "--format", "int8", name="int8.cellm")
        floor = self.eval(model, "--reference", quantized, "--window", WINDOW)["floor"]
        self.assertIn("int8 weights of the reference, int8 activations", floor["what"])
        self.assertGreater(floor["kld_mean"], 1e-6)
        self.assertNotIn("floor", self.eval(model, *flags, "--no-floor"))

    def test_tokenizers_begin_every_window(self):
        begin = {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}},
                                                          {"Sequence": {"id": "A", "type_id": 0}}],
                 "pair": [], "special_tokens": {"<s>": {"id": "<s>", "ids": [256], "tokens": ["<s>"]}}}  # fmt: skip
        model = self.with_tokenizer(tokenizer={**byte_tokenizer(["<s>"]), "post_processor": begin})
        got = self.eval(model, "--window", WINDOW, "--limit", 2 * WINDOW, *EXACT)
        tokens = [256, *TEXT.encode()]
        nll = []
        for begin in (0, WINDOW):
            window = [256, *tokens[begin + 1 : begin + WINDOW]]
            rows = [log_softmax(r) for r in read_npy(self.logits(model, window))]
            nll += [-rows[i][window[i + 1]] for i in range(WINDOW // 2, WINDOW - 1)]
        self.assertAlmostEqual(math.log(got["perplexity"]), sum(nll) / len(nll), places=5)

    def test_the_table_has_the_same_figures(self):
        reference = self.with_tokenizer()
        model = self.convert(reference, "--format", "int4")
        flags = ["--reference", reference, "--window", WINDOW]
        got = self.eval(model, *flags)
        table = self.succeed("eval", "-m", model, "--text", self.text, *flags).stdout.decode()
        for name, key, digits, unit in (("perplexity", "perplexity", 4, 1), ("KLD mean", "kld_mean", 6, 1),
                                        ("KLD 99.9 %", "kld_p999", 6, 1), ("same first choice", "top1", 2, 100)):  # fmt: skip
            self.assertRegex(table, rf"(?m)^{re.escape(name)} +{got[key] * unit:.{digits}f} .*…")
        self.assertLess(table.index("the engine's own floor"), table.index("perplexity"))


class Stored(EvalTest):
    def test_quality_goes_into_the_file(self):
        reference = self.with_tokenizer()
        model = self.convert(reference, "--format", "int4")
        before = cellm_header(model)
        infer = ["infer", "-m", model, "--tokens", "1,2,3", "--gen", "2", "--temperature", "0"]
        self.assertNotIn(b"KLD", self.succeed(*infer).stderr)
        answer = self.succeed(*infer).stdout

        got = self.eval(model, "--reference", reference, "--window", WINDOW, "--store")
        self.succeed("verify", model)
        after = cellm_header(model)
        quality = after.pop("quality")
        for key in ("perplexity", "perplexity_ratio", "kld_mean", "top1", "bits_per_weight", "predictions", "window"):
            self.assertEqual(quality[key], got[key], key)
        self.assertEqual(quality["text_xxh3"], got["text_xxh3"])
        self.assertEqual(quality["scored"], "second-half")
        self.assertRegex(quality["date"], r"^20\d\d-\d\d-\d\d$")
        self.assertRegex(quality["reference_xxh3"], r"^[0-9a-f]{16}$")
        self.assertRegex(quality["writer"], r"^cellm \d")
        self.assertEqual(after["checksums"]["tensors"], before["checksums"]["tensors"])
        self.assertEqual({*after}, {*before})

        summary = f"KLD {got['kld_mean']:.3f} vs {got['reference_format']}, {got['bits_per_weight']:.2f} bits per weight"
        again = self.succeed(*infer)
        self.assertEqual(again.stdout, answer)
        self.assertEqual(again.stderr.decode().splitlines()[0], f"m.cellm: {summary}")
        self.assertEqual(self.succeed(*infer, "-q").stderr, b"")
        self.assertIn(f"quality: {summary}", self.succeed("inspect", model).stdout.decode())
        self.assertEqual(json.loads(self.succeed("inspect", "--json", model).stdout)["quality"], quality)
        # A copy of the reference has the same checksum in any folder, another model a different one.
        copy = self.with_tokenizer(to="elsewhere")
        self.eval(model, "--reference", copy, "--window", WINDOW, "--store")
        self.assertEqual(cellm_header(model)["quality"]["reference_xxh3"], quality["reference_xxh3"])
        self.eval(model, "--reference", self.convert(reference, name="r.cellm"), "--window", WINDOW, "--store")
        self.assertNotEqual(cellm_header(model)["quality"]["reference_xxh3"], quality["reference_xxh3"])

    def test_only_a_cellm_file_keeps_it(self):
        model = self.with_tokenizer()
        self.fail_with(2, "--store writes into a .cellm file", "eval", "-m", model, "--text", self.text, "--window",
                       WINDOW, "--reference", model, "--store")  # fmt: skip
        path = self.convert(model)
        self.fail_with(2, "--store needs --reference and --text", "eval", "-m", path, "--text", self.text, "--store")

    @unittest.skipIf(os.geteuid() == 0, "root writes anywhere")
    def test_a_folder_that_cannot_be_written(self):
        model = self.with_tokenizer()
        path = self.convert(model)
        before = path.read_bytes()
        self.folder.chmod(0o555)
        self.addCleanup(self.folder.chmod, 0o755)
        self.fail_with(3, "m.cellm", "eval", "-m", path, "--reference", model, "--text", self.text, "--window", WINDOW,
                       "--store")  # fmt: skip
        self.assertEqual(path.read_bytes(), before)


class Choices(EvalTest):
    def write(self, *lines):
        path = self.folder / "quiz.jsonl"
        path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
        return path

    def test_scores_are_those_of_the_logits(self):
        model = self.with_tokenizer("llama")
        items = [{"context": "Grass is ", "choices": ["green", "loud", "o"], "answer": "green"}] + [
            {"context": f"The {c}s say", "choices": [f" {c}{c}", " moo", " baa"], "answer": 1} for c in "abcdefg"]  # fmt: skip
        right = {"accuracy_sum": 0, "accuracy_mean": 0}
        for item in items:
            sums, means = [], []
            for choice in item["choices"]:
                context = item["context"].rstrip()
                tokens = list((item["context"] + choice).encode())
                rows = [log_softmax(r) for r in read_npy(self.logits(model, tokens))]
                terms = [rows[i - 1][tokens[i]] for i in range(len(context), len(tokens))]
                sums.append(sum(terms))
                means.append(sum(terms) / len(terms))
            answer = item["choices"].index(item["answer"]) if isinstance(item["answer"], str) else item["answer"]
            right["accuracy_sum"] += sums.index(max(sums)) == answer
            right["accuracy_mean"] += means.index(max(means)) == answer
        path = self.write(*items, "")
        got = self.eval(model, "--choices", path, *EXACT, text=False)["choices"]
        self.assertEqual(got["items"], len(items))
        for key, count in right.items():
            self.assertAlmostEqual(got[key], count / len(items), places=12)
        self.assertAlmostEqual(got["chance"], 1 / 3, places=12)
        both = self.eval(model, "--choices", path, "--reference", model, "--window", WINDOW, *EXACT)
        self.assertEqual(both["choices"]["accuracy_sum"], both["reference_choices"]["accuracy_sum"])
        self.assertIn("perplexity", both)
        table = self.succeed("eval", "-m", model, "--choices", path).stdout.decode()
        self.assertIn("guessing gives 33.33 %", table)

    def test_a_damaged_line_is_named(self):
        model = self.with_tokenizer()
        good = {"context": "a", "choices": ["b", "c"], "answer": 0}
        for bad, part in (("{", ""), ({**good, "answer": 2}, "answer"), ({**good, "choices": ["b"]}, "at least 2"),
                          ({**good, "context": None}, "context")):  # fmt: skip
            message = self.fail_with(3, part, "eval", "-m", model, "--choices", self.write(good, bad, good))
            self.assertIn("quiz.jsonl: line 2", message)
        empty = {**good, "context": ""}
        self.fail_with(3, "quiz.jsonl: line 2: the context is empty", "eval", "-m", model, "--choices",
                       self.write(good, empty))  # fmt: skip
        self.fail_with(3, "the file has no items", "eval", "-m", model, "--choices", self.write(""))


class Answers(EvalTest):
    def write(self, *lines):
        path = self.folder / "questions.jsonl"
        path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
        return path

    def test_are_those_of_infer(self):
        model = self.with_tokenizer("llama")
        asked = [f"What is {i} + {i * i}?" for i in range(10)]
        said = []
        for question in asked:
            prompt = f"Question: {question}\nAnswer:"
            result = self.succeed("infer", "-m", model, "--prompt", prompt, "--temperature", 0, "--repeat-penalty", 1,
                                  "--gen", 120, "--stop", "\n", "--on-loop", "stop", "--json", "-q", *EXACT)  # fmt: skip
            said.append(json.loads(result.stdout))
        # The first half has an answer that the model gives.
        path = self.write(*({"question": q, "answer": s["text"].strip(SPACES) if i < 5 else "no", "kind": f"k{i % 2}"}
                            for i, (q, s) in enumerate(zip(asked, said))))  # fmt: skip
        got = self.eval(model, "--questions", path, "--gen", 120, *EXACT, text=False)
        answers = got["answers"]
        self.assertEqual([i["answer"] for i in answers["items"]], [s["text"].strip(SPACES) for s in said])
        self.assertEqual([i["looping"] for i in answers["items"]], [s["stop_reason"] == "loop" for s in said])
        self.assertEqual((answers["questions"], answers["right"]), (10, 0.5))
        self.assertEqual(answers["kinds"], {"k0": {"questions": 5, "right": 3}, "k1": {"questions": 5, "right": 2}})
        self.assertEqual(answers["tokens"], sum(len(s["ids"]) for s in said))
        for n in (1, 2, 3):
            spans = {tuple(s["ids"][i : i + n]) for s in said for i in range(len(s["ids"]) - n + 1)}
            self.assertAlmostEqual(answers[f"distinct{n}"], len(spans) / answers["tokens"], places=12)
        low, high = answers["intervals"]["right"]
        self.assertTrue(0 <= low < 0.5 < high <= 1)
        self.assertNotIn("right_of_reference", answers)
        self.assertNotIn("perplexity", got)

    def test_stand_beside_those_of_the_reference(self):
        reference = self.with_tokenizer("llama")
        model = self.convert(reference, "--format", "int2")
        path = self.write(*({"question": f"{i}?", "answer": "0"} for i in range(8)))
        flags = ["--reference", reference, "--questions", path, "--gen", 16]
        got = self.eval(model, *flags, "--window", WINDOW)
        own, other = (got[key]["items"] for key in ("answers", "reference_answers"))
        self.assertNotEqual([i["answer"] for i in own], [i["answer"] for i in other])
        self.assertIn("perplexity", got)
        same = self.eval(reference, *flags, *EXACT, text=False)
        self.assertEqual(same["answers"]["items"], same["reference_answers"]["items"])
        table = self.succeed("eval", "-m", model, *flags).stdout.decode()
        self.assertRegex(table, r"(?m)^8 questions, answers of \d+ tokens, greedily")
        self.assertRegex(table, rf"(?m)^looping answers +{got['answers']['looping'] * 100:.2f} %")
        self.assertRegex(table, rf"(?m)^distinct-2 +{got['answers']['distinct2']:.4f}   \(reference "
                                rf"{got['reference_answers']['distinct2']:.4f}\)")  # fmt: skip

    def test_a_damaged_line_is_named(self):
        model = self.with_tokenizer()
        good = {"question": "a", "answer": "b"}
        for bad, part in (("{", ""), ({"question": "a"}, "answer"), ({**good, "answer": []}, "no answer"),
                          ({**good, "question": " "}, "empty")):  # fmt: skip
            message = self.fail_with(3, part, "eval", "-m", model, "--questions", self.write(good, bad))
            self.assertIn("questions.jsonl: line 2", message)
        self.fail_with(3, "the file has no items", "eval", "-m", model, "--questions", self.write(""))
        self.fail_with(3, "missing", "eval", "-m", model, "--questions", self.folder / "missing")
        self.fail_with(2, "--gen", "eval", "-m", model, "--questions", "default", "--gen", 0)
        long = {**good, "question": "a" * 5000}
        self.fail_with(2, "line 2: 5018 tokens leave no room", "eval", "-m", model, "--questions", self.write(good, long))


class Errors(EvalTest):
    def refuse(self, code, part, model, *flags):
        return self.fail_with(code, part, "eval", "-m", model, *flags)

    def test_texts(self):
        model = self.with_tokenizer()
        self.refuse(2, f"text.txt: the text has {len(TEXT)} tokens, a window needs 1000", model, "--text", self.text,
                    "--window", 1000)  # fmt: skip
        empty, invalid, none = self.folder / "empty", self.folder / "invalid", self.folder / "none"
        empty.write_bytes(b"")
        invalid.write_bytes(b"abc\xe2\x82")
        self.refuse(3, "empty: the file is empty", model, "--text", self.text, "--text", empty)
        self.refuse(3, "invalid: byte 3 (0xe2) is not valid UTF-8", model, "--text", invalid)
        self.refuse(3, none, model, "--text", none)
        self.refuse(3, self.folder, model, "--text", self.folder)
        tokenizer = byte_tokenizer()
        tokenizer["model"]["vocab"] = {("?x" if k == "q" else k): v for k, v in tokenizer["model"]["vocab"].items()}
        lossy = self.with_tokenizer(to="lossy", tokenizer=tokenizer)
        self.refuse(3, f"text.txt: byte {TEXT.index('q')} (0x71): the tokenizer has no token for it", lossy, "--text",
                    self.text)  # fmt: skip

    def test_windows(self):
        model = self.with_tokenizer()
        text = ["--text", self.text]
        self.refuse(2, "a window of 5000 tokens does not fit into the context of 4096", model, *text, "--window", 5000)
        for window in (0, 1, -1, "x"):
            self.refuse(2, "--window", model, *text, "--window", window)
        self.refuse(2, "a window of 2 tokens leaves nothing to score", model, *text, "--window", 2)
        self.refuse(2, "a limit of 63 tokens is less than one window of 64", model, *text, "--window", 64, "--limit", 63)
        self.refuse(2, "--limit", model, *text, "--limit", 0)
        self.refuse(2, "--score", model, *text, "--score", "most")

    def test_references(self):
        model = self.with_tokenizer()
        text = ["--text", self.text, "--window", WINDOW]
        other = self.with_tokenizer(to="other", tokenizer=byte_tokenizer(["<x>"]))
        self.refuse(2, "the reference's tokenizer has 257 ids, the model's 256", model, *text, "--reference", other)
        merged = byte_tokenizer()
        vocab = merged["model"]["vocab"]
        vocab["th"] = vocab.pop("\u00ff")  # as many ids as before
        merged["model"]["merges"] = ["t h"]
        other = self.with_tokenizer(to="merged", tokenizer=merged)
        self.refuse(2, "gives", model, *text, "--reference", other)
        larger = self.with_tokenizer("qwen3_5_text_untied", to="larger")
        message = self.refuse(2, "the reference's vocabulary is 257, that of", model, *text, "--reference", larger)
        self.assertIn("is 320", message)
        bare = self.copy_model("qwen3", to="bare")
        self.refuse(3, "give --tokenizer", model, *text, "--reference", bare)
        self.refuse(3, "give --tokenizer", bare, *text)
        self.refuse(3, "none", model, *text, "--reference", self.folder / "none")
        tokenizer = ["--tokenizer", model / "tokenizer.json"]
        self.eval(bare, "--reference", bare, "--window", WINDOW, *tokenizer)

    def test_arguments(self):
        model = self.with_tokenizer()
        self.refuse(2, "give --text FILE, --choices FILE or --questions FILE", model)
        self.fail_with(2, "--model", "eval", "--text", self.text)

    def test_output_that_cannot_be_written(self):
        command = [BIN / "cellm", "eval", "-m", self.with_tokenizer(), "--text", self.text, "--window", str(WINDOW)]
        for flags in ([], ["--json"]):
            with open("/dev/full", "wb") as full:
                result = subprocess.run([*command, *flags], stdout=full, stderr=subprocess.PIPE, timeout=20)
            self.assertEqual(result.returncode, 5, result.stderr)
            self.assertEqual(result.stderr.count(b"\n"), 1)

    def test_help_has_examples(self):
        text = run("eval", "--help").stdout.decode()
        for part in ("--reference", "--choices", "--questions", "--store", "--window", "Examples:", '"context"'):
            self.assertIn(part, text)


if __name__ == "__main__":
    unittest.main()

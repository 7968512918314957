"""Multiple-choice items, stored steps of a study, replies of the hub, and arguments of the command line."""

import json

from fuzz_corpus.seeds import compact_json, seed
from harness import study_step


def result_seeds():
    """Multiple-choice items, questions and stored steps of a study."""
    good = {"context": "Grass is", "choices": [" green", " loud"], "answer": 0}
    lines = lambda *items: "\n".join(item if isinstance(item, str) else compact_json(item) for item in items)
    for name, content in {
        "one": lines(good), "three": lines(good, {**good, "answer": " loud", "id": 7}, "", {**good, "context": "A \t"}, " \r", ""),
        "empty": "", "blank": " \n\n", "no-json": lines(good, "{"), "array": "[]", "no-context": lines({"choices": ["a", "b"], "answer": 0}),
        "number": lines({**good, "context": 1}), "few": lines({**good, "choices": ["a"]}), "nothing": lines({**good, "choices": ["a", ""]}),
        "twice": lines({**good, "choices": ["a", "b", "a"]}), "no-answer": lines({"context": "", "choices": ["a", "b"]}),
        "beyond": lines({**good, "answer": 2}), "other": lines({**good, "answer": "red"}), "negative": lines({**good, "answer": -1}),
        "no-text": lines({**good, "context": " "}), "no-token": lines({**good, "context": "ca", "choices": ["n", "t"]}),
        "many": lines({**good, "choices": [str(i) for i in range(257)]}),
        "most": lines({**good, "choices": [str(i) for i in range(256)], "answer": 255}),
    }.items():  # fmt: skip
        seed("choices", name, content)
    asked = {"question": "How many?", "answer": ["19", "nineteen"]}
    for name, content in {
        "one": lines(asked), "three": lines({**asked, "kind": "sums"}, "", {**asked, "answer": "\u201cx\u201d"}, " \r", ""),
        "reply": lines({"question": "a", "reply": " 3. "}), "both": lines({**asked, "reply": "It is 19."}), "empty": "", "no-json": lines(asked, "{"),
        "array": "[]", "no-question": lines({"answer": "a"}), "no-answer": lines({"question": "a"}), "none": lines({**asked, "answer": []}),
        "blank": lines({**asked, "answer": " "}), "number": lines({**asked, "answer": 19}), "kind": lines({**asked, "kind": 1}),
        "words": lines({**asked, "answer": ["-5.5", "a b", "\u00e9", ".5", "5,"]}), "many": lines({**asked, "answer": ["a"] * 257}),
    }.items():  # fmt: skip
        seed("questions", name, content)
    key = "0123456789abcdef"
    results = {"number": 5, "null": None, "eval": {"perplexity": 12.5, "kld_mean": None, "intervals": {"kld_mean": [0.1, 0.2]}},
               "texts": {"samples": [{"prompt": "\u00e9", "text": "a\n\"b\"", "looping": False}]}, "wide": {f"k{i}": -i for i in range(20)}}  # fmt: skip
    for name, value in results.items():
        whole = study_step(key, value)
        seed("study_step", name, json.dumps(whole, indent=1, ensure_ascii=False))
        seed("study_step", f"{name}-other-key", compact_json({**whole, "key": key[::-1]}))
        seed("study_step", f"{name}-damaged", compact_json({**whole, "value": [value]}))
    for name, content in {"cut": '{"key":', "array": "[]", "no-value": '{"key":"%s"}' % key, "no-checksum": '{"key":"%s","value":1}' % key,
                          "key-twice": '{"value":1,"value":2}', "kinds": '{"key":1,"checksum":2,"value":3}'}.items():  # fmt: skip
        seed("study_step", name, content)


def hub_seeds():
    """Descriptions of repositories, and headers, by the hub."""
    files = ["config.json", "model.safetensors", "tokenizer.json", "README.md", "a/b.gguf"]
    whole = {"id": "a/b", "sha": "0123456789abcdef0123456789abcdef01234567", "siblings": [{"rfilename": file} for file in files]}
    sibling = lambda *names: {**whole, "siblings": [{"rfilename": name} for name in names]}
    for name, value in {
        "whole": whole, "parts": sibling("b-00002-of-00002.gguf", "b-00001-of-00002.gguf"), "part": sibling("b-00001-of-00002.gguf"),
        "shards": sibling("config.json", "model.safetensors.index.json", "model-00001-of-00001.safetensors"),
        "indexes": sibling("config.json", "a.safetensors.index.json", "b.safetensors.index.json", "a.safetensors"),
        "bin": sibling("config.json", "pytorch_model.bin"), "outside": sibling("../config.json"), "absolute": sibling("/config.json"),
        "twice": sibling("a", "a"), "empty": sibling(), "no-commit": {**whole, "sha": "main"}, "array": [],
    }.items():  # fmt: skip
        seed("hub_revision", name, compact_json(value))
    for name, lines in {
        "large": ["HTTP/1.1 302 Found", "X-Repo-Commit: " + "0" * 40, 'X-Linked-ETag: "' + "a" * 64 + '"', "X-Linked-Size: 12", "Location: /c?d"],
        "range": ["HTTP/1.1 206 Partial Content", "Content-Range: bytes 5-9/10", 'ETag: "b"', "Content-Length: 5"],
        "weak": ['ETag: W/"' + "c" * 40 + '"', "Content-Range: bytes 9-5/10"],
        "names": ["a/b", "a/b:c.gguf@v1", "a/b@refs/pr/1", "https://c/d", "//e/f", "../g", "a/b:../c.gguf"],
    }.items():  # fmt: skip
        seed("hub_headers", name, "\r\n".join(lines))


def command_line_seeds():
    values = {
        0: ["f16", "int8", "int4", "int4-g32", "int4-g7", "int4-g99999999999999999999", "int2", "q1", "fp8", "int4-g032"],
        1: ["mlp.down_proj=int8", "=int8", "x", "(=f16", "(a+)+$=int4", "a=b=f16", "[[:alpha:]]=q1", "(?R)?x=f16", "([a-z._]+)*[!?]=int4"],
        2: ["1,2,3", "", ",", "1,", " 1 , 2", "4294967296", "-1", "1;2", "007"],
        3: ["int8", "int4-g32", "mixed-int4", "best", "int4-aggressive"], 4: ["f16", "f32", "turboquant", "q8"],
        5: ["int8", "fast", "f32", "f64"],
    }  # fmt: skip
    for kind, texts in values.items():
        for number, text in enumerate(texts):
            seed("values", f"{kind}-{number}", bytes([kind]) + text.encode())
    lines = (
        ["--input", "a", "--output", "b", "--format", "int4-g32", "--embedding", "int8", "--tensor", "x=f16", "-t", "2", "-q"],
        ["--model", "a", "--prompt", "b", "--gen", "5", "--temperature", "0.5", "--top-k", "3", "--seed", "1", "--chat",
         "--stop-eos", "false", "--kv-encoding", "f32", "--thinking", "--tokens-per-block=64", "--repeat-penalty", "1.1"],
        ["a", "--json"], ["a"], ["--model", "a", "--decode", "--skip-special"], ["-m", "a", "--tokens", "1,2", "-o", "b", "--last", "1"],
        ["--model", "a", "-p", "1,2", "-n", "0", "-d", "0,4", "-r", "3", "-t", "1,2", "-o", "csv"],
        ["--model", "a", "--text", "b", "--text", "c", "--reference", "d", "--choices", "e", "--questions", "f", "--gen", "9", "--window", "64", "--score", "all",
         "--limit", "9", "--no-floor", "--store", "--kv-encoding", "f32", "--activations", "f32", "--json"],
        ["-i", "a", "-o", "b", "--text", "c", "--formats", "int4,int8", "--no-keep", "--tokens", "0", "--window", "2",
         "--generate", "1", "--sensitivity-tokens", "0", "--speed-runs", "0", "-t", "1", "-q"],
    )  # fmt: skip
    for number, arguments in enumerate(lines):
        seed("command_line", str(number), bytes([number]) + "\n".join(arguments).encode())
        seed("command_line", f"{number}-help", bytes([number]) + b"--help")
        seed("command_line", f"{number}-wrong", bytes([number]) + b"--threads=-1\n--gen=1e9\nx\ny")

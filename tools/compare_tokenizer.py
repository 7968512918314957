#!/usr/bin/env python3
"""Compares `cellm tokenize` with the Hugging Face tokenizers library on random texts.

    pip install tokenizers
    tools/compare_tokenizer.py tokenizer.json [--texts N] [--seed N] [--command "cellm tokenize"]

The texts mix characters of all planes, combining marks, Hangul Jamo, emoji sequences, control
characters, white space and the tokenizer's own added tokens. Ids with and without added tokens, decoded
texts, and the texts of random ids must be equal. The command is called as

    COMMAND --tokenizer FILE --json-lines [--plain | --decode [--skip-special]]

and reads and writes one JSON value per line: texts and ids, or with --decode ids and texts.
"""

import argparse
import json
import random
import shlex
import subprocess
import sys

from tokenizers import Tokenizer, processors

WORDS = (
    "Hello the world isn't I'll WE'RE you'VE don'T x'\u017f 123 4567 \u00bd \u2167 \u0663\u0664 na\u00efve "
    "e\u0301 A\u030a\u0323 q\u0323\u0307 q\u0307\u0323 \ud55c\uad6d\uc5b4 \u1112\u1161\u11ab \uac00\u11a8 "
    "\u4e2d\u6587 \u65e5\u672c\u8a9e \u30c6\u30b9\u30c8 \u0928\u092e\u0938\u094d\u0924\u0947 "
    "\u0e20\u0e32\u0e29\u0e32\u0e44\u0e17\u0e22 \u05e2\u05d1\u05e8\u05d9\u05ea \u0627\u0644\u0639\u0631\u0628\u064a\u0629 "
    "\U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f3f3\ufe0f\u200d\U0001f308 \u270a\U0001f3fd \u200d \u200f "
    "\ufeff \u212b \u2126 \ufb01 \ufdfa <think> </think> <|im_start|> <|im_end|> <|endoftext|> <|im_ "
    "nfc\u0301 word \u0001 \x7f ^ $ _ a_b \u203f \u0344 \u0340 \u0958 \u2adc \U0001d15e \U00011938 "
    "\U000105c9 \U00016121 \u00df SS \ufb06 \u212a"
).split(" ") + [
    " ", "  ", "   ", "\n", "\n\n", "\r\n", "\t", " \n ", " " * 40, "\n" * 9, "\u00a0 ",
    "\u2028", "\u0085", "\u180e", "\u3000", "\x1c", "",
]  # fmt: skip
RANGES = [(0x20, 0x7F)] * 4 + [
    (0, 0x250), (0, 0x250), (0x300, 0x370), (0x300, 0x370), (0x1100, 0x1200), (0x1100, 0x1200),
    (0x250, 0x3000), (0x250, 0x3000), (0x250, 0x3000), (0x3000, 0x10000), (0x3000, 0x10000),
    (0x10000, 0x20000), (0x10000, 0x20000), (0x10000, 0x20000), (0, 0x110000), (0, 0x110000),
]  # fmt: skip


def random_character(rng):
    while True:
        code = rng.randrange(*rng.choice(RANGES))
        if not 0xD800 <= code < 0xE000:
            return chr(code)


def random_text(rng, added):
    length = rng.choice([1, 2, 3, 5, 8, 13, 30, 80])
    kind = rng.random()
    if kind < 0.35:
        return "".join(random_character(rng) for _ in range(length))
    if kind < 0.7:
        return "".join(rng.choice(WORDS) + rng.choice(["", " ", "", "\n"]) for _ in range(length))
    parts = []
    for _ in range(length):
        kind = rng.random()
        if kind < 0.3:
            parts.append(rng.choice(added))
        elif kind < 0.6:
            parts.append(rng.choice([" ", "  ", "\n", "\t ", "a", "_", ".", "\u00e9", "\u24d0", "1", "\u200d"]))
        elif kind < 0.8:
            parts.append(rng.choice(WORDS))
        else:
            parts.append(random_character(rng))
    return "".join(parts)


def ask(command, path, flags, values):
    lines = "".join(json.dumps(value) + "\n" for value in values)
    done = subprocess.run(
        [*command, "--tokenizer", path, "--json-lines", *flags], input=lines.encode(), stdout=subprocess.PIPE
    )
    if done.returncode != 0:
        sys.exit(f"{shlex.join(command)} failed with {done.returncode}")
    return [json.loads(line) for line in done.stdout.decode().split("\n")[:-1]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tokenizer")
    parser.add_argument("--texts", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--command", default="cellm tokenize")
    options = parser.parse_args()
    command = shlex.split(options.command)

    with open(options.tokenizer, encoding="utf-8") as file:
        document = json.load(file)
    added = [token["content"] for token in document["added_tokens"]] or ["x"]
    document.update(post_processor=None, truncation=None, padding=None)
    reference = Tokenizer.from_str(json.dumps(document))
    plain = Tokenizer.from_str(json.dumps({**document, "added_tokens": []}))

    rng = random.Random(options.seed)
    texts = [random_text(rng, added) for _ in range(options.texts)]
    known = sorted(reference.get_vocab().values())
    id_lists = [[rng.choice(known) for _ in range(rng.choice([1, 3, 10, 40]))] for _ in range(options.texts // 2)]

    encoded = [reference.encode(text, add_special_tokens=False).ids for text in texts]
    id_lists += encoded
    checks = {
        "ids": ([], texts, encoded),
        "ids as plain text": (["--plain"], texts, [plain.encode(text).ids for text in texts]),
        "text": (
            ["--decode"],
            id_lists,
            [reference.decode(ids, skip_special_tokens=False) for ids in id_lists],
        ),
        "text without special tokens": (
            ["--decode", "--skip-special"],
            id_lists,
            [reference.decode(ids, skip_special_tokens=True) for ids in id_lists],
        ),
    }
    failures = 0
    for name, (flags, inputs, expected) in checks.items():
        found = ask(command, options.tokenizer, flags, inputs)
        different = [i for i in range(len(inputs)) if i >= len(found) or found[i] != expected[i]]
        failures += len(different)
        for i in different[:3]:
            print(f"{name} of {inputs[i]!r}\n  expected {expected[i]!r}\n  found    {found[i:i + 1]!r}")
        print(f"{options.tokenizer}: {name}: {len(inputs)} compared, {len(different)} different")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

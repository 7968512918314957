#!/usr/bin/env python3
"""Measures the loss of cellm-tiny on dialogues inside and outside of its training set, and looping answers.

usage: judge.py [--model FOLDER] [--corpus FOLDER] [--cellm PROGRAM]

Prints the mean cross entropy of the replies' tokens in dialogues that it was trained on, in others, and in others with
questions in held-out phrasings (of the corpus folder, transformers in float32), and how many of 100 answers to requests of any
kind and of 100 to held-out questions, sampled as the model's generation_config.json says, up to 128 tokens, loop: repeat
the same span three times, 16 tokens or more.
"""

import argparse
import concurrent.futures
import json
import pathlib

import torch
from transformers import AutoTokenizer, Qwen3_5ForCausalLM

import chat
import evaluate

ROOT = evaluate.ROOT
BATCH = 25  # dialogues
ANSWERS = 100
ANSWER_TOKENS = 128
LOOP_REPEATS = 3
LOOP_TOKENS = 16


def read(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def dialogue_loss(model, tokenizer, entries):
    """Nats for each token of a reply."""
    total, count = 0.0, 0
    for begin in range(0, len(entries), BATCH):
        rows = []
        for entry in entries[begin : begin + BATCH]:
            pieces = [(tokenizer(text, add_special_tokens=False).input_ids, learnt) for text, learnt in chat.parts(entry)]
            rows.append([(i, learnt) for piece, learnt in pieces for i in piece])
        width = max(len(row) for row in rows)
        rows = [row + [(tokenizer.pad_token_id, False)] * (width - len(row)) for row in rows]
        ids = torch.tensor([[i for i, _ in row] for row in rows])
        learnt = torch.tensor([[flag for _, flag in row] for row in rows])[:, 1:]
        with torch.no_grad():
            logits = model(ids).logits[:, :-1][learnt]
        total += torch.nn.functional.cross_entropy(logits, ids[:, 1:][learnt], reduction="sum").item()
        count += int(learnt.sum())
    return total / count


def loops(ids):
    for size in range(1, len(ids) // LOOP_REPEATS + 1):
        equal = 0
        for a, b in zip(ids, ids[size:]):
            equal = equal + 1 if a == b else 0
            if equal >= (LOOP_REPEATS - 1) * size and equal + size >= LOOP_TOKENS:
                return True
    return False


def looping(cellm, model, tokenizer, requests):
    def ask(i):
        return evaluate.ask(cellm, model, requests[i], "--gen", str(ANSWER_TOKENS), "--seed", str(i + 1))

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(ask, range(len(requests))))
    bad = [answer for answer in answers if loops(tokenizer(answer).input_ids)]
    for answer in bad:
        print(f"    loops: {answer!r}")
    return len(bad)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=pathlib.Path, default=ROOT / "models/cellm-tiny")
    parser.add_argument("--corpus", type=pathlib.Path, default=ROOT / "testdata/tiny_eval")
    parser.add_argument("--cellm", default=str(ROOT / "build/release/bin/cellm"))
    options = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    model = Qwen3_5ForCausalLM.from_pretrained(options.model, dtype=torch.float32).eval()
    losses = {name: dialogue_loss(model, tokenizer, read(options.corpus / f"{name}.jsonl"))
              for name in ("training_dialogues", "dialogues", "rephrased_dialogues")}  # fmt: skip
    for name, loss in losses.items():
        print(f"{name}: {loss:.4f} nats per token of a reply ({100 * (loss / losses['training_dialogues'] - 1):+.0f} %)")
    any_kind = (ROOT / "src/tune/text/requests.txt").read_text(encoding="utf-8").splitlines()[:ANSWERS]
    questions = [entry["question"] for entry in read(options.corpus / "questions.jsonl")][:ANSWERS]
    for what, requests in (("requests of any kind", any_kind), ("held-out questions", questions)):
        print(f"{looping(options.cellm, options.model, tokenizer, requests)} of {len(requests)} answers to {what} loop")


if __name__ == "__main__":
    main()

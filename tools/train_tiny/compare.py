#!/usr/bin/env python3
"""Compares cellm with transformers on cellm-tiny: logits in float32, and greedy answers to held-out questions.

usage: compare.py [--model FOLDER] [--cellm PROGRAM] [--answers N]

Prints the largest difference of the logits over the evaluation texts and the number of answers that are the same, token
by token. Exits 1 if the logits differ by 0.003 or more or if an answer differs.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
from transformers import AutoTokenizer, Qwen3_5ForCausalLM

ROOT = pathlib.Path(__file__).resolve().parents[2]
LARGEST_DIFFERENCE = 0.003
TEXT_TOKENS = 512
ANSWER_TOKENS = 48


def cellm_logits(program, model, ids, folder):
    out = pathlib.Path(folder) / "logits.npy"
    subprocess.run([program, "logits", "--model", model, "--tokens", ",".join(map(str, ids)), "--output", out,
                    "--activations", "f32"], check=True, capture_output=True)  # fmt: skip
    return np.load(out)


def cellm_answer(program, model, ids):
    """Greedy ids without the end token."""
    run = [program, "infer", "--model", model, "--tokens", ",".join(map(str, ids)), "--temperature", "0", "--gen",
           str(ANSWER_TOKENS), "--quiet", "--activations", "f32"]  # fmt: skip
    return subprocess.run(run, check=True, capture_output=True, text=True).stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=pathlib.Path, default=ROOT / "models/cellm-tiny")
    parser.add_argument("--cellm", default=str(ROOT / "build/release/bin/cellm"))
    parser.add_argument("--answers", type=int, default=200)
    options = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    model = Qwen3_5ForCausalLM.from_pretrained(options.model, dtype=torch.float32).eval()

    worst = 0.0
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        text = (ROOT / "testdata/tiny_eval/story.txt").read_text(encoding="utf-8")
        ids = tokenizer(text).input_ids
        for begin in range(0, 4 * TEXT_TOKENS, TEXT_TOKENS):
            window = ids[begin : begin + TEXT_TOKENS]
            expected = model(torch.tensor([window])).logits[0].numpy()
            worst = max(worst, float(np.abs(expected - cellm_logits(options.cellm, options.model, window, folder)).max()))
    print(f"logits of {4 * TEXT_TOKENS} positions differ by at most {worst:.6f}")

    same = 0
    lines = (ROOT / "testdata/tiny_eval/questions.jsonl").read_text(encoding="utf-8").splitlines()[: options.answers]
    for line in lines:
        question = [{"role": "user", "content": json.loads(line)["question"]}]
        prompt = tokenizer.apply_chat_template(question, add_generation_prompt=True, return_tensors="pt", return_dict=False)
        with torch.no_grad():
            out = model.generate(prompt, do_sample=False, max_new_tokens=ANSWER_TOKENS)[0, prompt.shape[1] :].tolist()
        expected = tokenizer.decode([i for i in out if i not in (tokenizer.eos_token_id, tokenizer.pad_token_id)])
        same += expected.strip() == cellm_answer(options.cellm, options.model, prompt[0].tolist()).strip()
    print(f"{same} of {len(lines)} greedy answers are the same")
    return 0 if worst < LARGEST_DIFFERENCE and same == len(lines) else 1


if __name__ == "__main__":
    sys.exit(main())

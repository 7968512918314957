#!/usr/bin/env python3
"""Asks a model file the held-out questions and counts the answers that are right, word for word.

usage: evaluate.py [--cellm PROGRAM] [--questions FILE] [--by-kind] [--show-wrong N] MODEL...

Reports the share of answers equal to the trained reply, and of those that contain the short answer. MODEL is anything
that `cellm infer` opens.
"""

import argparse
import collections
import concurrent.futures
import json
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
GREEDY = ("--temperature", "0", "--gen", "160")


def ask(cellm, model, question, *flags):
    """The model's answer to a user."""
    run = [cellm, "infer", "--model", model, "--chat", "--prompt", question, "--threads", "1", "--quiet", *flags]
    return subprocess.run(run, check=True, capture_output=True, text=True).stdout.strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cellm", default=str(ROOT / "build/release/bin/cellm"))
    parser.add_argument("--questions", type=pathlib.Path, default=ROOT / "testdata/tiny_eval/questions.jsonl")
    parser.add_argument("--by-kind", action="store_true")
    parser.add_argument("--show-wrong", type=int, default=0, metavar="N")
    parser.add_argument("models", nargs="+")
    options = parser.parse_args()
    questions = [json.loads(line) for line in options.questions.read_text(encoding="utf-8").splitlines()]
    print("| model | word for word | with the answer in it |\n|---|---:|---:|")
    for model in options.models:
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda q: ask(options.cellm, model, q["question"], *GREEDY), questions))
        exact = [answer == q["reply"] for q, answer in zip(questions, answers)]
        right = [q["answer"] in answer for q, answer in zip(questions, answers)]
        print(f"| {pathlib.Path(model).name} | {100 * sum(exact) / len(exact):.1f} % | {100 * sum(right) / len(right):.1f} % |",
              flush=True)  # fmt: skip
        if options.by_kind:
            kinds = collections.defaultdict(list)
            for q, is_exact in zip(questions, exact):
                kinds[q["kind"]].append(is_exact)
            for kind, results in sorted(kinds.items(), key=lambda item: sum(item[1]) / len(item[1])):
                print(f"    {kind}: {sum(results)} of {len(results)}")
        wrong = [(q, a) for q, a, is_exact in zip(questions, answers, exact) if not is_exact]
        for q, answer in wrong[: options.show_wrong]:
            print(f"    {q['question']!r}\n      taught: {q['reply']}\n      said:   {answer}")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Times cellm and llama.cpp alternately and prints a Markdown table of medians and ratios.

    bench/peers/compare.py --cellm build/release/bin/cellm --llama-bench BIN/llama-bench \\
        --pair int8=random-Q8_0.gguf --pair int4-g32=random-Q4_0.gguf [--shape qwen3.5-0.8b] [--rounds 5]

A pair is a format of cellm (with random weights of the shape, see `cellm bench --help`) and a GGUF file of the same
shape and about the same bytes. Each round runs every test of both programs once, one after the other, so that a
machine whose speed drifts is unfair to neither. Only ratios of such runs mean anything. Nothing else may run.
"""
import argparse
import json
import statistics
import subprocess
import sys


def run(command):
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit code {result.returncode}\n{result.stderr}")
    return json.loads(result.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cellm", required=True)
    parser.add_argument("--llama-bench", required=True)
    parser.add_argument("--pair", action="append", required=True, metavar="FORMAT[+EMBEDDING]=GGUF")
    parser.add_argument("--shape", default="qwen3.5-0.8b")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--prompt", type=int, default=512)
    parser.add_argument("--generate", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()

    common = ["-p", str(arguments.prompt), "-n", str(arguments.generate), "-r", "1", "-t", str(arguments.threads),
              "-o", "json"]
    figures = {}  # (pair, program, test): tokens per second of each round
    sizes = {}
    for round_number in range(arguments.rounds):
        for pair in arguments.pair:
            formats, gguf = pair.split("=", 1)
            body, _, embedding = formats.partition("+")
            ours = [arguments.cellm, "bench", "--shape", arguments.shape, "--format", body]
            if embedding:
                ours += ["--embedding", embedding]
            for program, command in (("cellm", ours + common), ("llama.cpp", [arguments.llama_bench, "-m", gguf] + common)):
                for row in run(command):
                    test = "prefill" if row["n_gen"] == 0 else "decode"
                    figures.setdefault((pair, program, test), []).append(row["avg_ts"])
                    sizes[pair, program] = row["model_size"]
            print(f"round {round_number + 1}, {pair}", file=sys.stderr)

    print("| cellm | MiB | llama.cpp | MiB | test | cellm t/s | llama.cpp t/s | ratio (median, min … max) |")
    print("| --- | ---: | --- | ---: | --- | ---: | ---: | ---: |")
    for pair in arguments.pair:
        formats, gguf = pair.split("=", 1)
        for test in ("prefill", "decode"):
            ours = figures[pair, "cellm", test]
            theirs = figures[pair, "llama.cpp", test]
            ratios = [a / b for a, b in zip(ours, theirs)]
            print(f"| {formats} | {sizes[pair, 'cellm'] / 2**20:.0f} | {gguf.rsplit('/', 1)[-1]} "
                  f"| {sizes[pair, 'llama.cpp'] / 2**20:.0f} | {test} | {statistics.median(ours):.1f} "
                  f"| {statistics.median(theirs):.1f} | {statistics.median(ratios):.2f} "
                  f"({min(ratios):.2f} … {max(ratios):.2f}) |")


if __name__ == "__main__":
    main()

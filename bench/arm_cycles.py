#!/usr/bin/env python3
"""Cycles of the ARM targets' inner loops, as llvm-mca estimates them.

usage: bench/arm_cycles.py [--mca PROGRAM] [--all] [BUILD]

Disassembles the targets that scripts/aarch64.sh built in BUILD (build/aarch64), finds the innermost loops that
multiply bytes or floats, and gives them to llvm-mca (Debian: llvm-19) for each of CORES. Prints Markdown: for each kernel
the loop with the most products, its instructions, the multiply-adds of a round, and for each core the cycles of a round
and the share of the peak, which is one product in every vector unit of the model in every cycle. --all prints every
such loop of every kernel.

An estimate of arithmetic alone: every load hits the first-level cache.
"""

import argparse
import collections
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Name, the model of llvm-mca, its vector units.
CORES = (("Cortex-A76", "cortex-a76", 2), ("Neoverse N1", "neoverse-n1", 2), ("Apple M1", "apple-m1", 3))
# Multiply-adds of an instruction.
PRODUCTS = {"sdot": 16, "usdot": 16, "usmmla": 32, "fmla": 4}
# A part of the demangled name of a kernel: the name in the table.
KERNELS = {
    r"int_rows<8u, 32ul, false>": "int8",
    r"int_rows<4u, 32ul, true>": "int4-g32",
    r"int_rows<4u, 128ul, true>": "int4-g128",
    r"int_rows<4u, 128ul, false>": "int4",
    r"int_rows<2u, 128ul, false>": "int2",
    r"int_rows<1u, 128ul, true>": "q1",
    r"int_tile<7u, 128ul, false, 4ul>": "t4 to t1, prefill",
    r"trellis_rows<.*\(cellm::FormatId\)8": "t4, decode",
    r"block_tile<UnpackedCodes<4u, false, 32ul>, 4ul>": "block formats of 4 bits",
    r"block_tile<UnpackedCodes<4u, true, 32ul>, 4ul>": "the same with offsets",
    r"block_tile<UnpackedCodes<8u, false, 32ul>, 4ul>": "block formats of 8 bits",
    r"matmul_unpacked<F32Arithmetic>": "f16, prefill",
    r"dot_rows": "keys",
    r"mix_rows": "values",
}


def functions_of(path):
    """Names and instructions, as (address, text), of an object file."""
    listing = subprocess.run(["aarch64-linux-gnu-objdump", "-dC", "--no-show-raw-insn", path], check=True,
                             capture_output=True, text=True).stdout  # fmt: skip
    name, lines = None, []
    for line in listing.splitlines():
        if match := re.match(r"^[0-9a-f]+ <(.*)>:$", line):
            if name:
                yield name, lines
            name, lines = match.group(1).replace("cellm::(anonymous namespace)::", ""), []
        elif match := re.match(r"^ *([0-9a-f]+):\t(.*)$", line):
            lines.append((int(match.group(1), 16), re.sub(r"\s*//.*", "", match.group(2))))
    if name:
        yield name, lines


def loops_of(lines):
    """The instructions of innermost loops: up to a branch back, with no such branch inside."""
    place = {address: number for number, (address, _) in enumerate(lines)}
    found = []
    for number, (address, text) in enumerate(lines):
        branch = re.match(r"(?:b|b\.\w+|cbn?z|tbn?z)\s+(?:.*, )?([0-9a-f]+) <", text)
        target = int(branch.group(1), 16) if branch else address
        if branch and target < address and target in place and not any(begin >= place[target] for begin, _ in found):
            found.append((place[target], number))
    return [[text for _, text in lines[begin : end + 1]] for begin, end in found]


def products_of(loop):
    return collections.Counter(word for text in loop if (word := text.split()[0]) in PRODUCTS)


def cycles_of(mca, core, loop):
    """Cycles of a round in the long run."""
    rounds = 200
    command = [mca, "-mtriple=aarch64-linux-gnu", f"-mcpu={core}", "-mattr=+dotprod,+i8mm", f"-iterations={rounds}"]
    text = "\n".join(re.sub(r"[0-9a-f]+ <.*>$", "#0", line) for line in loop)  # targets of branches do not matter
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    match = re.search(r"Total Cycles:\s+(\d+)", done.stdout)
    if not match:
        raise SystemExit(f"{mca}: {done.stderr}")
    return int(match.group(1)) / rounds


def print_loop(mca, target, name, loop):
    products = products_of(loop)
    macs = sum(PRODUCTS[word] * count for word, count in products.items())
    cells = []
    for _, core, units in CORES:
        cycles = cycles_of(mca, core, loop)
        cells.append(f"{cycles:.1f}, {100 * sum(products.values()) / units / cycles:.0f} %")
    print(f"| `{target}` | {name} | {len(loop)} | {macs} | {' | '.join(cells)} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", nargs="?", type=pathlib.Path, default=ROOT / "build/aarch64")
    parser.add_argument("--mca", default="llvm-mca-19")
    parser.add_argument("--all", action="store_true", help="every loop of every kernel")
    arguments = parser.parse_args()
    print(f"| target | kernel | instructions | multiply-adds | {' | '.join(name for name, _, _ in CORES)} |")
    print("|---|---|---:|---:|" + "---:|" * len(CORES))
    for target in ("neon", "neoni8mm"):
        path = arguments.build / f"src/kernels/CMakeFiles/cellm_kernels.dir/target_{target}.cc.o"
        for name, lines in functions_of(path):
            kernel = next((text for pattern, text in KERNELS.items() if re.match(pattern, re.sub("^void ", "", name))), None)
            loops = [loop for loop in loops_of(lines) if products_of(loop)]
            if arguments.all:
                for loop in loops:
                    print_loop(arguments.mca, target, f"`{re.sub(r'[(].*', '', name)}`", loop)
            elif kernel and loops:
                most = max(loops, key=lambda loop: sum(products_of(loop).values()))
                print_loop(arguments.mca, target, kernel, most)


if __name__ == "__main__":
    sys.exit(main())

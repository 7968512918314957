#!/usr/bin/env python3
"""Times cellm, llama.cpp and ik_llama.cpp alternately and writes docs/benchmarks.md.

    bench/peers/compare.py [--work build/peers] [--ik CHECKOUT] [--rounds 5] [--output docs/benchmarks.md]

Builds the peers in the work folder (build_peers.sh; ik_llama.cpp only if a checkout is given), makes models with random
weights of the published shapes (make_random_gguf.py) and llama.cpp's formats of them, and then runs every test of every
engine once in each round, one after the other, so that a drift of the machine's speed affects all alike. Results
are kept in the work folder; --render writes the page from them again, and --rounds adds the missing rounds.
Nothing else may run meanwhile. Takes about half an hour on two cores, and 12 GB of disk.
"""
import argparse
import collections
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PROMPT, GENERATE, DEPTH = 512, 64, 4096
OURS, LLAMA, IK, IK_RTR = "cellm", "llama.cpp", "ik_llama.cpp", "ik_llama.cpp -rtr"

# Shape, our format, and the peers' format of about the same bytes.
PAIRS = [
    ("qwen3.5-0.8b", "int8", "Q8_0"),
    ("qwen3.5-0.8b", "int4-g32", "Q4_0"),
    ("qwen3.5-0.8b", "f16", "F16"),
    ("qwen3-0.6b", "int8", "Q8_0"),
    ("qwen3-0.6b", "int4-g32", "Q4_0"),
    ("smollm2-135m", "int8", "Q8_0"),
]
LOW_BITS = ["int4-g32", "int4", "int2", "q1"]
TRELLIS = ["int4-g32", "t4", "t3", "t2", "t1h", "t1"]
TRELLIS_AVX2 = ["int4-g32", "t4", "t2"]

# One run of a program: its label in the table, the command, and the kind of test.
Run = collections.namedtuple("Run", "test engine label command")


def say(text):
    print(text, file=sys.stderr, flush=True)


def succeed(command, **options):
    result = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False, **options)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit code {result.returncode}\n{result.stderr[-2000:]}")
    return result.stdout


class Bench:
    """The programs and files in the work folder, and the runs that use them."""

    def __init__(self, arguments):
        self.work = arguments.work
        self.cellm = arguments.cellm
        self.ik = arguments.ik
        self.threads = arguments.threads
        self.llama_bin = self.work / "llama.cpp" / "build" / "bin"
        self.ik_bin = self.work / "ik_llama.cpp" / "build" / "bin"

    def gguf(self, shape, kind):
        return self.work / f"{shape}-{kind}.gguf"

    def prepare(self):
        say("building the peers")
        succeed(["bash", HERE / "build_peers.sh", self.work] + ([self.ik] if self.ik else []))
        for shape, _, kind in PAIRS:
            source, target = self.gguf(shape, "F16"), self.gguf(shape, kind)
            if not source.exists():
                say(f"writing {source.name}")
                # The GGUF writer is the package in llama.cpp's source.
                library = {**os.environ, "PYTHONPATH": str(self.work / "llama.cpp" / "gguf-py")}
                partial = source.with_suffix(".partial")
                succeed([sys.executable, HERE / "make_random_gguf.py", partial, shape], env=library)
                partial.rename(source)
            if not target.exists():
                say(f"writing {target.name}")
                partial = target.with_suffix(".partial")
                succeed([self.llama_bin / "llama-quantize", source, partial, kind, self.threads])
                partial.rename(target)

    def ours(self, shape, form):
        return [self.cellm, "bench", "--shape", shape, "--format", form, "-r", 1, "-o", "json"]

    def theirs(self, engine, shape, kind):
        folder = self.llama_bin if engine == LLAMA else self.ik_bin
        command = [folder / "llama-bench", "-m", self.gguf(shape, kind), "-r", 1, "-o", "json"]
        if engine == LLAMA:
            return command
        return command + ["-fa", 0] + (["-rtr", 1] if engine == IK_RTR else [])

    def runs(self):
        threads = ["-t", self.threads]
        for shape, form, kind in PAIRS:
            tests = ["-p", PROMPT, "-n", GENERATE, *threads]
            test = f"pair {shape} {form}"
            yield Run(test, OURS, form, self.ours(shape, form) + tests)
            yield Run(test, LLAMA, kind, self.theirs(LLAMA, shape, kind) + tests)
            if self.ik and kind != "F16" and shape != "smollm2-135m":
                for engine in (IK, IK_RTR):
                    yield Run(test, engine, kind, self.theirs(engine, shape, kind) + tests)
        shape = "qwen3.5-0.8b"
        for form in LOW_BITS:
            yield Run("low bits", OURS, form, self.ours(shape, form) + ["-p", 0, "-n", GENERATE, *threads])
        for form in TRELLIS:
            tests = ["-p", PROMPT, "-n", GENERATE, *threads]
            yield Run("trellis", OURS, form, self.ours(shape, form) + tests)
            if form in TRELLIS_AVX2:
                avx2 = ["env", "CELLM_TARGET=avx2", *self.ours(shape, form)]
                yield Run("trellis avx2", OURS, form, avx2 + tests)
        for form in ("int8", "int4-g32"):
            yield Run("threads", OURS, form, self.ours(shape, form) + ["-p", PROMPT, "-n", 0, "-t", "1,2"])
        depth = ["-p", 0, "-n", 32, "-d", f"0,{DEPTH}", *threads]
        yield Run("depth", OURS, "int4-g32", self.ours(shape, "int4-g32") + depth)
        yield Run("depth", LLAMA, "Q4_0", self.theirs(LLAMA, shape, "Q4_0") + depth)
        source, target = self.gguf(shape, "F16"), self.work / "converted"
        convert = [self.cellm, "convert", "-q", "-i", source, "-o", target, "--format", "int4-g32", "-t", self.threads]
        yield Run("convert", OURS, "int4-g32", convert)
        yield Run("convert", OURS, "int4-g32 --scale absmax", [*convert, "--scale", "absmax"])
        yield Run("convert", LLAMA, "Q4_0", [self.llama_bin / "llama-quantize", source, target, "Q4_0", self.threads])

    def carry_out(self, run):
        """The output of one run, as a list of JSON objects."""
        command = [str(c) for c in run.command]
        if run.test != "convert":
            return json.loads(succeed(command))
        began = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - began
        if process.returncode != 0:
            sys.exit(f"{' '.join(command)}: exit code {process.returncode}")
        (self.work / "converted").unlink()
        return [{"seconds": seconds, "peak_bytes": usage.ru_maxrss * 1024}]

    def measure(self, rounds, only):
        """Appends a line to rounds.jsonl for each run that a round lacks."""
        path = self.work / "rounds.jsonl"
        done = collections.Counter(key_of(entry) for entry in read_rounds(path))
        commit = succeed(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"]).strip()
        with path.open("a") as out:
            for number in range(rounds):
                for run in self.runs():
                    key = (run.test, run.engine, run.label)
                    if done[key] > number or (only and not re.search(only, run.test)):
                        continue
                    before = cpu_times()
                    began = time.monotonic()
                    rows = self.carry_out(run)
                    entry = {"commit": commit, "test": run.test, "engine": run.engine, "label": run.label, "rows": rows,
                             "load": os.getloadavg()[0], "stolen": stolen(before, cpu_times()),
                             "command": " ".join(relative(c) for c in run.command)}  # fmt: skip
                    out.write(json.dumps(entry) + "\n")
                    out.flush()
                    say(f"round {number + 1}: {run.test}, {run.engine} {run.label} ({time.monotonic() - began:.0f} s)")


def relative(part):
    """An argument of a command as shown on the page."""
    text = str(part)
    return re.sub(r"^\S*/", "", text) if "/" in text else text


def cpu_times():
    return [int(n) for n in pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]


def stolen(before, after):
    """Share of processor time taken by other machines on the host (steal time), as reported by the kernel."""
    spent = [b - a for a, b in zip(before, after)]
    return spent[7] / max(1, sum(spent))


def read_rounds(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def key_of(entry):
    return entry["test"], entry["engine"], entry["label"]


class Figures:
    """All measured figures: (test, engine, label, column) to one value per round."""

    def __init__(self, entries):
        self.values = collections.defaultdict(list)
        self.first = {}
        for entry in entries:
            key = key_of(entry)
            self.first.setdefault(key, entry)
            for row in entry["rows"]:
                for column, value in self.columns(row):
                    self.values[(*key, column)].append(value)

    @staticmethod
    def columns(row):
        if "seconds" in row:
            return [("seconds", row["seconds"]), ("peak", row["peak_bytes"])]
        test = "prefill" if row["n_gen"] == 0 else "decode"
        name = f"{test} t{row['n_threads']} d{row.get('n_depth', 0)}"
        found = [(name, row["avg_ts"]), ("bytes", row["model_size"])]
        if "bandwidth_gb_per_second" in row:
            found.append((f"bandwidth {name}", row["gb_per_second"] / row["bandwidth_gb_per_second"]))
            found.append((f"peak {name}", row["gmac_per_second"] / row["peak_gmac_per_second"]))
            found.append(("parameters", row["model_n_params"]))
        return found

    def median(self, *key):
        return statistics.median(self.values[key])

    def engines(self, test):
        return [key[1:] for key in self.first if key[0] == test]

    def ratios(self, ours, theirs):
        """Minimum, median and maximum of the ratios of the rounds."""
        ratios = sorted(a / b for a, b in zip(self.values[ours], self.values[theirs]))
        return ratios[0], statistics.median(ratios), ratios[-1]


def shown_ratio(ratios):
    return "{1:.2f} ({0:.2f} … {2:.2f})".format(*ratios)


def pair_tables(figures, threads):
    for shape in dict.fromkeys(shape for shape, _, _ in PAIRS):
        yield f"\n### {shape}\n"
        yield "| engine, format | MiB | bits per weight | prefill t/s, median (least) | cellm is faster by | decode t/s, median (least) | cellm is faster by |"
        yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
        for pair_shape, form, _ in PAIRS:
            test = f"pair {shape} {form}"
            if pair_shape != shape or not figures.engines(test):
                continue
            parameters = figures.median(test, OURS, form, "parameters")
            for engine, label in figures.engines(test):
                size = figures.median(test, engine, label, "bytes")
                if engine != OURS:  # ik_llama.cpp counts a tied embedding twice; the file has it once
                    size = figures.median(test, LLAMA, label, "bytes")
                cells = [f"{engine} {label}", f"{size / 2**20:.0f}", f"{size * 8 / parameters:.2f}"]
                for column in (f"prefill t{threads} d0", f"decode t{threads} d0"):
                    key = (test, engine, label, column)
                    cells.append(f"{figures.median(*key):.1f} ({min(figures.values[key]):.1f})")
                    cells.append("" if engine == OURS else shown_ratio(figures.ratios((test, OURS, form, column), key)))
                yield "| " + " | ".join(cells) + " |"


def low_bit_table(figures, threads):
    if not figures.engines("low bits"):
        return
    yield "\n### Decoding with fewer bits, qwen3.5-0.8b\n"
    yield "| format | MiB | decode t/s, median (least) | against int4-g32 | bytes, int4-g32 against it | of the bandwidth | of the arithmetic peak |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    column = f"decode t{threads} d0"
    base = figures.median("low bits", OURS, "int4-g32", "bytes")
    for _, form in figures.engines("low bits"):
        key = ("low bits", OURS, form)
        size = figures.median(*key, "bytes")
        ratio = figures.ratios((*key, column), ("low bits", OURS, "int4-g32", column))[1]
        yield (f"| {form} | {size / 2**20:.0f} | {figures.median(*key, column):.1f} ({min(figures.values[(*key, column)]):.1f}) | {ratio:.2f} "
               f"| {base / size:.2f} | {figures.median(*key, f'bandwidth {column}'):.0%} | {figures.median(*key, f'peak {column}'):.0%} |")  # fmt: skip


def trellis_tables(figures, threads):
    for test, target in (("trellis", "the best target"), ("trellis avx2", "the target avx2")):
        if not figures.engines(test):
            continue
        yield f"\n### Trellis codes, qwen3.5-0.8b, {target}\n"
        yield "| format | MiB | prefill t/s | against int4-g32 | decode t/s | against int4-g32 | of the bandwidth |"
        yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
        for _, form in figures.engines(test):
            cells = [form, f"{figures.median(test, OURS, form, 'bytes') / 2**20:.0f}"]
            for column in (f"prefill t{threads} d0", f"decode t{threads} d0"):
                key, base = ((test, OURS, f, column) for f in (form, "int4-g32"))
                cells += [f"{figures.median(*key):.1f}", shown_ratio(figures.ratios(key, base))]
            cells.append(f"{figures.median(test, OURS, form, f'bandwidth decode t{threads} d0'):.0%}")
            yield "| " + " | ".join(cells) + " |"


def other_tables(figures, threads):
    if figures.engines("threads"):
        yield "\n### From one thread to two, qwen3.5-0.8b, prefill\n"
        yield "| format | one, t/s | two, t/s | ratio |"
        yield "| --- | ---: | ---: | ---: |"
        for engine, form in figures.engines("threads"):
            one, two = ((("threads", engine, form, f"prefill t{n} d0")) for n in (1, 2))
            yield f"| {form} | {figures.median(*one):.1f} | {figures.median(*two):.1f} | {shown_ratio(figures.ratios(two, one))} |"
    if figures.engines("depth"):
        yield f"\n### Decoding after {DEPTH:,} tokens, qwen3.5-0.8b\n"
        yield f"| engine, format | at the start, t/s | after {DEPTH:,} tokens, t/s | ratio |"
        yield "| --- | ---: | ---: | ---: |"
        for engine, form in figures.engines("depth"):
            start, deep = (("depth", engine, form, f"decode t{threads} d{d}") for d in (0, DEPTH))
            yield f"| {engine} {form} | {figures.median(*start):.1f} | {figures.median(*deep):.1f} | {shown_ratio(figures.ratios(deep, start))} |"
    if figures.engines("convert"):
        yield "\n### Converting, qwen3.5-0.8b from f16\n"
        yield "| program, format | seconds, median (least) | peak memory, the 1,441 MiB of input included, MiB |"
        yield "| --- | ---: | ---: |"
        for engine, form in figures.engines("convert"):
            key = ("convert", engine, form)
            yield (f"| {engine} {form} | {figures.median(*key, 'seconds'):.1f} ({min(figures.values[(*key, 'seconds')]):.1f}) "
                   f"| {figures.median(*key, 'peak') / 2**20:.0f} |")  # fmt: skip


def machine():
    info = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*: (.*)", info)
    flags = set(re.search(r"flags\s*: (.*)", info).group(1).split())
    wide = [f for f in ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "avx_vnni", "amx_int8") if f in flags]
    return f"{os.cpu_count()} cores of {model.group(1) if model else 'an unknown processor'} ({', '.join(wide)})"


def page(entries, rounds, threads):
    figures = Figures(entries)
    commits = ", ".join(dict.fromkeys(entry["commit"] for entry in entries))
    loads = [entry["load"] for entry in entries]
    yield "# Benchmarks: cellm, llama.cpp and ik_llama.cpp\n"
    yield "Written by `bench/peers/compare.py`. [speed.md](speed.md) explains what limits the speed.\n"
    yield f"{machine()}, {threads} threads, commit {commits}. Random weights of the published shapes; {PROMPT} tokens of prompt, {GENERATE}"
    yield f"generated. {rounds} rounds; in each, every engine ran every test once, alternating. A ratio is the median of the"
    yield "ratios within each round, with minimum and maximum. Load before the runs (including the engines' own): median"
    yield f"{statistics.median(loads):.1f}, at most {max(loads):.1f} (one-minute average; builds had been stopped just before). At most"
    yield f"{max(e['stolen'] for e in entries):.0%} of a run's processor time was taken by other machines on the host."
    yield "The machine is virtual and shared: ratios are meaningful, absolute figures vary.\n"
    yield "llama.cpp is v0.5.0 (commit de3ff81), ik_llama.cpp 8337e4cd without its flash attention kernels (`-fa 0`); both built with"
    yield "`-DGGML_NATIVE=ON`. `-rtr` makes the latter rearrange weights at load, as cellm always does. llama.cpp's Q4_0 stores"
    yield "the embedding, which is also the output matrix, in Q6_K; cellm's int4-g32 stores it in int4-g32."
    yield from pair_tables(figures, threads)
    yield from low_bit_table(figures, threads)
    yield from trellis_tables(figures, threads)
    yield from other_tables(figures, threads)
    yield "\n## Commands\n"
    yield "```\nbench/peers/compare.py --ik CHECKOUT       # all of this page\n"
    for entry in figures.first.values():
        yield entry["command"]
    yield "```"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "build" / "peers", help="folder for programs and models")
    parser.add_argument("--ik", type=pathlib.Path, help="checkout of ik_llama.cpp")
    parser.add_argument("--cellm", type=pathlib.Path, default=ROOT / "build" / "release" / "bin" / "cellm")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", metavar="REGEX", help="only the tests whose names match (pair SHAPE FORMAT, low bits, …)")
    parser.add_argument("--render", action="store_true", help="measure nothing, write the page")
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "docs" / "benchmarks.md")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    arguments.work = arguments.work.resolve()
    bench = Bench(arguments)
    if not arguments.render:
        bench.prepare()
        bench.measure(arguments.rounds, arguments.only)
    entries = read_rounds(arguments.work / "rounds.jsonl")
    if not entries:
        sys.exit("nothing has been measured yet")
    rounds = min(collections.Counter(map(key_of, entries)).values())
    arguments.output.write_text("\n".join(page(entries, rounds, arguments.threads)) + "\n")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Runs cellm on thousands of damaged model files and reports every unclean result.

usage: mutate_files.py [--bin build/dev/bin] [--runs N] [--seed S] [--seconds T] [--small]

A clean result is exit code 0, or 3 or 4 with exactly one line on stderr that starts with "error: ", within 2 seconds of
processor time and 1 GiB. Exit code 2 is clean if the command line contains ids or a number of tokens that the
changed file no longer supports. Run it on the dev build (sanitizers) and on the release build (time and memory).
--small damages the seeds of fuzz/corpus alone, so that more runs fit into the time. Failing files are kept in the
printed folder. Too slow to be part of the tests.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tests"))
from harness import byte_tokenizer  # noqa: E402

DATA = ROOT / "testdata"
MAX_SECONDS, MAX_WALL_SECONDS, MAX_KIB = 2, 60, 1 << 20
NUMBERS = [b"0", b"1", b"2", b"3", b"7", b"63", b"64", b"65", b"127", b"255", b"256", b"4096", b"65536", b"1048576",
           b"2147483648", b"4294967295", b"4294967296", b"9223372036854775807", b"9223372036854775808",
           b"18446744073709551615", b"18446744073709551616", b"-1", b"0.5", b"1e308", b"1e-308", b"1e999", b"null",
           b"true", b'"x"', b"[]", b"{}", b"[1]"]  # fmt: skip


def flip(rng, data, end):
    for _ in range(rng.choice((1, 1, 2, 8))):
        data[rng.randrange(end)] ^= 1 << rng.randrange(8)


def overwrite(rng, data, end):
    at, size = rng.randrange(end), rng.choice((1, 2, 4, 8))
    value = rng.choice((0, 1, 0x7F, 0x80, 0xFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 62, (1 << 64) - 1))
    data[at : at + size] = (value & ((1 << 8 * size) - 1)).to_bytes(size, "little")


def cut(rng, data, end):
    del data[rng.choice((rng.randrange(end), rng.randrange(len(data)))) :]


def remove(rng, data, end):
    at = rng.randrange(end)
    del data[at : at + rng.choice((1, 2, 8, 64, 200))]


def repeat(rng, data, end):
    at = rng.randrange(end)
    data[at:at] = data[at : at + rng.choice((1, 8, 64, 200))]


def swap(rng, data, end):
    size = rng.choice((4, 16, 64, 512))
    a, b = rng.randrange(end), rng.randrange(end)
    data[a : a + size], data[b : b + size] = bytes(data[b : b + size]), bytes(data[a : a + size])


def number(rng, data, end):
    """Replaces a number of the JSON text by another, keeping the length where that is possible."""
    found = list(re.finditer(rb"-?\d+(\.\d+)?([eE][-+]?\d+)?|true|false|null", bytes(data[:end])))
    if not found:
        return flip(rng, data, end)
    match, new = rng.choice(found), rng.choice(NUMBERS)
    data[match.start() : match.end()] = new.ljust(match.end() - match.start()) if rng.random() < 0.8 else new


def name(rng, data, end):
    """Renames a JSON key or value to another of the file."""
    found = list(re.finditer(rb'"[^"]*"', bytes(data[:end])))
    if len(found) < 2:
        return flip(rng, data, end)
    a, b = rng.sample(found, 2)
    data[a.start() : a.end()] = b.group()


BINARY = (flip, overwrite, overwrite, cut, remove, repeat, swap)
TEXT = (flip, cut, remove, repeat, swap, number, number, number, name, name)


def header_end(kind, data):
    """Where the header ends: most damage goes there."""
    if kind == "cellm":
        return 10 + struct.unpack("<I", data[6:10])[0]
    if kind == "safetensors":
        return 8 + struct.unpack("<Q", data[:8])[0]
    return min(len(data), 20000 if kind == "gguf" else len(data))


def mutate(rng, kind, original):
    data = bytearray(original)
    end = header_end(kind, data)
    if rng.random() < 0.1:
        end = len(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        binary = kind == "gguf" or (kind != "json" and end == len(data))
        rng.choice(BINARY if binary else TEXT)(rng, data, min(end, len(data)))
        if len(data) < 16:
            break
    if kind in ("cellm", "safetensors") and end < len(data) and rng.random() < 0.7:
        # A changed header length would only make invalid JSON: repair the length, so that the header is parsed.
        start, code = (6, "<I") if kind == "cellm" else (0, "<Q")
        size = struct.calcsize(code)
        text = bytes(data[start + size :])
        close = max(text.rfind(b"}]}", 0, end + 512), text.rfind(b"}}", 0, end + 512))
        if close > 0:
            close += 3 if text[close : close + 3] == b"}]}" else 2
            data[start : start + size] = struct.pack(code, close)
    return bytes(data)


def seeds(folder):
    return sorted(path for path in (ROOT / "fuzz" / "corpus" / folder).glob("seed-*") if path.stat().st_size > 1000)


def small_sources():
    """The same for the seeds of fuzz/corpus: models of a few kilobytes, with tokenizers."""
    for path in seeds("cellm"):
        yield "cellm", path.read_bytes(), lambda folder, data: put(folder / "m.cellm", data)
    for path in seeds("gguf"):
        yield "gguf", path.read_bytes(), lambda folder, data: put(folder / "m.gguf", data)
    for path in seeds("hf_folder"):
        parts = split_folder(path.read_bytes())
        for name in parts:
            yield name.rpartition(".")[2], parts[name], lambda folder, data, parts=parts, name=name: put_parts(
                folder, {**parts, name: data})


def split_folder(data):
    """The input of fuzz/folder_harness.cc: files after lines "== NAME"."""
    parts = re.split(rb"(?:^|\n)== ([a-z0-9_.]+)\n", data)
    return {name.decode(): content for name, content in zip(parts[1::2], parts[2::2])}


def put_parts(folder, parts):
    target = folder / "model"
    target.mkdir()
    for name, content in parts.items():
        (target / name).write_bytes(content)
    return target


def sources(binaries, work):
    """(kind, file to damage, function that puts damaged bytes in a folder and gives the path to open)"""
    yield from small_sources()
    for path in sorted(DATA.glob("models/*/golden/*.cellm")):
        yield "cellm", path.read_bytes(), lambda folder, data: put(folder / "m.cellm", data)
    for model in ("qwen3_untied_f16", "qwen3_5_mlx_4bit", "llama"):
        made = work / f"{model}.cellm"
        subprocess.run([binaries / "cellm", "convert", "-i", DATA / "models" / model, "-o", made, "-q", "--format", "int4-g32"],
                       check=True)  # fmt: skip
        yield "cellm", made.read_bytes(), lambda folder, data: put(folder / "m.cellm", data)
        # Bytes are ids in these models' vocabularies of 320, so the tokenizer of bytes fits all of them.
        for file in ("model.safetensors", "config.json", "tokenizer.json"):
            kind = file.rpartition(".")[2]
            path = DATA / "models" / model / file
            original = json.dumps(byte_tokenizer(["<|im_end|>"])).encode() if file == "tokenizer.json" else path.read_bytes()
            yield kind, original, lambda folder, data, model=model, file=file: put_in_model(folder, model, file, data)
    for path in sorted(DATA.glob("gguf/*.gguf")):
        yield "gguf", path.read_bytes(), lambda folder, data: put(folder / "m.gguf", data)


def put(path, data):
    path.write_bytes(data)
    return path


def put_in_model(folder, model, file, data):
    target = folder / model
    if not target.exists():
        target.mkdir()
        for path in (DATA / "models" / model).iterdir():
            if path.suffix in (".json", ".safetensors") and path.name != "expected.json":
                os.symlink(path, target / path.name)
    (target / file).unlink(missing_ok=True)
    (target / file).write_bytes(data)
    return target


def run(command, errors_path):
    """(exit code, processor seconds, KiB, stderr) of a command, which is killed at the time limit."""
    with open(errors_path, "wb") as errors:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors, stdin=subprocess.DEVNULL)
    timer = threading.Timer(MAX_WALL_SECONDS, lambda: os.kill(process.pid, signal.SIGKILL))
    timer.start()
    _, status, usage = os.wait4(process.pid, 0)
    timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, pathlib.Path(errors_path).read_bytes()


def faults(code, seconds, kib, errors, max_seconds):
    if code not in (0, 2, 3, 4):
        yield f"exit code {code}"
    if code and (errors.count(b"\n") != 1 or not errors.startswith(b"error: ")):
        yield "not one line of error"
    if code == 0 and errors and not errors.startswith(b"load "):
        yield "unexpected stderr"
    if any(byte < 32 for byte in errors.rstrip(b"\n")):
        yield "control characters in the message"
    if b"json.exception" in errors and b"not valid JSON" not in errors:
        yield "a message of the JSON library"
    if seconds > max_seconds:
        yield f"{seconds:.1f} seconds"
    if kib > MAX_KIB:
        yield f"{kib >> 10} MiB"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build" / "dev" / "bin")
    parser.add_argument("--runs", type=int, default=3000)
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after this time")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--max-seconds", type=float, default=MAX_SECONDS, help="for one command (default: %(default)s)")
    options = parser.parse_args()
    work = pathlib.Path(tempfile.mkdtemp(prefix="cellm_mutate_"))
    corpus = list(small_sources() if options.small else sources(options.bin, work))
    codes, worst, bad, stop = collections.Counter(), (0, 0), 0, time.monotonic() + options.seconds
    done = 0
    for i in range(options.runs):
        if time.monotonic() > stop:
            break
        rng = random.Random(f"{options.seed}/{i}")
        kind, original, place = rng.choice(corpus)
        data = mutate(rng, kind, original)
        folder = work / str(i)
        folder.mkdir()
        path = place(folder, data)
        tool = options.bin / "cellm"
        commands = {
            "logits": [tool, "logits", "-m", path, "--tokens", "1,2,3", "-t", "1", "-o", folder / "l.npy"],
            "inspect": [tool, "inspect", path],
            "verify": [tool, "verify", path],
            "convert": [tool, "convert", "-i", path, "-o", folder / "o.cellm", "-q", "-t", "1", "--format", "int4-g32"],
            "tokenize": [tool, "tokenize", "-m", path],
            "infer": [tool, "infer", "-m", path, "--prompt", "ab", "--gen", "3", "--seed", "1", "-q", "-t", "1"],
        }
        chosen = [rng.choice(["logits", "infer"]), rng.choice(["inspect", "verify", "convert", "tokenize"])]
        keep = False
        for command in chosen:
            result = run(commands[command], folder / "stderr")
            codes[command, kind, result[0]] += 1
            worst = max(worst[0], result[1]), max(worst[1], result[2])
            done += 1
            for fault in faults(*result, options.max_seconds):
                keep, bad = True, bad + 1
                print(f"run {i}, {kind}, {command}: {fault}: {result[3][:300]!r}", flush=True)
        if not keep:
            shutil.rmtree(folder)
    for key, count in sorted(codes.items()):
        print(*key, count)
    print(f"{done} runs, {bad} faults, slowest {worst[0]:.1f} s, largest {worst[1] >> 10} MiB, folder {work}")
    if not bad:
        shutil.rmtree(work)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

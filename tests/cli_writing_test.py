#!/usr/bin/env python3
"""Atomic output files in spite of kills, full disks, and concurrent writers."""

import json
import random
import resource
import shutil
import signal
import subprocess
import time
import unittest

from harness import BIN, MODELS, CommandTest, byte_tokenizer, read_json, run, with_fault

QWEN3 = MODELS / "qwen3"
TEXT = "A river is longer than a lake; a lake is wider than a river. " * 3
CALLS = ("pwrite", "fsync", "rename", "fallocate")


def some(count, most):
    """Up to `most` of the numbers 1 … count, including the first and the last."""
    return sorted({1 + round(i * (count - 1) / max(1, most - 1)) for i in range(most)}) if count else []


class WriterTest(CommandTest):
    """With a small model that has a tokenizer, and an evaluation text."""

    def setUp(self):
        super().setUp()
        self.inputs = self.folder / "inputs"
        self.inputs.mkdir()
        self.model = self.copy_model("qwen3", "inputs/model")
        (self.model / "tokenizer.json").write_text(json.dumps(byte_tokenizer()))
        self.text = self.inputs / "text.txt"
        self.text.write_text(TEXT)

    def call_counts(self, *arguments):
        path = self.inputs / "counts"
        self.succeed(*arguments, env=with_fault("none:none:0", CELLM_FAULT_COUNT=str(path)))
        counts = dict(line.split() for line in path.read_text().splitlines())
        return {call: int(counts[call]) for call in CALLS}

    def kill_within(self, arguments, seconds):
        process = subprocess.Popen([str(BIN / "cellm"), *map(str, arguments)], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)  # fmt: skip
        time.sleep(random.uniform(0, seconds))
        process.kill()
        process.wait()


def without_times(document):
    if isinstance(document, list):
        return [without_times(item) for item in document]
    if not isinstance(document, dict):
        return document
    times = ("date", "seconds", "reference_seconds")
    return {key: without_times(value) for key, value in document.items() if key not in times}


def limit_file_size(size):
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


class Writing(WriterTest):
    """The commands that write one file, `target`, which exists and must be either the old or the complete new file."""

    def setUp(self):
        super().setUp()
        self.target = self.folder / "target"
        stored = self.convert(self.model, "--format", "int4-g32", name="inputs/stored.cellm").read_bytes()
        evaluate = ["--reference", self.model, "--text", self.text, "--window", "32", "--no-floor", "--store", "-t", "1"]
        # The arguments, the previous content of `target`, and a check that it is complete and new.
        self.writers = {
            "convert": (["convert", "-i", QWEN3, "-q", "--format", "int4-g32", "-o", self.target], b"old",
                        lambda path: run("verify", path).returncode == 0),
            "logits": (["logits", "-m", QWEN3, "--tokens", "1,2,3", "-o", self.target], b"old",
                       lambda path: path.stat().st_size == 128 + 3 * 320 * 4),
            "eval": (["eval", "-m", self.target, *evaluate], stored,
                     lambda path: run("verify", path).returncode == 0 and
                     "quality" in json.loads(run("inspect", path, "--json").stdout)),
        }  # fmt: skip

    def each_writer(self):
        for name, (arguments, old, is_whole) in self.writers.items():
            self.target.write_bytes(old)
            yield name, arguments, old, is_whole

    def temporaries(self):
        return [path.name for path in self.folder.iterdir() if path.name not in ("target", "inputs")]

    def check(self, arguments, old, is_whole, may_be_new):
        """Expects the old file or, if allowed, the new one; the next run removes temporary files."""
        content = self.target.read_bytes()
        self.assertTrue(content == old or (may_be_new and is_whole(self.target)), content[:20])
        self.succeed(*arguments)
        self.assertTrue(is_whole(self.target))
        self.assertEqual(self.temporaries(), [])
        self.target.write_bytes(old)

    def test_killed_at_every_kind_of_call(self):
        for name, arguments, old, is_whole in self.each_writer():
            self.assertFalse(is_whole(self.target))
            counts = self.call_counts(*arguments)
            self.assertTrue(is_whole(self.target))
            self.assertTrue(counts["pwrite"] > 1 and counts["fsync"] > 0 and counts["rename"] == 1, counts)
            for call, count in counts.items():
                for number in some(count, 8):
                    for kind in ("kill", "short") if call == "pwrite" else ("kill",):
                        with self.subTest(command=name, fault=f"{kind}:{call}:{number}"):
                            self.target.write_bytes(old)
                            dead = run(*arguments, env=with_fault(f"{kind}:{call}:{number}"))
                            self.assertEqual(dead.returncode, -signal.SIGKILL)
                            self.assertLessEqual(len(self.temporaries()), 1)
                            # Only the second fsync, that of the folder, comes after the rename.
                            self.check(arguments, old, is_whole, may_be_new=(call, number) == ("fsync", 2))

    def test_killed_at_random(self):
        for name, arguments, old, is_whole in self.each_writer():
            began = time.monotonic()
            self.succeed(*arguments)
            usual = time.monotonic() - began
            self.target.write_bytes(old)
            for _ in range(8):
                self.kill_within(arguments, usual)
                with self.subTest(command=name):
                    self.check(arguments, old, is_whole, may_be_new=True)

    def test_calls_that_fail(self):
        for name, arguments, old, is_whole in self.each_writer():
            counts = self.call_counts(*arguments)
            for call, count in counts.items():
                for number in some(count, 4):
                    for kind, code in (("ENOSPC", 5), ("EIO", 3)):
                        fault = f"{kind}:{call}:{number}"
                        with self.subTest(command=name, fault=fault):
                            self.target.write_bytes(old)
                            # Other failures of reserving space, and of syncing the folder, are tolerated.
                            if (kind, call) == ("EIO", "fallocate") or (call, number) == ("fsync", 2):
                                self.succeed(*arguments, env=with_fault(fault))
                                self.assertTrue(is_whole(self.target))
                            else:
                                self.fail_with(code, "target: ", *arguments, env=with_fault(fault))
                                self.assertEqual(self.target.read_bytes(), old)
                            self.assertEqual(self.temporaries(), [])
            self.target.write_bytes(old)
            self.succeed(*arguments, env=with_fault("EINTR:pwrite:1"))
            self.assertTrue(is_whole(self.target))

    def test_limits_of_file_size(self):
        for name, arguments, old, is_whole in self.each_writer():
            self.succeed(*arguments)
            size = self.target.stat().st_size
            for limit in (0, 1, size // 2, size - 1, size):
                with self.subTest(command=name, limit=limit):
                    self.target.write_bytes(old)
                    if limit == size:
                        self.succeed(*arguments, preexec_fn=limit_file_size(limit))
                        self.assertTrue(is_whole(self.target))
                        continue
                    self.fail_with(5, "target: cannot write the file", *arguments, preexec_fn=limit_file_size(limit))
                    self.assertEqual(self.target.read_bytes(), old)
                    self.assertEqual(self.temporaries(), [])

    def test_a_small_disk(self):
        disk = self.folder / "disk"
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True)
        if mounted.returncode != 0:
            self.skipTest(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")
        self.addCleanup(subprocess.run, ["umount", disk], check=True)
        arguments, _, is_whole = self.writers["convert"]
        arguments = arguments[:-1]
        (disk / "m").write_bytes(b"old")
        self.fail_with(5, "bytes are needed and ", *arguments, disk / "m")
        self.assertEqual((disk / "m").read_bytes(), b"old")
        self.assertEqual([path.name for path in disk.iterdir()], ["m"])
        subprocess.run(["mount", "-o", "remount,size=4m", disk], check=True)
        self.succeed(*arguments, disk / "m")
        self.assertTrue(is_whole(disk / "m"))

    def test_two_at_once_do_not_mix(self):
        formats = ("f16", "int8", "int4-g32")
        sizes = set()
        for name in formats:
            sizes.add(self.convert(QWEN3, "--format", name, name="target").stat().st_size)
        for _ in range(8):
            running = [
                subprocess.Popen([BIN / "convert", "-i", QWEN3, "-q", "--format", name, "-o", self.target])
                for name in formats
            ]
            self.assertEqual([process.wait() for process in running], [0, 0, 0])
            self.succeed("verify", self.target)
            self.assertIn(self.target.stat().st_size, sizes)
            self.assertEqual(self.temporaries(), [])


class StudyWriting(WriterTest):
    """A study writes a folder: after any failure the same command resumes and gives the same result as an uninterrupted run."""

    def setUp(self):
        super().setUp()
        self.output = self.folder / "study"
        self.arguments = ["study", "--source", self.model, "--output", self.output, "--text", self.text, "--tokens", "64",
                          "--window", "32", "--generate", "1", "--sensitivity-tokens", "32", "--speed-runs", "0",
                          "--formats", "int2", "-t", "1", "-q"]  # fmt: skip
        self.counts = self.call_counts(*self.arguments)
        self.assertTrue(min(self.counts.values()) > 2, self.counts)
        self.whole = self.content()
        self.largest = max(path.stat().st_size for path in self.output.iterdir())

    def content(self):
        """Everything independent of time: the study, sizes of weight files, names of all files."""
        document = without_times(read_json(self.output / "study.json"))
        for path in self.output.glob("*.cellm"):
            document[path.name] = path.stat().st_size
            self.succeed("verify", path)
        document["files"] = sorted(str(path.relative_to(self.output)) for path in self.output.rglob("*"))
        return document

    def start_again(self):
        shutil.rmtree(self.output)

    def check(self):
        """The same command resumes and leaves only the study."""
        self.succeed(*self.arguments)
        self.assertEqual(self.content(), self.whole)

    def test_killed_at_every_kind_of_call(self):
        for call, count in self.counts.items():
            for i, number in enumerate(some(count, 6 if call == "pwrite" else 4)):
                fault = f"{'short' if call == 'pwrite' and i % 2 else 'kill'}:{call}:{number}"
                with self.subTest(fault=fault):
                    self.start_again()
                    dead = run(*self.arguments, env=with_fault(fault))
                    self.assertEqual(dead.returncode, -signal.SIGKILL)
                    self.check()

    def test_killed_again_and_again(self):
        # The third rename of every run: a step has at most two, of its file and its result.
        self.start_again()
        for runs in range(self.counts["rename"]):
            code = run(*self.arguments, env=with_fault("kill:rename:3")).returncode
            if code == 0:
                break
            self.assertEqual(code, -signal.SIGKILL)
        self.assertGreater(runs, 3)
        self.check()

    def test_killed_at_random(self):
        self.start_again()
        began = time.monotonic()
        self.succeed(*self.arguments)
        usual = time.monotonic() - began
        for _ in range(4):
            self.start_again()
            self.kill_within(self.arguments, usual)
            self.check()

    def test_calls_that_fail(self):
        for call, count in self.counts.items():
            for number in some(count - 2, 2):  # the last fsync is of a folder, which may fail
                for kind, code in (("ENOSPC", 5), ("EIO", 3)):
                    with self.subTest(fault=f"{kind}:{call}:{number}"):
                        self.start_again()
                        fault = with_fault(f"{kind}:{call}:{number}")
                        if (kind, call) == ("EIO", "fallocate"):  # reserving space may fail
                            self.succeed(*self.arguments, env=fault)
                        else:
                            self.fail_with(code, self.output, *self.arguments, env=fault)
                            self.assertEqual(list(self.output.rglob("*.tmp")), [])
                        self.check()

    def test_limits_of_file_size(self):
        for limit in (0, self.largest // 2, self.largest - 1):
            with self.subTest(limit=limit):
                self.start_again()
                self.fail_with(5, self.output, *self.arguments, preexec_fn=limit_file_size(limit))
                self.assertEqual(list(self.output.rglob("*.tmp")), [])
                self.check()


if __name__ == "__main__":
    unittest.main()

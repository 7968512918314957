#!/usr/bin/env python3
"""Files are made whole or not at all, whatever becomes of the writer: kills, full disks, other writers."""

import random
import resource
import signal
import subprocess
import time
import unittest

from harness import BIN, MODELS, CommandTest, run, with_fault

QWEN3 = MODELS / "qwen3"

# Every command that writes a file: its arguments before the file's path, and how to tell that a file is whole.
WRITERS = {
    "convert": (["convert", "-i", QWEN3, "-q", "--format", "int4-g32", "-o"],
                lambda path: run("verify", path).returncode == 0),
    "logits": (["logits", "-m", QWEN3, "--tokens", "1,2,3", "-o"],
               lambda path: path.stat().st_size == 128 + 3 * 320 * 4),
}  # fmt: skip
CALLS = ("pwrite", "fsync", "rename", "fallocate")


def some(count, most):
    """Up to `most` of the numbers 1 … count, the first and the last among them."""
    return sorted({1 + round(i * (count - 1) / max(1, most - 1)) for i in range(most)}) if count else []


class Writing(CommandTest):
    def setUp(self):
        super().setUp()
        self.target = self.folder / "target"
        self.target.write_bytes(b"old")

    def temporaries(self):
        return [path.name for path in self.folder.iterdir() if path.name != "target"]

    def call_counts(self, arguments):
        path = self.folder / "counts"
        self.succeed(*arguments, self.target, env=with_fault("none:none:0", CELLM_FAULT_COUNT=str(path)))
        counts = dict(line.split() for line in path.read_text().splitlines())
        path.unlink()
        return {call: int(counts[call]) for call in CALLS}

    def check(self, arguments, is_whole, may_be_new):
        """The old file or, if that may be, the new one; and the next run clears what is left."""
        content = self.target.read_bytes()
        self.assertTrue(content == b"old" or (may_be_new and is_whole(self.target)), content[:20])
        self.succeed(*arguments, self.target)
        self.assertTrue(is_whole(self.target))
        self.assertEqual(self.temporaries(), [])
        self.target.write_bytes(b"old")

    def test_killed_at_every_kind_of_call(self):
        for name, (arguments, is_whole) in WRITERS.items():
            counts = self.call_counts(arguments)
            self.assertTrue(counts["pwrite"] > 1 and counts["fsync"] > 0 and counts["rename"] == 1, counts)
            for call, count in counts.items():
                for number in some(count, 8):
                    for kind in ("kill", "short") if call == "pwrite" else ("kill",):
                        with self.subTest(command=name, fault=f"{kind}:{call}:{number}"):
                            self.target.write_bytes(b"old")
                            dead = run(*arguments, self.target, env=with_fault(f"{kind}:{call}:{number}"))
                            self.assertEqual(dead.returncode, -signal.SIGKILL)
                            self.assertLessEqual(len(self.temporaries()), 1)
                            # Only the second fsync, that of the folder, comes after the rename.
                            self.check(arguments, is_whole, may_be_new=(call, number) == ("fsync", 2))

    def test_killed_at_random(self):
        for name, (arguments, is_whole) in WRITERS.items():
            began = time.monotonic()
            self.succeed(*arguments, self.target)
            usual = time.monotonic() - began
            self.target.write_bytes(b"old")
            for _ in range(8):
                first = [str(BIN / "cellm"), *map(str, arguments), str(self.target)]
                process = subprocess.Popen(first, stderr=subprocess.DEVNULL)
                time.sleep(random.uniform(0, usual))
                process.kill()
                process.wait()
                with self.subTest(command=name):
                    self.check(arguments, is_whole, may_be_new=True)

    def test_calls_that_fail(self):
        for name, (arguments, is_whole) in WRITERS.items():
            counts = self.call_counts(arguments)
            for call, count in counts.items():
                for number in some(count, 4):
                    for kind, code in (("ENOSPC", 5), ("EIO", 3)):
                        with self.subTest(command=name, fault=f"{kind}:{call}:{number}"):
                            self.target.write_bytes(b"old")
                            # Space need not be reserved if that fails otherwise, nor the folder's new name be durable.
                            if (kind, call) == ("EIO", "fallocate") or (call, number) == ("fsync", 2):
                                self.succeed(*arguments, self.target, env=with_fault(f"{kind}:{call}:{number}"))
                                self.assertTrue(is_whole(self.target))
                            else:
                                self.fail_with(code, "target: ", *arguments, self.target,
                                               env=with_fault(f"{kind}:{call}:{number}"))  # fmt: skip
                                self.assertEqual(self.target.read_bytes(), b"old")
                            self.assertEqual(self.temporaries(), [])
            self.succeed(*arguments, self.target, env=with_fault("EINTR:pwrite:1"))
            self.assertTrue(is_whole(self.target))

    def test_limits_of_file_size(self):
        for name, (arguments, is_whole) in WRITERS.items():
            self.succeed(*arguments, self.target)
            size = self.target.stat().st_size
            for limit in (0, 1, size // 2, size - 1, size):
                with self.subTest(command=name, limit=limit):
                    self.target.write_bytes(b"old")
                    set_limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
                    if limit == size:
                        self.succeed(*arguments, self.target, preexec_fn=set_limit)
                        self.assertTrue(is_whole(self.target))
                        continue
                    self.fail_with(5, "target: cannot write the file", *arguments, self.target, preexec_fn=set_limit)
                    self.assertEqual(self.target.read_bytes(), b"old")
                    self.assertEqual(self.temporaries(), [])

    def test_a_small_disk(self):
        disk = self.folder / "disk"
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True)
        if mounted.returncode != 0:
            self.skipTest(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")
        self.addCleanup(subprocess.run, ["umount", disk], check=True)
        arguments, is_whole = WRITERS["convert"]
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

if __name__ == "__main__":
    unittest.main()

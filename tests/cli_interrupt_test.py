#!/usr/bin/env python3
"""Ctrl-C ends jobs cleanly at any moment: exit code 130, no half-written file, and the same command goes on."""

import json
import signal
import subprocess
import time
import unittest

from harness import BIN, CommandTest, byte_tokenizer

STATES = {"m.cellm.partial", "m.cellm.probe.partial", "m.cellm.tune.partial"}


class InterruptTest(CommandTest):
    def setUp(self):
        super().setUp()
        self.model = self.copy_model("llama")
        (self.model / "tokenizer.json").write_text(json.dumps(byte_tokenizer()))
        self.out = self.folder / "out"
        self.out.mkdir()
        self.target = self.out / "m.cellm"
        self.command = ["convert", "-i", self.model, "--target-bpw", 6, "--calibrate", "default",
                        "--calibrate-tokens", 4096, "--tune-tokens", 8192]  # fmt: skip

    def names(self):
        return {path.name for path in self.out.iterdir()}

    def interrupted(self, arguments, ready):
        """Runs a command and sends SIGINT once ready() is true; its result, or None if it had ended before."""
        process = subprocess.Popen([BIN / "cellm", *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while not ready() and process.poll() is None:
            time.sleep(0.001)
        process.send_signal(signal.SIGINT)
        output, message = process.communicate(timeout=60)
        if process.returncode == 0:
            return None
        self.assertEqual(process.returncode, 130, message)
        self.assertEqual(output, b"")
        self.assertTrue(message.decode().splitlines()[-1].startswith("interrupted"), message)
        self.assertNotIn(b"error:", message)
        return message

    def whole(self):
        began = time.monotonic()
        whole = self.folder / "whole.cellm"
        self.succeed(*self.command, "-o", whole)
        return whole.read_bytes(), time.monotonic() - began

    def goes_on(self, want):
        self.succeed(*self.command, "-o", self.target)
        self.assertEqual(self.target.read_bytes(), want)
        self.assertEqual(self.names(), {"m.cellm"})
        self.target.unlink()

    def test_convert_in_each_stage(self):
        want, _ = self.whole()
        # What appears first in the stages: the search, calibration, tuning.
        for name in ("m.cellm.probe.partial", "m.cellm.partial", "m.cellm.draft.partial", "m.cellm.tune.partial"):
            message = self.interrupted([*self.command, "-o", self.target], (self.out / name).exists)
            self.assertIsNotNone(message, name)
            self.assertIn(b"interrupted; the same command goes on from here\n", message)
            self.assertLessEqual(self.names(), STATES, name)
            self.goes_on(want)

    def test_convert_at_many_moments(self):
        want, seconds = self.whole()
        ended = 0
        for tenth in (2, 4, 6, 8):
            until = time.monotonic() + seconds * tenth / 10
            message = self.interrupted([*self.command, "-o", self.target], lambda: time.monotonic() > until)
            if message is None:  # it was faster this time
                self.assertEqual(self.target.read_bytes(), want)
                self.target.unlink()
                continue
            ended += 1
            self.assertLessEqual(self.names(), STATES, tenth)
            if tenth == 4:
                self.goes_on(want)
        self.assertGreater(ended, 0)
        self.goes_on(want)

    def test_a_plain_conversion_keeps_the_old_file(self):
        self.target.write_bytes(b"old")
        command = ["convert", "-i", self.model, "--format", "t4", "-t", 1, "-o", self.target]
        temporary = lambda: any(name.endswith(".tmp") for name in self.names())
        message = self.interrupted(command, temporary)
        self.assertEqual(message, b"interrupted\n")
        self.assertEqual(self.names(), {"m.cellm"})
        self.assertEqual(self.target.read_bytes(), b"old")

    def test_a_second_one_ends_the_program(self):
        process = subprocess.Popen([BIN / "cellm", *map(str, self.command), "-o", self.target], stderr=subprocess.PIPE)
        while not (self.out / "m.cellm.probe.partial").exists():
            time.sleep(0.001)
        for _ in range(200):
            process.send_signal(signal.SIGINT)
            if process.poll() is not None:
                break
            time.sleep(0.001)
        process.communicate(timeout=60)
        self.assertIn(process.returncode, (130, -signal.SIGINT))

    def test_eval_stores_nothing(self):
        file = self.folder / "e.cellm"
        self.succeed("convert", "-i", self.model, "-o", file, "-q", "--format", "int4")
        before = file.read_bytes()
        text = self.folder / "text.txt"
        text.write_bytes(bytes(32 + (i * i + 7 * i) % 95 for i in range(60000)))
        command = ["eval", "-m", file, "--reference", self.model, "--text", text, "--store"]
        for wait in (0.2, 0.5):
            until = time.monotonic() + wait
            message = self.interrupted(command, lambda: time.monotonic() > until)
            self.assertEqual(message, b"interrupted\n")
            self.assertEqual(file.read_bytes(), before)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""The bench command: output with the keys and columns of llama-bench."""

import json
import unittest

from harness import MODELS, CommandTest

QWEN35 = MODELS / "qwen3_5_text"


class Bench(CommandTest):
    def test_json_has_the_keys_of_llama_bench(self):
        rows = json.loads(self.succeed("bench", "--model", QWEN35, "-p", "9,0", "-n", "4", "-d", "0,5", "-r", "2",
                                       "-t", "2", "-o", "json").stdout)
        self.assertEqual([(r["n_prompt"], r["n_gen"], r["n_depth"]) for r in rows],
                         [(9, 0, 0), (0, 4, 0), (9, 0, 5), (0, 4, 5)])
        for row in rows:
            self.assertEqual(len(row["samples_ts"]), 2)
            self.assertGreater(row["avg_ts"], 0)
            self.assertEqual(row["n_threads"], 2)
            for key in ("gmac_per_second", "peak_gmac_per_second", "bandwidth_gb_per_second", "peak_memory_bytes"):
                self.assertGreater(row[key], 0)

    def test_drafts(self):
        rows = json.loads(self.succeed("bench", "--model", QWEN35, "-p", "0", "-n", "40", "--draft", "0,3", "--right", "2", "-r", "1",
                                       "-o", "json").stdout)
        self.assertEqual([(r["n_gen"], r["n_draft"], r["n_right"]) for r in rows], [(40, 0, 0), (40, 3, 2)])
        table = self.succeed("bench", "--model", QWEN35, "-p", "0", "-n", "8", "--draft", "16", "-r", "1").stdout.decode()
        self.assertIn("| tg8 draft 16/16 |", table)

    def test_json_is_one_document_for_several_numbers_of_threads(self):
        rows = json.loads(self.succeed("bench", "--model", QWEN35, "-p", "9", "-n", "0", "-r", "1", "-t", "1,2",
                                       "-o", "json").stdout)
        self.assertEqual([r["n_threads"] for r in rows], [1, 2])

    def test_shapes_need_no_file(self):
        for form in ("q1", "fp8", "t1h"):
            with self.subTest(form=form):
                output = self.succeed("bench", "--shape", "smollm2-135m", "--format", form, "-p", "4", "-n", "0",
                                      "-r", "1").stdout.decode()
                self.assertIn("| 134.52 M | CPU |", output)
                self.assertIn("| pp4 |", output)
        self.fail_with(2, "use qwen3.5-0.8b", "bench", "--shape", "gpt-5")
        self.fail_with(2, "give --model FILE or --shape NAME", "bench")


if __name__ == "__main__":
    unittest.main()

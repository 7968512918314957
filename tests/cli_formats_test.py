#!/usr/bin/env python3
"""The formats command, and what the pages and help texts say of formats against it."""

import json
import re
import unittest

from harness import ROOT, CommandTest

GROUP = re.compile(r"-g(\d+)$")


def table_rows(page, first_header):
    """The cells of the rows of the table of a page that begins with this header."""
    lines = iter((ROOT / page).read_text().splitlines())
    for line in lines:
        if line.startswith(f"| {first_header} |"):
            break
    next(lines)  # the ruler
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return rows


def quoted(text):
    return re.findall(r"`([^`]+)`", text)


class Formats(CommandTest):
    def setUp(self):
        super().setUp()
        listed = json.loads(self.succeed("formats", "--json").stdout)
        self.formats = {f["name"]: f for f in listed}
        self.assertEqual(len(self.formats), len(listed))
        self.dtypes = {f["dtype"] for f in listed}
        self.encodable = {f["name"] for f in listed if f["encodable"]}

    def bits(self, name):
        group = GROUP.search(name)
        spec = self.formats[name.removesuffix(group[0])] if group else self.formats[name]
        return spec["bits_per_weight"] + (16 / int(group[1]) if group else 0)

    def test_the_table_has_every_format(self):
        table = self.succeed("formats").stdout.decode()
        for name, spec in self.formats.items():
            line = next(line for line in table.splitlines() if line.split()[:1] == [name])
            self.assertEqual(line.split()[1], spec["dtype"])
            self.assertEqual("keep only" in line, not spec["encodable"])

    def test_every_encodable_format_can_be_asked_for(self):
        model = ROOT / "models" / "cellm-tiny"  # its rows fit every block
        for name in self.encodable:
            plan = self.succeed("convert", "-i", model, "--format", name, "--dry-run", "--json").stdout
            self.assertIn(name, {c["format"] for c in json.loads(plan)["classes"]})
        for name in self.formats.keys() - self.encodable:
            self.fail_with(2, f'format "{name}" is unknown', "convert", "-i", model, "--format", name, "--dry-run")
        known = self.fail_with(2, "", "convert", "-i", model, "--format", "foo", "--dry-run").split("use ")[1]
        for name in (*self.encodable, "keep"):
            self.assertRegex(known, rf"\b{name}\b")

    def test_help_names_every_encodable_format(self):
        text = self.succeed("convert", "--help").stdout.decode()
        option = re.search(r"--format TEXT(.*?)--target-bpw", text, re.DOTALL)[1]
        words = set(re.findall(r"[\w-]+", option))
        self.assertLessEqual(self.encodable, words)
        self.assertIn("keep", words)

    def test_cli_page_names_every_encodable_format(self):
        (row,) = [r for r in table_rows("docs/cli.md", "option") if r[0].startswith("`--format`")]
        self.assertLessEqual(self.encodable, set(quoted(row[1])))

    def test_readme_has_the_bits(self):
        seen = set()
        for names, bits, *_ in table_rows("README.md", "format | bits per weight | scale | use"):
            names = quoted(names)
            numbers = [float(b) for b in bits.split(", ")]
            self.assertEqual(len(names), len(numbers), names)
            for name, number in zip(names, numbers):
                self.assertAlmostEqual(self.bits(name), number, places=3, msg=name)
            seen.update(GROUP.sub("", name) for name in names)
        self.assertEqual(seen, self.encodable)

    def test_file_format_page_has_every_dtype(self):
        page = (ROOT / "docs/file-format.md").read_text()
        section = page[page.index("## Tensor encodings") : page.index("## Which tensors")]
        self.assertLessEqual(self.dtypes, set(quoted(section)))
        blocks = {f["dtype"] for f in self.formats.values() if f["layout"] == "blocks"}
        part = section[section.index("### Block formats") : section.index("### Packed")]
        self.assertLessEqual(blocks, set(quoted(part)))


if __name__ == "__main__":
    unittest.main()

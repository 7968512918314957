#!/usr/bin/env python3
"""Counts the sources that name a particular weight format (FormatId::k...).

What a format is stands in src/format; how a CPU target multiplies it, in src/kernels. Other code asks its FormatSpec, so
that a new format touches few files. Tests name formats as they like. Prints the files and exits 1 if there are more than
MOST.
"""

import pathlib
import re
import sys

MOST = 6  # never raise this; lower it to what the check counts
OWN = {"format", "kernels"}
NAME = re.compile(r"\bFormatId::k[A-Z]\w*")
SOURCES = pathlib.Path(__file__).resolve().parent.parent / "src"


def main():
    if len(sys.argv) > 1:
        print(__doc__)
        return 0 if sys.argv[1] in ("-h", "--help") else 2
    counts = {}
    for path in sorted(SOURCES.rglob("*")):
        relative = path.relative_to(SOURCES)
        is_test = path.name.endswith("_test.cc") or path.name.startswith("test_")
        if path.suffix not in (".h", ".cc", ".inl") or is_test or relative.parts[0] in OWN:
            continue
        names = sorted(set(NAME.findall(path.read_text(encoding="utf-8"))))
        if names:
            counts[relative] = names
    for path, names in counts.items():
        print(f"src/{path}: {', '.join(name.removeprefix('FormatId::k') for name in names)}")
    print(f"{len(counts)} files name a format, at most {MOST} are allowed")
    return 1 if len(counts) > MOST else 0


if __name__ == "__main__":
    sys.exit(main())

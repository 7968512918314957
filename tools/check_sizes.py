#!/usr/bin/env python3
"""Finds files of more than 400 lines and functions of more than 60.

A function is counted from the line with its opening brace to the closing one. This relies on clang-format: a function
starts at the left margin or, in a class, two columns from it, and its closing brace stands in the same column. Prints all
that is too long and exits 1 if there is more of it than MOST_FILES and MOST_FUNCTIONS.
"""

import pathlib
import re
import sys

FILE_LINES, FUNCTION_LINES = 400, 60
MOST_FILES, MOST_FUNCTIONS = 0, 0  # never raise these; lower them to what the check counts
ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ("src", "python", "fuzz", "tests", "bench", "tools", "examples")
NO_FUNCTION = re.compile(r"\s*(namespace|struct|class|union|enum|extern|using|typedef|constexpr [^()]*=|const [^()]*=|#|//)")


def functions(lines):
    """Name, line number (from 1) and length of each function."""
    start, number = None, -1  # the first line of the statement that a line belongs to
    while number + 1 < len(lines):
        number += 1
        line = lines[number]
        if not line.strip() or line.lstrip().startswith(("//", "#")):
            continue
        start = line if start is None else f"{start} {line.strip()}"
        if not line.endswith("{"):
            if line.endswith((";", "}", ":")) or "//" in line:
                start = None
            continue
        head, start = start, None
        column = len(head) - len(head.lstrip())
        if NO_FUNCTION.match(head) or "(" not in head:
            continue
        closing = " " * column + "}"
        end = next((i for i in range(number + 1, len(lines)) if lines[i].startswith(closing)), None)
        if end is None:
            continue
        name = re.search(r"([\w:~]+|operator\S+)\s*\(", head)
        yield name[1] if name else head.strip(), number + 1, end - number + 1
        number = end


def main():
    if len(sys.argv) > 1:
        print(__doc__)
        return 0 if sys.argv[1] in ("-h", "--help") else 2
    files = long_functions = 0
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix not in (".h", ".cc", ".inl"):
                continue
            relative = path.relative_to(ROOT)
            lines = path.read_text(encoding="utf-8").splitlines()
            if len(lines) > FILE_LINES:
                print(f"{relative}: {len(lines)} lines; split it by purpose")
                files += 1
            for name, line, length in functions(lines):
                if length > FUNCTION_LINES:
                    print(f"{relative}:{line}: {name} has {length} lines")
                    long_functions += 1
    print(f"{files} files of more than {FILE_LINES} lines, {MOST_FILES} are allowed")
    print(f"{long_functions} functions of more than {FUNCTION_LINES} lines, {MOST_FUNCTIONS} are allowed")
    return 1 if files > MOST_FILES or long_functions > MOST_FUNCTIONS else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Fills the measured figures of a study into its page.

usage: fill_study.py [--check] FOLDER...

Writes FOLDER/README.md from FOLDER/README.in.md and FOLDER/study.json; with --check reports instead
whether it is up to date (exit code 1 if not). A figure is {{PATH}} or {{PATH|FORMAT}}. PATH is a list of
keys separated by dots, in study.json or, if the first is the name of a format, in that format's entry; a
key may be an index, or KEY=VALUE for the element of a list. FORMAT is a format specification of Python,
"MiB" for bytes, or "sci" for four significant digits.
"""

import json
import pathlib
import re
import sys


def look_up(document, path):
    first, *rest = path.split(".")
    formats = {entry["name"]: entry for entry in document["formats"]}
    value = formats[first] if first in formats else document[first]
    for step in rest:
        if isinstance(value, list):
            key, found, wanted = step.partition("=")
            value = next(v for v in value if str(v[key]) == wanted) if found else value[int(step)]
        else:
            value = value[step]
    return value


def shown(value, form):
    if not form:
        return str(value)
    if form == "MiB":
        return f"{value / 1048576:.1f}"
    if form == "sci":
        return f"{value:.4g}" if 1e-3 <= abs(value) < 1e5 else f"{value:.1e}"
    text = format(value, form)
    return text.replace("%", " %")


def fill(folder):
    document = json.loads((folder / "study.json").read_text())
    text = (folder / "README.in.md").read_text()

    def one(match):
        path, _, form = match.group(1).partition("|")
        try:
            return shown(look_up(document, path), form)
        except (KeyError, IndexError, StopIteration, TypeError, ValueError) as failure:
            sys.exit(f"error: {folder / 'README.in.md'}: {match.group(0)}: {failure!r}")

    return re.sub(r"\{\{([^{}]+)\}\}", one, text)


def main(arguments):
    check = "--check" in arguments
    folders = [pathlib.Path(a) for a in arguments if a != "--check"]
    if not folders:
        sys.exit("usage: fill_study.py [--check] FOLDER...")
    stale = 0
    for folder in folders:
        text = fill(folder)
        readme = folder / "README.md"
        if not check:
            readme.write_text(text)
        elif not readme.exists() or readme.read_text() != text:
            print(f"{readme}: is not what README.in.md and study.json give; run tools/fill_study.py")
            stale += 1
    sys.exit(1 if stale else 0)


if __name__ == "__main__":
    main(sys.argv[1:])

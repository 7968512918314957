#!/usr/bin/env python3
"""Says which sources can be compiled together, as one unit that includes them: the headers of the standard library, fmt
and nlohmann-json cost more to compile than most sources.

usage: source_units.py SOURCE...

Prints one line for each source: the number of its unit, or 0 if it has to be compiled alone.
"""

import pathlib
import re
import sys

UNIT_SOURCES = 16  # more save little and need more memory
# What clang-format leaves at the left margin: names that sources of one unit may not share.
DECLARATION = re.compile(
    r"^(?:template\s*<.*>\s*)?(?:struct|class|enum class|enum|union|using|namespace)\s+(\w+)|^\w[^=({]*?\b(\w+)\s*(?:\[[^]]*\]\s*)?[=({;]",
    re.MULTILINE)
INCLUDE = re.compile(rb'^\s*#\s*include\s*["<]([^">]+)[">]', re.MULTILINE)
ROOT = pathlib.Path(__file__).resolve().parent.parent
# Its names are those of the library's own types in another inline namespace.
PUBLIC_HEADER = ROOT / "include" / "cellm" / "cellm.hpp"


def with_headers(source):
    """The source and all headers of the project that it includes, sorted."""
    found, queue = set(), [source]
    while queue:
        path = queue.pop()
        if path in found:
            continue
        found.add(path)
        for name in INCLUDE.findall(path.read_bytes()):
            for folder in (ROOT / "src", path.parent, ROOT / "include", ROOT):
                header = (folder / name.decode()).resolve()
                if header.is_file() and ROOT in header.parents:
                    queue.append(header)
                    break
    return sorted(found)


def names_of(source):
    """Names that a source declares outside of classes and functions, each with its line; None if it must stay alone."""
    text = source.read_text(encoding="utf-8")
    if re.search(r"^#define", text, re.MULTILINE) or PUBLIC_HEADER in with_headers(source):
        return None
    lines = {}
    for found in DECLARATION.finditer(text):
        line = text[found.start() : text.index("\n", found.start())]
        lines[found[1] or found[2]] = line
    return lines


def collide(names, others):
    """Whether two sources cannot be in one unit. Equal aliases can."""
    return any(name in others and not (others[name] == line and line.startswith(("using", "namespace")))
               for name, line in names.items())  # fmt: skip


def units_of(sources, flags):
    """Lists of sources that can be read as one: of equal flags, without names in common."""
    units = []  # sources, their names, their flags
    for source in sources:
        names = names_of(source)
        for unit, taken, unit_flags in units:
            if names is not None and len(unit) < UNIT_SOURCES and unit_flags == flags[source] and not collide(names, taken):
                unit.append(source)
                taken.update(names)
                break
        else:
            units.append(([source], names or {}, None if names is None else flags[source]))
    return [unit for unit, _, _ in units]


def main():
    sources = [pathlib.Path(name).resolve() for name in sys.argv[1:]]
    numbers = {}
    for number, unit in enumerate(units_of(sources, dict.fromkeys(sources, "")), start=1):
        numbers.update(dict.fromkeys(unit, number if len(unit) > 1 else 0))
    for source in sources:
        print(numbers[source])


if __name__ == "__main__":
    main()

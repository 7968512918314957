#!/usr/bin/env python3
"""Says which sources can be compiled together, as one unit that includes them: the headers of the standard library, fmt
and nlohmann-json cost more to compile than most sources.

usage: source_units.py SOURCE...

Prints one line for each source: the number of its unit, or 0 if it has to be compiled alone.
"""

import functools
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


@functools.cache
def declared_in(path):
    """Names that a file declares outside of classes and functions, each with its line."""
    text = path.read_text(encoding="utf-8")
    lines = {}
    for found in DECLARATION.finditer(text):
        line = text[found.start() : text.index("\n", found.start())]
        lines[found[1] or found[2]] = line
    return lines


class Names:
    """The names of the sources of a unit."""

    def __init__(self, source):
        headers = [path for path in with_headers(source) if path != source]
        self.own = declared_in(source)
        self.of_headers = {}
        for header in headers:
            self.of_headers.update(declared_in(header))
        self.must_be_alone = PUBLIC_HEADER in headers or re.search(rb"^#define", source.read_bytes(), re.MULTILINE) is not None

    def collide(self, other):
        """Whether two sources cannot be in one unit. Equal aliases can."""
        return (self.must_be_alone or other.must_be_alone or differ(self.own, other.own)
                or differ(self.private(), other.of_headers) or differ(other.private(), self.of_headers))  # fmt: skip

    def private(self):
        """Names that no header declares, or as another alias: visible to headers that follow, too."""
        return {name: line for name, line in self.own.items()
                if name not in self.of_headers or is_alias(line) and line != self.of_headers[name]}  # fmt: skip

    def add(self, other):
        self.own.update(other.own)
        self.of_headers.update(other.of_headers)


def differ(one, other):
    """Whether a name of both is other than the same alias."""
    return any(not is_alias(one[name]) or one[name] != other[name] for name in one.keys() & other.keys())


def is_alias(line):
    return line.startswith(("using", "namespace"))


def units_of(sources, flags):
    """Lists of sources that can be read as one: of equal flags, without names in common."""
    units = []  # sources, their names, their flags
    for source in sources:
        names = Names(source)
        for unit, taken, unit_flags in units:
            if len(unit) < UNIT_SOURCES and unit_flags == flags[source] and not names.collide(taken):
                unit.append(source)
                taken.add(names)
                break
        else:
            units.append(([source], names, flags[source]))
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

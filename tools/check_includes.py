#!/usr/bin/env python3
"""Checks that includes in src/ go one way (docs/architecture.md).

A folder may include itself and the folders that DEPENDS of its cellm_library lists; its *_test.cc may
also include those of TEST_DEPENDS. Every listed folder must be included somewhere, and DEPENDS must not
form a cycle. Further rules are checked as well: see RULES below. Prints one line for
each finding, FILE:LINE: message, and exits 1 if there is any.
"""

import pathlib
import re
import sys

RULES = """
  nlohmann/json.hpp is included in .cc files only (headers use io/json.h)
  CLI/CLI.hpp is included in src/cli/options.cc only
  a kernel target with instruction-set flags includes nothing with inline library code
  a header has #pragma once
  a source reaches the headers of USES by its includes: precompiled headers hide where it does not
"""

KEYWORDS = {"SOURCES", "TESTS", "DEPENDS", "PRIVATE_DEPENDS", "TEST_DEPENDS"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]')
TARGET_INCLUDES = re.compile(
    r'<(immintrin\.h|arm_neon\.h|cstddef|cstdint)>|"kernels/(kernel_table\.h|\w+\.inl)"|"format/grids\.h"')
SUFFIXES = {".h", ".cc", ".inl"}

# What the names of the precompiled headers (cmake/precompiled_headers.cmake) look like.
USES = {
    "algorithm": r"std::(sort|stable_sort|nth_element|find_if|any_of|all_of|none_of|clamp|(max|min)_element|copy_n|fill_n"
                 r"|count_if|lower_bound|upper_bound)",
    "array": r"std::array<",
    "charconv": r"std::(from|to)_chars",
    "cmath": r"std::(exp|log|sqrt|fabs|floor|ceil|lround|pow|isnan|isfinite)\(",
    "cstdio": r"std::(fputs|fflush|fopen|fread|fwrite|FILE)",
    "cstring": r"std::(memcpy|memset|memcmp|strlen)",
    "filesystem": r"std::filesystem::",
    "fmt/": r"fmt::",
    "functional": r"std::function<",
    "limits": r"std::numeric_limits",
    "map": r"std::(multi)?map<",
    "memory": r"std::(unique_ptr|shared_ptr|make_unique|make_shared)",
    "numeric": r"std::(iota|accumulate|inner_product)",
    "optional": r"std::(optional<|nullopt)",
    "random": r"std::(mt19937|\w+_distribution)",
    "set": r"std::(multi)?set<",
    "span": r"std::span\b",
    "string": r"std::(string|to_string)\b",
    "variant": r"std::(variant<|visit|monostate|holds_alternative)",
    "vector": r"std::vector<",
}  # fmt: skip


class Library:
    """The dependencies listed in a folder's CMakeLists.txt."""

    def __init__(self, path):
        self.path = path
        self.lists = {keyword: {} for keyword in KEYWORDS}  # keyword: name: line
        text = re.sub(r"#.*", "", path.read_text(encoding="utf-8"))
        call = re.search(r"\bcellm_library\(([^)]*)\)", text)
        self.name = None
        if not call:
            return
        keyword = None
        for word in re.finditer(r"\S+", call.group(1)):
            line = text.count("\n", 0, call.start(1) + word.start()) + 1
            if self.name is None:
                self.name = word.group()
            elif word.group() in KEYWORDS:
                keyword = word.group()
            elif keyword:
                self.lists[keyword][word.group()] = line


def includes_of(path):
    """Lines and includes as written, with their brackets or quotes."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1) + match.group(2) + (">" if match.group(1) == "<" else '"')


def is_kernel_target(folder, path):
    """Whether a file may be compiled with flags that not every processor can run."""
    return folder == "kernels" and (path.suffix == ".inl" or (
        path.name.startswith("target_") and path.suffix == ".cc" and path.name != "target_scalar.cc"))


def check_file(path, folder):
    """Findings (line, text) in one file."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".h" and not re.search(r"^#pragma once$", text, re.MULTILINE):
        yield 1, "a header without #pragma once"
    for line, include in includes_of(path):
        if include[1:-1] == "nlohmann/json.hpp" and path.suffix != ".cc":
            yield line, "nlohmann/json.hpp in a header; include io/json.h"
        if include[1:-1] == "CLI/CLI.hpp" and (folder, path.name) != ("cli", "options.cc"):
            yield line, "CLI/CLI.hpp outside src/cli/options.cc"
        if is_kernel_target(folder, path) and not TARGET_INCLUDES.fullmatch(include):
            yield line, f"a kernel target may not include {include}: inline code of it would be " \
                        "compiled with the target's flags"


def reached(path, src, known):
    """The headers with < > that a file includes, directly or by headers of the project."""
    if path not in known:
        known[path] = set()
        for _, include in includes_of(path):
            header = src / include[1:-1]
            known[path] |= {include[1:-1]} if include[0] == "<" else reached(header, src, known) if header.is_file() else set()
    return known[path]


def check_uses(path, src, known):
    """Findings (line, text) of names whose headers a source does not reach."""
    lines = path.read_text(encoding="utf-8").splitlines()
    for header, name in USES.items():
        if any(other.startswith(header) if header.endswith("/") else other == header for other in reached(path, src, known)):
            continue
        for number, line in enumerate(lines, 1):
            found = re.search(r"\b" + name, line.split("//")[0])
            if found:
                yield number, f"{found.group()} without <{header}{'...' if header.endswith('/') else ''}>"
                break


def find_cycle(graph):
    """The folders of a cycle in {folder: its DEPENDS}, or none."""
    done, trail = set(), []

    def visit(folder):
        if folder in trail:
            return trail[trail.index(folder):] + [folder]
        if folder in done:
            return None
        trail.append(folder)
        for other in graph.get(folder, ()):
            cycle = visit(other)
            if cycle:
                return cycle
        trail.pop()
        done.add(folder)
        return None

    for folder in graph:
        cycle = visit(folder)
        if cycle:
            return cycle
    return None


def main():
    if len(sys.argv) > 1:
        print(__doc__ + RULES)
        return 0 if sys.argv[1] in ("-h", "--help") else 2
    root = pathlib.Path(__file__).resolve().parent.parent
    src = root / "src"
    findings = []
    known = {}  # file: the headers that it reaches

    def report(path, line, text):
        findings.append(f"{path.relative_to(root)}:{line}: {text}")

    folders = sorted(p.name for p in src.iterdir() if p.is_dir())
    libraries = {}
    for folder in folders:
        cmake = src / folder / "CMakeLists.txt"
        if not cmake.is_file():
            report(src / folder, 1, "no CMakeLists.txt")
            continue
        library = libraries[folder] = Library(cmake)
        if library.name != folder:
            report(cmake, 1, f"expected cellm_library({folder} ...), found {library.name}")
        for keyword in ("DEPENDS", "TEST_DEPENDS"):
            for name, line in library.lists[keyword].items():
                if name not in folders:
                    report(cmake, line, f"{keyword} lists {name}, which is no folder of src/")

    for folder, library in libraries.items():
        allowed = {folder} | library.lists["DEPENDS"].keys()
        used, used_in_tests = set(), set()
        for path in sorted((src / folder).rglob("*")):
            if path.suffix not in SUFFIXES:
                continue
            for line, text in check_file(path, folder):
                report(path, line, text)
            if path.suffix == ".cc":
                for line, text in check_uses(path, src, known):
                    report(path, line, text)
            is_test = path.name.endswith("_test.cc")
            here = allowed | library.lists["TEST_DEPENDS"].keys() if is_test else allowed
            for line, include in includes_of(path):
                if include[0] == "<":
                    continue
                other = include[1:-1].split("/")[0]
                if other not in folders:
                    report(path, line, f"{include} names no folder of src/; write \"folder/file.h\"")
                    continue
                (used_in_tests if is_test else used).add(other)
                if other not in here:
                    report(path, line, f"{folder} may not include {other}: DEPENDS lists "
                                       f"{', '.join(library.lists['DEPENDS']) or 'nothing'}")
        for name, line in library.lists["DEPENDS"].items():
            if name not in used and name in folders:
                where = "only by tests; move it to TEST_DEPENDS" if name in used_in_tests else "nowhere"
                report(library.path, line, f"DEPENDS lists {name}, which {folder} includes {where}")
        for name, line in library.lists["TEST_DEPENDS"].items():
            if name not in used_in_tests and name in folders:
                report(library.path, line,
                       f"TEST_DEPENDS lists {name}, which no test of {folder} includes")

    cycle = find_cycle({f: tuple(l.lists["DEPENDS"]) for f, l in libraries.items()})
    if cycle:
        report(src / cycle[0] / "CMakeLists.txt", 1, "DEPENDS form a cycle: " + " -> ".join(cycle))

    print("\n".join(findings), end="\n" if findings else "")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())

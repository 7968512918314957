#!/usr/bin/env python3
"""Runs clang-tidy on the files that the release preset compiles, with a cache of clean results.

usage: check_tidy.py [--tests] [--alone] [BUILD_FOLDER]     (default: build/release)

Generated files are excluded, and without --tests also *_test.cc.

Most of clang-tidy's time goes to the headers of the standard library, fmt and nlohmann-json, so it reads several sources
at once, as one unit that includes them. If a unit is not clean, its sources are read one by one. --alone reads all of them
so, which takes three times as long: it also finds unused using-declarations, and includes that a source forgets and the
others of its unit have.

A clean file is not checked again until something it depends on changes: the file, the headers of
the project that it includes directly or indirectly, its compile command, .clang-tidy or the version of clang-tidy.
The cache is one empty file per state in $XDG_CACHE_HOME/cellm-tidy (default
~/.cache/cellm-tidy); it does not depend on the folder of the checkout, so clones share it.
Prints the findings of clang-tidy and exits 1 if there are any, 77 if clang-tidy is missing.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

from source_units import ROOT, units_of, with_headers

PROCESSES = 2
KEEP_SECONDS = 90 * 24 * 3600  # unused states are removed after this time
# What g++ needs for precompiled headers, which clang-tidy cannot use.
PRECOMPILED = re.compile(r" -fpch-preprocess| -Winvalid-pch| -include \S+cmake_pch\.hxx")


def cache_folder():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return pathlib.Path(base) / "cellm-tidy"


def state_key(entry, source, common):
    """A hash of all inputs of clang-tidy's result for this file."""
    digest = hashlib.sha256(common)
    digest.update(entry["command"].replace(f"{ROOT}/", "./").encode() + b"\0")
    for path in with_headers(source):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(ROOT)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tests", action="store_true")
    parser.add_argument("--alone", action="store_true")
    parser.add_argument("build", nargs="?", type=pathlib.Path, default=ROOT / "build" / "release")
    arguments = parser.parse_args()
    build = arguments.build
    database = build / "compile_commands.json"
    if not database.is_file():
        print(f"{database} is missing; run: cmake --preset release")
        return 1
    tidy = shutil.which("clang-tidy")
    if not tidy:
        print("clang-tidy is missing (Debian: apt-get install clang-tidy)")
        return 77

    version = subprocess.run([tidy, "--version"], check=True, capture_output=True).stdout
    # The last line names the processor, which has no effect.
    common = b"\n".join(l for l in version.splitlines() if b"CPU" not in l)
    common += (ROOT / ".clang-tidy").read_bytes() + (b"alone" if arguments.alone else b"")
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)

    states = {}  # source not known to be clean: the markers of its states, one for each command
    flags = {}  # source: its command without file names
    entries = json.loads(database.read_text(encoding="utf-8"))
    for entry in entries:
        entry["command"] = PRECOMPILED.sub("", entry["command"])
        source = pathlib.Path(entry["file"]).resolve()
        if ROOT not in source.parents or {ROOT / "build", build.resolve()} & set(source.parents):
            continue  # generated, or of a library
        if source.name.endswith("_test.cc") and not arguments.tests:
            continue
        marker = cache / state_key(entry, source, common)
        if marker.exists():
            marker.touch()
        else:
            states.setdefault(source, []).append(marker)
            flags[source] = re.sub(r" -(o|c|MF|MT) \S+", "", entry["command"])

    folder = build.resolve() / "tidy"
    folder.mkdir(exist_ok=True)
    units = [[source] for source in states] if arguments.alone else units_of(states, flags)
    unit_files = {}  # unit file: sources
    for number, unit in enumerate(units):
        file = folder / f"unit_{number}.cc"
        file.write_text("".join(f'#include "{source}"  // NOLINT\n' for source in unit), encoding="utf-8")
        entries.append({"directory": str(folder), "file": str(file), "command": f"{flags[unit[0]]} -c {file}"})
        unit_files[file] = unit
    (folder / "compile_commands.json").write_text(json.dumps(entries), encoding="utf-8")

    def findings(file, *options):
        # The compile commands are for g++; clang does not know all of its warnings.
        command = [tidy, "-p", str(folder), "--quiet", "--extra-arg=-Wno-unknown-warning-option", *options, str(file)]
        result = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if result.returncode == 0:
            return result.stdout.strip()
        return result.stdout.strip() or result.stderr.strip() or "clang-tidy failed"

    def check(file):
        """The findings in each source of a unit, and whether they had to be read one by one."""
        unit = unit_files[file]
        # Sources of a unit may shadow each other's names.
        if len(unit) > 1 and not findings(file, r"--header-filter=/src/|\.cc$", "--extra-arg=-Wno-shadow"):
            return dict.fromkeys(unit, ""), False
        return {source: findings(source) for source in unit}, len(unit) > 1

    failed = again = 0
    with concurrent.futures.ThreadPoolExecutor(PROCESSES) as pool:
        for found, one_by_one in pool.map(check, unit_files):
            again += one_by_one
            for source, text in found.items():
                if text:
                    failed += 1
                    print(f"{source.relative_to(ROOT)}:\n{text.replace(str(ROOT) + '/', '')}", flush=True)
                else:
                    for marker in states[source]:
                        marker.touch()

    for marker in cache.iterdir():
        if time.time() - marker.stat().st_mtime > KEEP_SECONDS:
            marker.unlink(missing_ok=True)
    print(f"{len(states)} sources read anew in {len(units)} units, {again} of these one by one; {failed} with findings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

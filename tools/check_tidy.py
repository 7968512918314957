#!/usr/bin/env python3
"""Runs clang-tidy on the files that the release preset compiles, with a cache of clean results.

usage: check_tidy.py [--tests] [BUILD_FOLDER]     (default: build/release)

Generated files are excluded, and without --tests also *_test.cc: with the gtest headers they would take longer than
all other files together.

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

PROCESSES = 2
KEEP_SECONDS = 90 * 24 * 3600  # unused states are removed after this time
# What g++ needs for precompiled headers. clang-tidy reads without them: it cannot use g++'s, and so it finds what a source
# forgets to include.
PRECOMPILED = re.compile(r" -fpch-preprocess| -Winvalid-pch| -include \S+cmake_pch\.hxx")
INCLUDE = re.compile(rb'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)
ROOT = pathlib.Path(__file__).resolve().parent.parent


def cache_folder():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return pathlib.Path(base) / "cellm-tidy"


def with_headers(source):
    """The source and all headers of the project that it includes, sorted."""
    found, queue = set(), [source]
    while queue:
        path = queue.pop()
        if path in found:
            continue
        found.add(path)
        for name in INCLUDE.findall(path.read_bytes()):
            for folder in (ROOT / "src", path.parent, ROOT):
                header = (folder / name.decode()).resolve()
                if header.is_file() and ROOT in header.parents:
                    queue.append(header)
                    break
    return sorted(found)


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
    common += (ROOT / ".clang-tidy").read_bytes()
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)

    states = {}  # marker of a state not known to be clean: its source
    entries = json.loads(database.read_text(encoding="utf-8"))
    for entry in entries:
        entry["command"] = PRECOMPILED.sub("", entry["command"])
    own_database = build / "tidy" / "compile_commands.json"
    own_database.parent.mkdir(exist_ok=True)
    own_database.write_text(json.dumps(entries), encoding="utf-8")
    for entry in entries:
        source = pathlib.Path(entry["file"]).resolve()
        if build.resolve() in source.parents:
            continue  # generated
        if source.name.endswith("_test.cc") and not arguments.tests:
            continue
        marker = cache / state_key(entry, source, common)
        if marker.exists():
            marker.touch()
        else:
            states[marker] = source

    def run(source):
        # The compile commands are for g++; clang does not know all of its warnings.
        command = [tidy, "-p", str(own_database.parent), "--quiet", "--extra-arg=-Wno-unknown-warning-option",
                   str(source)]
        return subprocess.run(command, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(PROCESSES) as pool:
        jobs = {pool.submit(run, source): (marker, source) for marker, source in states.items()}
        for job in concurrent.futures.as_completed(jobs):
            marker, source = jobs[job]
            result = job.result()
            if result.returncode == 0 and not result.stdout.strip():
                marker.touch()
            else:
                failed += 1
                text = result.stdout.strip() or result.stderr.strip() or "clang-tidy failed"
                print(f"{source.relative_to(ROOT)}:\n{text.replace(str(ROOT) + '/', '')}", flush=True)

    for marker in cache.iterdir():
        if time.time() - marker.stat().st_mtime > KEEP_SECONDS:
            marker.unlink(missing_ok=True)
    print(f"{len(entries)} files, {len(states)} read anew, {failed} with findings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Refuses tracked binary files outside of the folders that are meant for them.

A binary file is one that is no UTF-8 text or has a zero byte. Prints one line for each finding and exits 1 if there is any,
77 without git or a repository.
"""

import pathlib
import shutil
import subprocess
import sys

FOLDERS = ("testdata/", "models/", "fuzz/corpus/", "fuzz/data/", "fuzz/regressions/", "docs/studies/")
FILES = {"tools/train_tiny/loss.png"}
ROOT = pathlib.Path(__file__).resolve().parent.parent


def is_binary(path):
    data = path.read_bytes()
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return b"\0" in data


def main():
    if len(sys.argv) > 1:
        print(__doc__)
        return 0 if sys.argv[1] in ("-h", "--help") else 2
    if not shutil.which("git") or not (ROOT / ".git").exists():
        print("no git repository; tracked files are not known")
        return 77
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    found = 0
    for name in filter(None, listing.split("\0")):
        path = ROOT / name
        if path.is_symlink() or not path.is_file() or name in FILES or name.startswith(FOLDERS):
            continue
        if is_binary(path):
            print(f"{name}: a binary file; such files belong in {', '.join(FOLDERS)}")
            found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

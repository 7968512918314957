#!/usr/bin/env python3
"""Checks that programs have the hardening that cmake/hardening.cmake requests.

usage: check_hardening.py READELF PROGRAM...

Checks with readelf of binutils: a position-independent program (PIE), a non-executable stack, relocation
tables that are read-only after start-up (RELRO with BIND_NOW), no memory that is writable and
executable, the stack protector, calls replaced by checked ones through _FORTIFY_SOURCE, and, on x86, endbr64
at the entry of main for -fcf-protection (the whole file is marked for it only if the C library's start
files are, which is the distribution's choice). Prints one line for each finding and exits 1 if there is any.
"""

import re
import subprocess
import sys

ENDBR64 = bytes.fromhex("f30f1efa")


def readelf(tool, *arguments):
    return subprocess.run([tool, "--wide", *arguments], check=True, capture_output=True, text=True).stdout


def main_bytes(tool, program, count):
    """The first bytes of main(), found by the symbol table."""
    symbol = re.search(r"^\s*\d+: ([0-9a-f]+)\s+\d+ FUNC\s+GLOBAL\s+\w+\s+(\d+) main$",
                       readelf(tool, "--symbols", program), re.MULTILINE)
    if symbol is None:
        return None
    section = re.search(rf"^\s*\[\s*{symbol.group(2)}\]\s+\S+\s+\S+\s+([0-9a-f]+) ([0-9a-f]+)",
                        readelf(tool, "--sections", program), re.MULTILINE)
    offset = int(symbol.group(1), 16) - int(section.group(1), 16) + int(section.group(2), 16)
    with open(program, "rb") as file:
        file.seek(offset)
        return file.read(count)


def findings(tool, program):
    header = readelf(tool, "--file-header", program)
    segments = readelf(tool, "--program-headers", program)
    dynamic = readelf(tool, "--dynamic", program)
    symbols = readelf(tool, "--dyn-syms", program)
    if not re.search(r"Type:\s+DYN", header) or not re.search(r"FLAGS_1.*\bPIE\b", dynamic):
        yield "not position-independent (PIE)"
    stack = re.search(r"^\s*GNU_STACK\s.*\s([R ][W ][E ])\s+0x", segments, re.MULTILINE)
    if stack is None or "E" in stack.group(1):
        yield "the stack is executable"
    if "GNU_RELRO" not in segments:
        yield "no RELRO segment"
    if not re.search(r"\((BIND_NOW|FLAGS)\).*", dynamic) or not re.search(r"FLAGS_1.*\bNOW\b", dynamic):
        yield "symbols are bound lazily, so that RELRO is not full"
    if re.search(r"^\s*LOAD\s.*\sRWE\s", segments, re.MULTILINE):
        yield "a segment is writable and executable"
    if "__stack_chk_fail" not in symbols:
        yield "no function has a stack protector"
    if not re.search(r" __\w+_chk@", symbols):
        yield "no call is fortified (_FORTIFY_SOURCE)"
    if "X86-64" in header and main_bytes(tool, program, len(ENDBR64)) != ENDBR64:
        yield "main() does not begin with endbr64 (-fcf-protection)"


def main():
    if len(sys.argv) < 3:
        print(__doc__)
        return 0 if sys.argv[1:] in (["-h"], ["--help"]) else 2
    found = [f"{program}: {text}" for program in sys.argv[2:] for text in findings(sys.argv[1], program)]
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Checks that each kernel target exports one symbol: its KernelTable.

usage: check_symbols.py NM libcellm_kernels.a

Every object of target_*.cc but target_scalar.cc is compiled with flags that not every processor can
run. A weak or global function in it, such as an inline function of a header, could be the copy that the
linker keeps for the whole program, which then dies on an older processor. So everything in them has
internal linkage (nm shows a small letter) except the table. Prints one line for each finding and exits 1
if there is any.
"""

import re
import subprocess
import sys

TABLE = re.compile(r"cellm::k\w+Kernels")
LOCAL = set("abdginprst")  # small letters of nm that mean internal linkage; u, v and w are shared


def main():
    if len(sys.argv) != 3:
        print(__doc__)
        return 0 if sys.argv[1:] in (["-h"], ["--help"]) else 2
    listing = subprocess.run([sys.argv[1], "--defined-only", "-C", "-A", sys.argv[2]], check=True,
                             capture_output=True, text=True).stdout
    tables, findings = {}, []
    for line in listing.splitlines():
        # libcellm_kernels.a:target_avx2.cc.o:0000000000000000 R cellm::kAvx2Kernels
        match = re.match(r".*:(target_\w+)\.cc\.o:[0-9a-f]+ (\S) (.*)", line)
        if not match or match.group(1) == "target_scalar":
            continue
        target, kind, symbol = match.groups()
        tables.setdefault(target, [])
        if TABLE.fullmatch(symbol) and kind in "RD":
            tables[target].append(symbol)
        elif kind not in LOCAL:
            findings.append(f"{target}.cc: {symbol} ({kind}) is visible to the linker; only the "
                            "KernelTable may be")
    for target, names in tables.items():
        if len(names) != 1:
            findings.append(f"{target}.cc: expected one KernelTable, found {len(names)}")
    if not tables:
        findings.append(f"{sys.argv[2]}: no target_*.cc.o inside")
    print("\n".join(findings), end="\n" if findings else "")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())

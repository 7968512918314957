#!/usr/bin/env python3
"""Makes src/format/grid_tables.inl: the grids of ggml's IQ types, as the gguf package has them.

Needs numpy and gguf (0.19). An entry of 8 values has 2 bits for each, one of 4 has 3, first value lowest: the index of
a value among those that the type has (src/format/grids.cc).

usage: make_grid_tables.py  (from any folder)
"""

from pathlib import Path

import numpy as np
from gguf import quants

OUT = Path(__file__).resolve().parent.parent / "src" / "format" / "grid_tables.inl"
GRIDS = {"IQ2XXS": quants.IQ2_XXS, "IQ2XS": quants.IQ2_XS, "IQ2S": quants.IQ2_S,
         "IQ3XXS": quants.IQ3_XXS, "IQ3S": quants.IQ3_S, "IQ1": quants.IQ1_S}  # fmt: skip


def packed(kind):
    kind.init_grid()
    values = kind.grid.reshape(kind.grid_shape)
    bits = 2 if kind.grid_shape[1] == 8 else 3
    codes = np.searchsorted(np.array(kind.grid_map, np.float32), values)
    assert (np.array(kind.grid_map)[codes] == values).all()
    return (codes << (bits * np.arange(kind.grid_shape[1]))).sum(axis=1)


def main():
    text = "// Made by tools/make_grid_tables.py.\n// clang-format off\n"
    for name, kind in GRIDS.items():
        entries = [f"{entry}," for entry in packed(kind)]
        text += f"\nconstexpr std::uint16_t k{name}Packed[{len(entries)}] = {{\n"
        line = "   "
        for entry in entries:
            if len(line) + 1 + len(entry) > 100:
                text += line + "\n"
                line = "   "
            line += " " + entry
        text += line + "\n};\n"
    OUT.write_text(text)


if __name__ == "__main__":
    main()

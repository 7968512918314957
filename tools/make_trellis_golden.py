#!/usr/bin/env python3
"""Writes testdata/trellis/golden.txt: tiles of the trellis formats and their levels.

The decoder here follows the description in src/format/trellis.h, bit by bit, and shares
with the program only the tables, which it reads from src/format/trellis_tables.cc.

A line is: format, table id, the tile's bytes and its levels (64 rows, 4 columns), both as hex.
"""
import pathlib
import random
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent
# name: bits of a step, weights of a step, spacing
SHAPES = {"t4": (4, 1, 1), "t3": (3, 1, 1), "t2": (4, 2, 1), "t1h": (3, 2, 1), "t1": (2, 2, 2)}


def read_tables():
    text = (ROOT / "src/format/trellis_tables.cc").read_text()
    found = {}
    for name, number, body in re.findall(r"\{FormatId::k(\w+),\s*(\d+),\s*[\d.]+F,(.*?)\}\}\}\}", text, re.S):
        rows = [[int(n) for n in row.split(",")] for row in re.findall(r"\{([\d, \n]+)\}?", body + "}")]
        rows = [row for row in rows if len(row) == 16]
        assert len(rows) == 6, (name, len(rows))
        found[name.lower(), int(number)] = {
            "near": rows[0], "far": rows[1], "levels": rows[2:4], "offsets": rows[4:6]}
    return found


def lane_bits(name, tile):
    """The bits of each of the 32 lanes, as strings, the earliest first."""
    step_bits, step_weights, _ = SHAPES[name]
    bits = 8 // step_weights * step_bits
    lanes = []
    for lane in range(32):
        text = ""
        at = 0
        if bits % 8:
            byte = tile[lane % 16]
            text += f"{byte & 15 if lane < 16 else byte >> 4:04b}"
            at = 16
        for plane in range(bits // 8):
            text += f"{tile[at + 32 * plane + lane]:08b}"
        lanes.append(text)
    return lanes


def decode(name, table, tile):
    step_bits, step_weights, spacing = SHAPES[name]
    ring = "".join(lane_bits(name, tile))
    steps = 256 // step_weights

    def nibble(step):
        end = (step % steps + 1) * step_bits
        return int("".join(ring[(end - 4 + i) % len(ring)] for i in range(4)), 2)

    levels = [0] * 256
    for step in range(steps):
        near = nibble(step - spacing)
        mixed = nibble(step) ^ table["near"][near] ^ table["far"][nibble(step - 2 * spacing)]
        for v in range(step_weights):
            lane, place = divmod(step * step_weights + v, 8)
            row, col = 8 * place + lane // 4, lane % 4
            levels[row * 4 + col] = table["levels"][v][mixed] + table["offsets"][v][near]
    return levels


def main():
    rng = random.Random(9)
    lines = []
    for (name, number), table in sorted(read_tables().items()):
        step_bits, step_weights, _ = SHAPES[name]
        size = 32 * step_bits // step_weights
        for _ in range(3):
            tile = bytes(rng.randrange(256) for _ in range(size))
            lines.append(f"{name} {number} {tile.hex()} {bytes(decode(name, table, tile)).hex()}")
    path = ROOT / "testdata/trellis/golden.txt"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    print(f"{path}: {len(lines)} tiles")


if __name__ == "__main__":
    main()

"""Where seeds go, and values that several kinds of them have."""

import json
import pathlib
import struct
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.append(str(ROOT / "tests"))  # of the module harness, which others here import after this one

FUZZ = ROOT / "fuzz"
F16_ONE = b"\x00\x3c"
F32_TWO = struct.pack("<f", 2.0)


def seed(harness, name, content):
    folder = FUZZ / "corpus" / harness
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"seed-{name}").write_bytes(content if isinstance(content, bytes) else content.encode())


def compact_json(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)

"""Shared by the command line tests: running programs, small files, reading .npy and .cellm."""

import ctypes
import ctypes.util
import json
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODELS = ROOT / "testdata" / "models"
BIN = pathlib.Path(os.environ.get("CELLM_BIN", ROOT / "build" / "release" / "bin"))
SHIM = os.environ.get("CELLM_FAULT_SHIM", ROOT / "build" / "release" / "tests" / "libfault_shim.so")
TIMEOUT = 180


def run(*arguments, **options):
    """Runs cellm, or convert or infer if the first argument is a path; never raises for its exit code."""
    first = [str(arguments[0])] if isinstance(arguments[0], pathlib.Path) else [str(BIN / "cellm"), str(arguments[0])]
    options.setdefault("stdin", subprocess.DEVNULL if "input" not in options else None)
    if options["stdin"] is None:
        del options["stdin"]
    return subprocess.run([*first, *map(str, arguments[1:])], capture_output=True, timeout=TIMEOUT, **options)


def output(*command, **options):
    """What any program prints. AssertionError with all that it said if it fails."""
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def with_fault(fault, **more):
    """The environment of a program in which the system fails as tests/fault_shim.cc describes."""
    return {**os.environ, "LD_PRELOAD": str(SHIM), "CELLM_FAULT": fault, **more}


def read_npy(path):
    """A float32 matrix as a list of rows."""
    data = pathlib.Path(path).read_bytes()
    (header_bytes,) = struct.unpack("<H", data[8:10])
    header = data[10 : 10 + header_bytes].decode()
    assert data[:8] == b"\x93NUMPY\x01\x00" and "'<f4'" in header and "'fortran_order': False" in header, header
    rows, cols = eval(header)["shape"]
    values = struct.unpack(f"<{rows * cols}f", data[10 + header_bytes :])
    return [values[r * cols : (r + 1) * cols] for r in range(rows)]


def largest_difference(a, b):
    assert len(a) == len(b) and len(a[0]) == len(b[0]), "other shapes"
    return max(abs(x - y) for row_a, row_b in zip(a, b) for x, y in zip(row_a, row_b))


def read_json(path):
    return json.loads(pathlib.Path(path).read_text())


def parse_cellm_header(data):
    return json.loads(data[10 : 10 + int.from_bytes(data[6:10], "little")])


def cellm_header(path):
    return parse_cellm_header(pathlib.Path(path).read_bytes())


def ids(tokens):
    return ",".join(map(str, tokens))


def read_safetensors(path):
    data = bytearray(pathlib.Path(path).read_bytes())
    (length,) = struct.unpack("<Q", data[:8])
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def write_safetensors(path, header, data):
    text = json.dumps(header).encode()
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + bytes(data))


def byte_tokenizer(extra=()):
    """A tokenizer.json with the 256 bytes in the byte-level alphabet and `extra` control tokens."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    spelling = {b: chr(b) for b in printable}
    spelling.update({b: chr(256 + i) for i, b in enumerate(b for b in range(256) if b not in spelling)})
    added = [
        {"id": 256 + i, "content": text, "single_word": False, "lstrip": False, "rstrip": False,
         "normalized": False, "special": True}
        for i, text in enumerate(extra)
    ]  # fmt: skip
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": None,
        "pre_tokenizer": byte_level, "post_processor": None, "decoder": byte_level,
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                  "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                  "vocab": {spelling[b]: b for b in range(256)}, "merges": []},
    }  # fmt: skip


def xxh3(content):
    library = ctypes.CDLL(ctypes.util.find_library("xxhash"))
    library.XXH3_64bits.restype = ctypes.c_uint64
    library.XXH3_64bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    return f"{library.XXH3_64bits(content, len(content)):016x}"


def study_step(key, value):
    """The stored results of finished steps of `study`."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    return {"key": key, "checksum": xxh3(b"%d:%s%d:%s" % (len(key), key.encode(), len(text), text)), "value": value}


class CommandTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cellm_cli_"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def succeed(self, *arguments, **options):
        result = run(*arguments, **options)
        self.assertEqual(result.returncode, 0, (arguments, result.stderr[-500:]))
        return result

    def fail_with(self, code, part, *arguments, **options):
        """Expects this exit code, exactly one error line that contains `part`, and no other output."""
        result = run(*arguments, **options)
        message = result.stderr.decode()
        self.assertEqual(result.returncode, code, (arguments, message))
        self.assertTrue(message.startswith("error: ") and message.endswith("\n"), message)
        self.assertEqual(message.count("\n"), 1, message)
        self.assertIn(str(part), message)
        self.assertEqual(result.stdout, b"")
        return message

    def copy_model(self, name, to="model"):
        target = self.folder / to
        shutil.copytree(MODELS / name, target, ignore=shutil.ignore_patterns("golden", "expected*"),
                        dirs_exist_ok=True)
        return target

    def edit_config(self, model, **changes):
        config = read_json(model / "config.json")
        config.update(changes)
        (model / "config.json").write_text(json.dumps(config))

    def convert(self, source, *flags, name="m.cellm"):
        path = self.folder / name
        self.succeed("convert", "-i", source, "-o", path, "-q", *flags)
        return path

    def logits(self, model, tokens, *flags, **options):
        path = self.folder / "logits.npy"
        self.succeed("logits", "-m", model, "--tokens", ids(tokens), "-o", path, *flags, **options)
        return path

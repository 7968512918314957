"""A minimal safetensors writer that needs numpy only (numpy has no bfloat16, which the usual library needs)."""

import json
import struct

import numpy as np

ITEM_BYTES = {"F32": 4, "F16": 2, "BF16": 2, "U32": 4}


def bf16_bits(values):
    """The bfloat16 bit patterns (uint16) of finite float32 values, rounded to nearest even."""
    bits = np.ascontiguousarray(values, dtype="<f4").view("<u4")
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("<u2")


def bf16_values(bits):
    """The float32 values of bfloat16 bit patterns."""
    return (bits.astype("<u4") << 16).view("<f4")


def encode(values, dtype):
    """The stored array of float32 values for a safetensors dtype."""
    if dtype == "BF16":
        return bf16_bits(values)
    return np.ascontiguousarray(values, dtype={"F32": "<f4", "F16": "<f2"}[dtype])


def decode(stored, dtype):
    """The float32 values of an array made by encode()."""
    return bf16_values(stored) if dtype == "BF16" else stored.astype("<f4")


def file_header(tensors, file_format):
    """The bytes before the first tensor. tensors: (name, dtype, shape) in the order of the payloads."""
    header = {"__metadata__": {"format": file_format}}
    offset = 0
    for name, dtype, shape in tensors:
        end = offset + int(np.prod(shape, dtype=np.int64)) * ITEM_BYTES[dtype]
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # keeps the payload aligned to 8 bytes
    return struct.pack("<Q", len(text)) + text


def write_file(path, tensors, file_format="pt"):
    """tensors: {name: (dtype, stored array)}. Wide items go first, so that each payload is aligned to its item size."""
    order = sorted(tensors, key=lambda name: (-ITEM_BYTES[tensors[name][0]], name))
    with open(path, "wb") as file:
        file.write(file_header([(n, tensors[n][0], tensors[n][1].shape) for n in order], file_format))
        for name in order:
            file.write(tensors[name][1].tobytes())

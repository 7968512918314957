#!/usr/bin/env python3
"""Compares a version 1 .cellm file with a golden manifest.

usage: compare_cellm.py [--header] FILE.cellm MANIFEST.json

Checks that the file contains exactly the manifest's tensors (dtype, shape, byte count, SHA-256 of the payload), sorted by
name, each at a multiple of 64, none overlapping, the last one ending the file. Prints every difference and exits with 1
if there is one. --header also lists the header fields that differ; these do not count, since the manifests carry some
wrong values (rope_theta of new-style configs) on purpose.
"""

import argparse
import hashlib
import json
import struct
import sys

MAGIC = b"CELLM\x01"
ALIGNMENT = 64


def read_cellm(path):
    with open(path, "rb") as file:
        data = memoryview(file.read())
    if data[: len(MAGIC)] != MAGIC:
        sys.exit(f"{path}: not a version 1 .cellm file")
    start = len(MAGIC) + 4
    (length,) = struct.unpack("<I", data[len(MAGIC) : start])
    if start + length > len(data):
        sys.exit(f"{path}: the header of {length} bytes does not fit the file")
    header = json.loads(bytes(data[start : start + length]))
    return data, start + length, header


def placement_faults(tensors, payload_start, file_size):
    names = [t["name"].encode() for t in tensors]
    if names != sorted(names):
        yield "the tensors are not sorted by name"
    if len(set(names)) != len(names):
        yield "a tensor name occurs twice"
    end = payload_start
    for tensor in sorted(tensors, key=lambda t: t["offset_bytes"]):
        offset = tensor["offset_bytes"]
        if offset % ALIGNMENT:
            yield f"{tensor['name']}: offset {offset} is no multiple of {ALIGNMENT}"
        if offset != -(-end // ALIGNMENT) * ALIGNMENT:
            yield f"{tensor['name']}: offset {offset}, but what comes before it ends at {end}"
        end = offset + tensor["nbytes"]
    if end != file_size:
        yield f"the last tensor ends at {end}, the file at {file_size}"


def tensor_faults(data, tensors, wanted):
    found = {t["name"]: t for t in tensors}
    for want in wanted:
        tensor = found.pop(want["name"], None)
        if tensor is None:
            yield f"{want['name']}: missing"
            continue
        for key in ("dtype", "shape", "nbytes"):
            if tensor[key] != want[key]:
                yield f"{want['name']}: {key} is {tensor[key]}, expected {want[key]}"
        payload = data[tensor["offset_bytes"] :][: tensor["nbytes"]]
        if hashlib.sha256(payload).hexdigest() != want["sha256"]:
            yield f"{want['name']}: other payload bytes"
    for name in found:
        yield f"{name}: not in the manifest"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--header", action="store_true")
    parser.add_argument("file")
    parser.add_argument("manifest")
    options = parser.parse_args()
    with open(options.manifest) as file:
        manifest = json.load(file)
    data, payload_start, header = read_cellm(options.file)
    if options.header:
        for key in sorted((manifest["header"].keys() | header.keys()) - {"tensors"}):
            if header.get(key) != manifest["header"].get(key):
                print(f"header {key}: {header.get(key)!r}, manifest {manifest['header'].get(key)!r}")
    faults = [*placement_faults(header["tensors"], payload_start, len(data))]
    faults += tensor_faults(data, header["tensors"], manifest["tensors"])
    for fault in faults:
        print(fault)
    if not faults:
        print(f"equal: {len(manifest['tensors'])} tensors")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

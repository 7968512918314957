""".cellm files, their tokenizer blobs and session files."""

import copy
import json
import pathlib
import struct
import subprocess
import tempfile

from fuzz_corpus.seeds import F16_ONE, FUZZ, compact_json, seed
from fuzz_corpus.tokenizer_seeds import tiny_tokenizer
from harness import parse_cellm_header

QUALITY = {"reference_format": "f16", "reference_xxh3": "0123456789abcdef", "text_xxh3": "fedcba9876543210", "window": 512,
           "scored": "second-half", "predictions": 2040, "perplexity": 47.9, "perplexity_ratio": 1.01, "kld_mean": 0.03, "top1": 0.94,
           "bits_per_weight": 4.5, "activations": "int8", "kv_encoding": "f16", "date": "2026-01-31", "writer": "cellm 0.2.0"}  # fmt: skip


def with_column_scales(whole):
    """A trellis file with column scales for each quantized matrix, without checksums."""
    begin = 8192
    header = parse_cellm_header(whole)
    del header["checksums"], header["blobs"]
    old, header["tensors"], data = header["tensors"], [], b""

    def add(entry, content):
        nonlocal data
        data = data.ljust((len(data) + 63) // 64 * 64, b"\0")
        header["tensors"].append({**entry, "offset_bytes": begin + len(data), "nbytes": len(content)})
        data += content

    for entry in old:
        if "table" in entry:
            cols = entry["shape"][1]
            add({"name": f"{entry['name']}.cscale", "shape": [cols], "dtype": "f16"}, F16_ONE * cols)
        add(entry, whole[entry["offset_bytes"] : entry["offset_bytes"] + entry["nbytes"]])
    text = compact_json(header).encode().ljust(begin - 10)
    assert len(text) == begin - 10
    return b"CELLM\x01" + struct.pack("<I", len(text)) + text + data


def cellm_seeds(bin_folder, models):
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        for name, files in models.items():
            folder = work / name
            folder.mkdir()
            files = files | {"tokenizer.json": compact_json(tiny_tokenizer()), "chat_template.jinja": "{{x}}"}
            for file, content in files.items():
                (folder / file).write_bytes(content if isinstance(content, bytes) else content.encode())
            flags = {"int4": ["--format", "int4-g8"]}
            if name == "llama":
                flags |= {"f16": ["--dtype", "f16"], "q1": ["--quantize-int1-symmetric"], "int2": ["--quantize-int2-symmetric"],
                          "fp8": ["--quantize-fp8-e4m3"], "int8": ["--format", "int8"],
                          "t2": ["--format", "t2", "--embedding", "t3"], "t1h": ["--format", "t1h"]}  # fmt: skip
                flags |= {f"packed-{form}": ["--format", form, "--packed"] for form in ("int8", "int4", "int2", "q1")}
            for form, flag in flags.items():
                out = work / "m.cellm"
                run = [bin_folder / "cellm", "convert", "-i", folder, "-o", out, "-q", *flag]
                subprocess.run(run, check=True, stderr=subprocess.DEVNULL)
                seed("cellm", f"{name}-{form}", out.read_bytes())
    seed("cellm", "llama-t2-columns", with_column_scales((FUZZ / "corpus/cellm/seed-llama-t2").read_bytes()))
    (length,) = struct.unpack("<I", (FUZZ / "corpus/cellm/seed-llama-int4").read_bytes()[6:10])
    whole = (FUZZ / "corpus/cellm/seed-llama-int4").read_bytes()
    header, data = json.loads(whole[10 : 10 + length]), whole[(10 + length + 63) // 64 * 64 :]
    begin = (10 + length + 63) // 64 * 64

    def plain(change):
        """In the form of the original study's converter: no checksums, no blobs."""
        changed = copy.deepcopy(header)
        del changed["checksums"], changed["blobs"]
        for entry in changed["tensors"]:
            entry["offset_bytes"] += 4096 - begin
        end = max(e["offset_bytes"] + e["nbytes"] for e in changed["tensors"])
        change(changed)
        text = compact_json(changed).encode().ljust(4086)
        return b"CELLM\x01" + struct.pack("<I", 4086) + text + data[: end - 4096]

    def drop_config(h):
        del h["source_text_config"]

    def set_first(**changes):
        return lambda h: h["tensors"][0].update(changes)

    for name, change in {
        "plain": lambda h: None, "fields": drop_config, "config-text": lambda h: h.update(source_text_config="x"),
        "unaligned": set_first(offset_bytes=4097), "outside": set_first(offset_bytes=1 << 40), "early": set_first(offset_bytes=0),
        "size": set_first(nbytes=1), "dtype": set_first(dtype="f32"), "vector": set_first(shape=[8 * 8]),
        "shape": set_first(shape=[1 << 39, 1 << 39]), "overlap": lambda h: h["tensors"][1].update(offset_bytes=4096),
        "twice": lambda h: h["tensors"].append(h["tensors"][0]), "name": set_first(name=""), "blobs": lambda h: h.update(blobs=[]),
        "scales": lambda h: h["tensors"].pop(1), "no-format": lambda h: h.pop("source_safetensors_format"),
        "group": lambda h: [e.update(dtype="f16", shape=[e["nbytes"] // 2]) for e in h["tensors"] if "qscale" in e["name"]],
        "quality": lambda h: h.update(quality=QUALITY), "quality-other": lambda h: h.update(quality=[QUALITY]),
        "quality-null": lambda h: h.update(quality={**QUALITY, "perplexity": None, "kld_mean": 0.001, "date": "\n"}),
        **{f"quality-{key}": lambda h, key=key: h.update(quality={**QUALITY, key: {}}) for key in ("scored", "window", "top1")},
        "quality-digits": lambda h: h.update(quality={**QUALITY, "text_xxh3": "x" * 16}),
        "quality-few": lambda h: h.update(quality={"window": 1}),
        "beside": lambda h: (h["source_text_config"].pop("model_type"), h["source_text_config"].pop("tie_word_embeddings")),
    }.items():  # fmt: skip
        seed("cellm", name, plain(change))
    seed("cellm", "version", b"CELLM\x02" + whole[6:200])
    seed("cellm", "magic", b"CELLN" + whole[5:200])
    seed("cellm", "padding", whole[: 10 + length] + b"\1" * (begin - 10 - length) + data)
    seed("cellm", "tail", whole + b"\0")
    seed("cellm", "digits", whole.replace(b'"checksums":{"', b'"checksums":{"header":"xyz","', 1))
    return [(FUZZ / f"corpus/cellm/seed-{n}-int4").read_bytes() for n in models]


def compact_seeds(files):
    """The tokenizer blobs of .cellm files."""
    for number, whole in enumerate(files):
        blobs = {b["name"]: b for b in parse_cellm_header(whole)["blobs"]}
        blob = blobs["tokenizer"]
        content = whole[blob["offset_bytes"] : blob["offset_bytes"] + blob["nbytes"]]
        seed("compact_tokenizer", f"tiny-{number}", content)
    seed("compact_tokenizer", "version", content[:4] + b"\2\0\0\0" + content[8:])
    seed("compact_tokenizer", "flags", content[:8] + b"\xff\0\0\0" + content[12:])
    seed("compact_tokenizer", "tail", content + b"x")
    text = lambda t: struct.pack("<I", len(t)) + t
    head = struct.pack("<IIIIHHII", 0x4B4F5443, 1, 3, 2, 1, 1, 2, 0)[:-4]
    steps = b"\x01\x03\x04" + text(b"[a-z]") + b"\x02\x01" + b"\x03\x03"
    tail = struct.pack("<II", 0, 1) + struct.pack("<IB", 5, 31) + text(b"<s>") + struct.pack("<I", 3) + steps
    rest = struct.pack("<II", 1, 5)
    seed("compact_tokenizer", "steps", head + b"ab" + tail + rest)
    seed("compact_tokenizer", "behavior", (head + b"ab" + tail + rest).replace(b"\x01\x03\x04", b"\x01\x03\x09"))
    seed("compact_tokenizer", "kind", (head + b"ab" + tail + rest).replace(b"\x02\x01\x03\x03", b"\x09\x01\x03\x03"))
    seed("compact_tokenizer", "marks", (head + b"ab" + tail + rest).replace(struct.pack("<IB", 5, 31), struct.pack("<IB", 5, 64)))
    seed("compact_tokenizer", "pieces", head[:-4] + struct.pack("<I", 1) + b"a" + tail + rest)
    seed("compact_tokenizer", "spare", head[:-4] + struct.pack("<I", 3) + b"abc" + tail + rest)
    seed("compact_tokenizer", "long", (head + b"ab" + tail + rest).replace(text(b"<s>"), struct.pack("<I", 513) + b"x" * 513))


def session_seeds():
    """Session files of the model of fuzz/session_harness.cc. The harness puts length and checksum right."""

    def session(tokens=(1, 2, 3), model=0x0123456789ABCDEF, target=b"scalar", activations=b"int8", encoding=b"f16", version=1,
                per_block=4, layers=2, kinds=(1, 2), count=None, extra=b"", sizes=(None, None)):  # fmt: skip
        row = {b"f16": 8, b"f32": 16, b"turboquant": 8}.get(encoding, 8)
        cache = bytes(range(1, 256))[: 2 * row * per_block] * -(-len(tokens) // per_block)
        net = bytes(4 * 3 + 4 + 4 * 32 + 4 * 32 + 8 * 32)  # window, S, keys, deltas, decays
        name = lambda text: struct.pack("<B", len(text)) + text
        body = struct.pack("<Q", model) + name(target) + name(activations) + name(encoding)
        body += struct.pack("<IIQ", per_block, layers, len(tokens) if count is None else count)
        body += struct.pack(f"<{len(tokens)}I", *tokens)
        for kind, size, state in zip(kinds, sizes, (cache, net)):
            body += struct.pack("<BQ", kind, len(state) if size is None else size) + state
        body += extra
        return b"CELLMSES" + struct.pack("<IQ", version, 8 + 4 + 8 + len(body) + 8) + body + bytes(8)

    whole = session()
    for name, content in {
        "whole": whole, "empty": session(tokens=()), "full": session(tokens=tuple(range(64))), "f32": session(encoding=b"f32"),
        "turboquant": session(encoding=b"turboquant"), "nothing": b"", "magic": b"CELLMSES", "other": b"GGUF" + whole[4:],
        "cut": whole[:-20], "head": whole[:40], "version": session(version=2), "model": session(model=1),
        "target": session(target=b"avx2"), "long-name": session(target=b"x" * 255), "control": session(activations=b"\n\x1b"),
        "encoding": session(encoding=b"q8"), "blocks": session(per_block=5), "layers": session(layers=3),
        "many": session(tokens=tuple(range(65))), "count": session(count=2**63), "fewer": session(count=2),
        "vocabulary": session(tokens=(1, 300)), "kinds": session(kinds=(2, 1)), "sizes": session(sizes=(2**64 - 1, None)),
        "extra": session(extra=b"x"),
    }.items():  # fmt: skip
        seed("session", name, content)

#!/usr/bin/env python3
"""Makes fuzz/data and the hand-made seeds of fuzz/corpus: small valid inputs of every kind.

usage: make_fuzz_corpus.py [--bin build/release/bin]     (needs the built cellm, for .cellm files)

Inputs found by fuzzing (scripts/fuzz.sh --keep) are stored beside the seeds and are not changed.
"""

import argparse
import copy
import gzip
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tests"))
from harness import byte_tokenizer, parse_cellm_header, study_step  # noqa: E402

FUZZ = ROOT / "fuzz"
PIECES = 400  # of SmolLM2's vocabulary, bytes included
QWEN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
F16_ONE = b"\x00\x3c"
F32_TWO = struct.pack("<f", 2.0)
QUALITY = {"reference_format": "f16", "reference_xxh3": "0123456789abcdef", "text_xxh3": "fedcba9876543210", "window": 512,
           "scored": "second-half", "predictions": 2040, "perplexity": 47.9, "perplexity_ratio": 1.01, "kld_mean": 0.03, "top1": 0.94,
           "bits_per_weight": 4.5, "activations": "int8", "kv_encoding": "f16", "date": "2026-01-31", "writer": "cellm 0.2.0"}  # fmt: skip


def seed(harness, name, content):
    folder = FUZZ / "corpus" / harness
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"seed-{name}").write_bytes(content if isinstance(content, bytes) else content.encode())


def compact_json(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


# Tokenizers


def small_tokenizer():
    """The first merges of SmolLM2's tokenizer.json, and its missing bytes, so that every text can be encoded."""
    packed = ROOT / "testdata" / "tokenizers" / "smollm2.tokenizer.json.gz"
    whole = json.loads(gzip.decompress(packed.read_bytes()))
    vocab = whole["model"]["vocab"]
    merges = [m if isinstance(m, list) else m.split(" ") for m in whole["model"]["merges"]]
    alphabet = [piece for piece in vocab if len(piece) == 1]
    alphabet += [piece for piece in byte_tokenizer()["model"]["vocab"] if piece not in alphabet]
    kept, chosen = list(alphabet), []
    for left, right in merges:
        if len(kept) == PIECES:
            break
        if left in kept and right in kept:
            kept.append(left + right)
            chosen.append(f"{left} {right}")
    whole["model"]["vocab"] = {piece: i for i, piece in enumerate(kept)}
    whole["model"]["merges"] = chosen
    whole["added_tokens"] = [added(PIECES, "<|im_end|>", special=True)]
    return whole


def added(number, content, **options):
    token = {"id": number, "content": content, "single_word": False, "lstrip": False, "rstrip": False,
             "normalized": False, "special": False}  # fmt: skip
    token.update(options)
    return token


def byte_level(use_regex=True):
    return {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": use_regex}


def split(pattern, behavior="Isolated", invert=False):
    return {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert}


def tiny_tokenizer():
    """Few pieces, so that a change of any of them is likely to have an effect."""
    vocab = {piece: i for i, piece in enumerate(["a", "b", "c", "\u0120", "ab", "\u0120a", "abc"])}
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [added(7, "<s>", special=True), added(8, "<x>", lstrip=True, rstrip=True)],
        "normalizer": None, "pre_tokenizer": byte_level(), "post_processor": None, "decoder": byte_level(),
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                  "end_of_word_suffix": "", "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                  "vocab": vocab, "merges": ["a b", ["\u0120", "a"], "ab c"]},
    }  # fmt: skip


def tokenizer_seeds(bin_folder):
    small = small_tokenizer()
    data = FUZZ / "data"
    data.mkdir(parents=True, exist_ok=True)
    (data / "small.tokenizer.json").write_text(compact_json(small))

    tiny = tiny_tokenizer()
    seed("tokenizer_json", "tiny", compact_json(tiny))
    variants = {"nfc": {"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}]}}}
    for i, behavior in enumerate(["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]):
        variants[behavior] = {
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
                split({"Regex": QWEN} if i % 2 else {"String": "b"}, behavior, i == 2),
                {"type": "Digits", "individual_digits": i % 2 == 0}, byte_level(i == 3)]},
        }  # fmt: skip
    variants["template"] = {
        "post_processor": {"type": "Sequence", "processors": [byte_level(), {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [], "special_tokens": {"<s>": {"id": "<s>", "ids": [7], "tokens": ["<s>"]}}}]},
        "decoder": {"type": "Sequence", "decoders": [byte_level()]},
    }  # fmt: skip
    for name, changes in variants.items():
        seed("tokenizer_json", name, compact_json({**tiny, **changes}))
    for name, key, value in (
        ("unigram", "type", "Unigram"), ("dropout", "dropout", 0.5), ("prefix", "continuing_subword_prefix", "##"),
        ("unknown", "unk_token", "<unk>"), ("fallback", "byte_fallback", True), ("merge", "merges", ["a"]),
        ("version", "merges", ["#version: 0.2", "a b"]), ("triple", "merges", [["a", "b", "c"]]),
        ("number", "merges", [1]), ("empty", "vocab", {}), ("negative", "vocab", {"a": -1}),
        ("same", "vocab", {"a": 0, "b": 0}), ("list", "vocab", []), ("words", "merges", "a b"),
        ("piece", "vocab", {"": 0}), ("text", "vocab", {"a": "0"}), ("high", "vocab", {"a": 1 << 40}),
        ("float", "vocab", {"a": 0.5}), ("missing", "merges", ["a d"]), ("result", "merges", ["b a"]),
        ("twice", "merges", ["a b", "a b"]),
    ):  # fmt: skip
        changed = copy.deepcopy(tiny)
        changed["model"][key] = value
        seed("tokenizer_json", f"model-{name}", compact_json(changed))
    for name, key, value in (
        ("lowercase", "normalizer", {"type": "Lowercase"}), ("metaspace", "pre_tokenizer", {"type": "Metaspace"}),
        ("bert", "post_processor", {"type": "BertProcessing"}), ("wordpiece", "decoder", {"type": "WordPiece"}),
        ("none", "decoder", None), ("two", "decoder", {"type": "Sequence", "decoders": [byte_level(), byte_level()]}),
        ("behind", "post_processor", {"type": "TemplateProcessing", "special_tokens": {}, "single": [
            {"Sequence": {}}, {"SpecialToken": {"id": "<s>"}}]}),
        ("texts", "post_processor", {"type": "TemplateProcessing", "special_tokens": {}, "single": [
            {"Sequence": {}}, {"Sequence": {}}]}),
        ("textless", "post_processor", {"type": "TemplateProcessing", "special_tokens": {}, "single": []}),
        ("behavior", "pre_tokenizer", split({"String": "a"}, "Other")), ("steps", "pre_tokenizer",
            {"type": "Sequence", "pretokenizers": [byte_level()] * 33}),
        ("no-bytes", "pre_tokenizer", {"type": "Digits"}),
        ("added-twice", "added_tokens", [added(7, "<s>"), added(7, "<t>")]),
        ("added-same", "added_tokens", [added(7, "<s>"), added(8, "<s>")]),
        ("added-nfc", "added_tokens", [added(7, "e\u0301", normalized=True), added(8, "\u00e9", normalized=True)]),
        ("added-piece", "added_tokens", [added(0, "<s>")]), ("added-else", "added_tokens", [added(9, "ab")]),
        ("added-special", "added_tokens", [added(4, "ab", special=True)]),
        ("added-byte", "added_tokens", [added(0, "a", special=True)]),
        ("added-empty", "added_tokens", [added(9, "")]), ("added-long", "added_tokens", [added(9, "x" * 513)]),
        ("pattern-long", "pre_tokenizer", {"type": "Sequence", "pretokenizers": [
            split({"Regex": "x" * 16385}), byte_level()]}),
    ):  # fmt: skip
        seed("tokenizer_json", f"part-{name}", compact_json({**tiny, key: value}))
    deep = json.loads("[" * 63 + "]" * 63)
    seed("tokenizer_json", "deep", compact_json({**tiny, "truncation": deep}))
    seed("tokenizer_json", "deeper", compact_json({**tiny, "truncation": [[deep]]}))
    seed("tokenizer_json", "key-twice", '{"a":1,"a":2}')
    seed("tokenizer_json", "array", "[1,-1,0.5,null,true]")
    seed("tokenizer_json", "cut", compact_json(tiny)[:300])

    for name, text in {
        "words": "Hello world, it's 2026!\n\n  done", "accents": "cafe\u0301 caf\u00e9 \u1ebf a\u0327\u0301",
        "tokens": "a <|im_start|> <left>  <right>\t word keyword word", "cjk": "\u4f60\u597d \U0001f600\u200d\u0661\u0662",
        "marks": "a" + "\u0301\u0327\u0316" * 9, "new": "\u0897\u1c89\U0001e4f0\U0002ebf0 \U00010d40",
        "spaces": " \t\r\n\u00a0\u2003\u3000 ", "long": "abab" * 40, "invalid": "a", "hangul": "\u1112\u1161\u11ab",
    }.items():  # fmt: skip
        for rules in range(4):
            extra = b"\xff\xc3" if name == "invalid" else b""
            seed("tokenizer_text", f"{name}-{rules}", bytes([rules + (128 if len(name) % 2 else 0)]) + text.encode() + extra)

    for i, (pattern, text) in enumerate((
        (QWEN, "Hello world's 12\r\n  x"), (r"\s+(?!\S)|\s+", "a  b   "), (r"(?<=a)b|(?<!c)d|(?=e)e", "abcdde"),
        (r"[^\S\d]+?x{2,3}|\P{^Lu}{2}|\p{Han}*", "xx  xxx AB \u4f60"), (r"(?-i:a)(?>b+)\x{41}\u0042\x43", "abbABC"),
        (r"a*?|", "aaab"), (r"\v\t\f\a\e\r\n\\\.[\]\-]", "\v\t\f"), ("(?i:ss)", "ss"), ("(?i:\u00e9)", "e"),
        ("(?i:[\u00e9])", "e"), ("[[a]]", "a"), ("[a&&b]", "a"), ("[]", "a"), ("^a$", "a"), ("(?<n>a)", "a"),
        ("(*ACCEPT)", "a"), ("a{,2}", "a"), ("a{2}+", "a"), ("a{x}", "a"), ("a{1,y}", "a"), (r"\p{Foo}\pL", "a"),
        (r"\pL", "a"), (r"\xZZ\u12", "a"), (r"\x{}", "a"), (r"\xff", "a"), (r"\u12", "a"), (r"\y", "a"), ("(a", "a"),
        (r"(?:a+)+b", "a" * 60), ("(" * 101 + ")" * 101, "a"), ("x" * 40 + r"\p{Latin}", "x" * 50), ("(?i:)", "b"),
        (r"\D\S\d\s", "ax1 "), ("\n", "a\nb"), ("(?i:sT)", "st"), (r"[a-c]\P{Greek}", "ab"),
    )):  # fmt: skip
        encoded = pattern.encode()
        for shift in (0, 1) if i < 6 else (0,):  # the length also selects the use of matches
            encoded += b"|q" * shift
            seed("pattern", f"{i:02}-{shift}", bytes([len(encoded)]) + encoded + text.encode())

    types = {"smollm": "", "qwen2": "", "llama-bpe": "b\ni7\n", "gpt-2": "b\n", "qwen35": "", "other": ""}
    lines = ["t 1 a", "t 1 b", "t 1 ab", "t 5 ", "t 4 <x>", "t 3 <s>", "t 1 \u0120", "t 3 <e>", "m a b"]
    for pre, rest in types.items():
        seed("gguf_tokenizer", pre, "\n".join(["gpt2", pre, *lines]) + "\n" + rest)
    for name, line in {"type": "t 9 x", "merge": "m a", "missing": "m a c", "types": "x", "long": "t 1 " + "y" * 4097,
                       "no-bos": "b\ni9"}.items():  # fmt: skip
        seed("gguf_tokenizer", name, "\n".join(["gpt2", "gpt-2", *lines, line]))
    seed("gguf_tokenizer", "spm", "llama\ndefault\n")


# Models


def config(family):
    common = {"vocab_size": 8, "hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 1,
              "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 4, "max_position_embeddings": 64,
              "rms_norm_eps": 1e-06, "tie_word_embeddings": True, "hidden_act": "silu", "eos_token_id": [2, 3],
              "model_type": family}  # fmt: skip
    if family == "qwen3_5_text":
        return {**common, "num_hidden_layers": 2, "layer_types": ["linear_attention", "full_attention"],
                "rope_parameters": {"rope_type": "default", "rope_theta": 1e7, "partial_rotary_factor": 0.5},
                "linear_conv_kernel_dim": 4, "linear_num_key_heads": 1, "linear_num_value_heads": 2,
                "linear_key_head_dim": 4, "linear_value_head_dim": 4}  # fmt: skip
    return {**common, "rope_theta": 10000.0}


def model_tensors(c):
    """Names and shapes of a model of this configuration."""
    hidden, wide, head = c["hidden_size"], c["intermediate_size"], c["head_dim"]
    q, kv = c["num_attention_heads"] * head, c["num_key_value_heads"] * head
    yield "model.embed_tokens.weight", (c["vocab_size"], hidden)
    yield "model.norm.weight", (hidden,)
    for i in range(c["num_hidden_layers"]):
        at = f"model.layers.{i}."
        yield at + "input_layernorm.weight", (hidden,)
        yield at + "post_attention_layernorm.weight", (hidden,)
        if c.get("layer_types", ["full_attention"] * 9)[i] == "linear_attention":
            heads, keys = c["linear_num_value_heads"], c["linear_num_key_heads"] * c["linear_key_head_dim"]
            values = heads * c["linear_value_head_dim"]
            net = at + "linear_attn."
            yield net + "in_proj_qkv.weight", (2 * keys + values, hidden)
            yield net + "in_proj_z.weight", (values, hidden)
            yield net + "in_proj_b.weight", (heads, hidden)
            yield net + "in_proj_a.weight", (heads, hidden)
            yield net + "out_proj.weight", (hidden, values)
            yield net + "conv1d.weight", (2 * keys + values, 1, c["linear_conv_kernel_dim"])
            yield net + "A_log", (heads,)
            yield net + "dt_bias", (heads,)
            yield net + "norm.weight", (c["linear_value_head_dim"],)
        else:
            gate = 2 if c["model_type"].startswith("qwen3_5") else 1
            yield at + "self_attn.q_proj.weight", (q * gate, hidden)
            yield at + "self_attn.k_proj.weight", (kv, hidden)
            yield at + "self_attn.v_proj.weight", (kv, hidden)
            yield at + "self_attn.o_proj.weight", (hidden, q)
            if c["model_type"] != "llama":
                yield at + "self_attn.q_norm.weight", (head,)
                yield at + "self_attn.k_norm.weight", (head,)
        yield at + "mlp.gate_proj.weight", (wide, hidden)
        yield at + "mlp.up_proj.weight", (wide, hidden)
        yield at + "mlp.down_proj.weight", (hidden, wide)


def count_of(shape):
    count = 1
    for size in shape:
        count *= size
    return count


def safetensors(tensors, form="pt"):
    """tensors: (name, dtype, shape, bytes)"""
    header, data = {"__metadata__": {"format": form}} if form else {}, b""
    for name, dtype, shape, payload in tensors:
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [len(data), len(data) + len(payload)]}
        data += payload
    text = compact_json(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def weights(c, dtype="F16"):
    one = {"F16": F16_ONE, "BF16": b"\x80\x3f", "F32": F32_TWO}[dtype]
    return [(name, dtype, shape, one * count_of(shape)) for name, shape in model_tensors(c)]


def mlx_weights(c):
    for name, dtype, shape, payload in weights(c, "BF16"):
        if name.endswith("conv1d.weight"):
            yield name, dtype, (shape[0], shape[2], 1), payload
        elif len(shape) == 2 and shape[1] % 32 == 0:
            rows, cols = shape
            stem = name.removesuffix("weight")
            yield name, "U32", (rows, cols // 8), bytes(rows * cols // 2)
            yield stem + "scales", dtype, (rows, cols // 32), b"\x80\x3f" * (rows * cols // 32)
            yield stem + "biases", dtype, (rows, cols // 32), b"\x80\x3f" * (rows * cols // 32)
        else:
            yield name, dtype, shape, payload


def folder_input(files):
    return b"\n".join(b"== " + name.encode() + b"\n" + (content if isinstance(content, bytes) else content.encode())
                      for name, content in files.items())  # fmt: skip


def config_seeds():
    for family in ("llama", "qwen3", "qwen3_5_text"):
        seed("config", family, compact_json(config(family)))
        multimodal = {"model_type": "qwen3_5", "text_config": config(family), "tie_word_embeddings": False,
                      "eos_token_id": 3, "vision_config": {"depth": 1}}  # fmt: skip
        seed("config", f"multimodal-{family}", compact_json(multimodal))
    for name, changes in {
        "linear": {"rope_scaling": {"type": "linear", "factor": 2.0}},
        "llama3": {"rope_parameters": {"rope_type": "llama3", "rope_theta": 5e5, "factor": 8, "low_freq_factor": 1,
                                       "high_freq_factor": 4, "original_max_position_embeddings": 8192}},
        "llama3-order": {"rope_parameters": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 4,
                                             "high_freq_factor": 1, "original_max_position_embeddings": 8192}},
        "factors": {"rope_parameters": {"rope_type": "cellm_rope_factors", "factors": [1, 4.5]}},
        "factors-few": {"rope_parameters": {"rope_type": "cellm_rope_factors", "factors": [1]}},
        "yarn": {"rope_scaling": {"rope_type": "yarn", "factor": 4}},
        "partial": {"partial_rotary_factor": 0.5}, "bias": {"attention_bias": True}, "mlp-bias": {"mlp_bias": True},
        "gelu": {"hidden_act": "gelu"}, "gptq": {"quantization_config": {"quant_method": "gptq"}},
        "type": {"model_type": "mamba"}, "typeless": {"model_type": None}, "eps": {"rms_norm_eps": 2},
        "heads": {"num_attention_heads": 3, "num_key_value_heads": 2}, "odd": {"head_dim": 3},
        "no-head-dim": {"head_dim": None}, "no-head-dim-odd": {"head_dim": None, "num_attention_heads": 3},
        "no-kv": {"num_key_value_heads": None}, "theta": {"rope_theta": 0}, "layers": {"layer_types": ["full_attention"]},
        "layers-more": {"layer_types": ["full_attention"] * 2}, "layers-other": {"layer_types": ["chunked"]},
        "float": {"hidden_size": 8.0}, "half": {"hidden_size": 8.5}, "negative": {"hidden_size": -1},
        "huge": {"hidden_size": 1 << 63}, "text": {"hidden_size": "8"}, "infinite": {"rope_theta": "Infinity"},
        "eos-text": {"eos_token_id": "x"}, "eos-twice": {"eos_token_id": [1, 1]}, "tied-text": {"tie_word_embeddings": 1},
    }.items():  # fmt: skip
        seed("config", f"llama-{name}", compact_json({**config("llama"), **changes}))
    for name, changes in {
        "interval": {"layer_types": None, "num_hidden_layers": 8, "full_attention_interval": 4},
        "default": {"layer_types": None}, "partial-beside": {"rope_parameters": None, "partial_rotary_factor": 0.5},
        "partial-zero": {"rope_parameters": {"partial_rotary_factor": 0}}, "partial-none": {"rope_parameters": {}},
        "key-heads": {"linear_num_key_heads": 3},
    }.items():  # fmt: skip
        seed("config", f"qwen35-{name}", compact_json({**config("qwen3_5_text"), **changes}))
    seed("config", "sliding", compact_json({**config("qwen3"), "use_sliding_window": True}))
    for name, text in {"one": '{"eos_token_id":3}', "list": '{"eos_token_id":[3,4,3]}', "none": "{}", "null": '{"eos_token_id":null}',
                       "text": '{"eos_token_id":"x"}', "array": "[]", "twice": '{"a":1,"a":1}', "cut": '{"a":',
                       "many": compact_json({"eos_token_id": list(range(65))}), "deep": "[" * 64 + "]" * 64,
                       "deeper": "[" * 65 + "]" * 65, "half": '{"eos_token_id":1.5}', "large": '{"eos_token_id":1e300}'}.items():  # fmt: skip
        seed("generation_config", name, text)


def container_seeds():
    llama = config("llama")
    some = [("a", "F16", (2, 4), F16_ONE * 8), ("b", "F32", (), F32_TWO), ("c", "BOOL", (3,), b"\1\0\1")]
    seed("safetensors", "three", safetensors(some))
    seed("safetensors", "types", safetensors([(t, t, (2,), bytes(2 * b // 8 or 1)) for t, b in (
        ("U8", 8), ("I8", 8), ("F8_E5M2", 8), ("F8_E4M3", 8), ("F8_E8M0", 8), ("I16", 16), ("U16", 16), ("BF16", 16),
        ("I32", 32), ("U32", 32), ("F64", 64), ("I64", 64), ("U64", 64), ("C64", 64), ("F4", 4))], ""))  # fmt: skip
    seed("safetensors", "empty", safetensors([]))
    seed("safetensors", "nothing", struct.pack("<Q", 2) + b"{}")
    for name, table, data in (
        ("gap", {"a": {"dtype": "U8", "shape": [1], "data_offsets": [1, 2]}}, 2),
        ("over", {"a": {"dtype": "U8", "shape": [2], "data_offsets": [0, 2]}, "b": {"dtype": "U8", "shape": [2], "data_offsets": [1, 3]}}, 3),
        ("more", {"a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}, 2),
        ("outside", {"a": {"dtype": "U8", "shape": [9], "data_offsets": [0, 9]}}, 2),
        ("size", {"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 1]}}, 1),
        ("huge", {"a": {"dtype": "F64", "shape": [1 << 30, 1 << 30, 1 << 30], "data_offsets": [0, 1]}}, 1),
        ("three", {"a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1, 1]}}, 1),
        ("one", {"a": {"dtype": "U8", "shape": [1], "data_offsets": [0]}}, 1),
        ("dtype", {"a": {"dtype": "F2", "shape": [1], "data_offsets": [0, 1]}}, 1),
        ("name", {"": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}, 1),
        ("zero", {"a": {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]}}, 0),
    ):  # fmt: skip
        text = compact_json(table).encode()
        seed("safetensors", f"bad-{name}", struct.pack("<Q", len(text)) + text + bytes(data))
    seed("safetensors", "length", struct.pack("<Q", 1 << 63) + b"{}")

    index = {"metadata": {"total_size": 9}, "weight_map": {"x": "a.safetensors", "y": "b.safetensors", "z": "a.safetensors"}}
    seed("shard_index", "two", compact_json(index))
    for name, file in {"path": "../a.safetensors", "type": "a.bin", "number": 1, "back": "a\\b.safetensors",
                       "zero": "a\0.safetensors", "empty": ""}.items():  # fmt: skip
        seed("shard_index", name, json.dumps({"weight_map": {"x": file}}))
    seed("shard_index", "list", '{"weight_map":[]}')

    base = {"config.json": compact_json(llama), "generation_config.json": '{"eos_token_id":[2]}'}
    whole = {**base, "model.safetensors": safetensors(weights(llama))}
    half = len(weights(llama)) // 2
    first, second = weights(llama, "F32")[:half], weights(llama, "BF16")[half:]
    shards = {"weight_map": {t[0]: "a.safetensors" for t in first} | {t[0]: "b.safetensors" for t in second}}
    sharded = {**base, "model.safetensors.index.json": compact_json(shards), "a.safetensors": safetensors(first),
               "b.safetensors": safetensors(second)}  # fmt: skip
    qwen = {**config("qwen3_5_text"), "hidden_size": 32, "quantization": {"bits": 4, "group_size": 32}}
    mlx = {"config.json": compact_json(qwen), "model.safetensors": safetensors(mlx_weights(qwen), "mlx")}
    chat = {"chat_template": [{"name": "default", "template": "{{x}}"}, {"name": "tool", "template": "y"}]}
    small = {"config.json": compact_json(llama)}
    odd = [("x.weight", "I16", (2, 2), bytes(8)), ("z", "BOOL", (1,), b"\1"), ("y", "F32", (1,), F32_TWO)]
    codes = ("x.weight", "U32", (2, 4), bytes(32))
    scales = [("x.scales", "F16", (2, 1), F16_ONE * 2), ("x.biases", "F16", (2, 1), F16_ONE * 2)]
    quantized = {"config.json": compact_json({**llama, "quantization": {"bits": 4, "mode": "affine", "x": {"bits": 4}}})}
    for name, files in {
        "whole": {**whole, "tokenizer.json": compact_json(tiny_tokenizer()), "chat_template.jinja": "{{ messages }}"},
        "sharded": sharded, "mlx": mlx, "chat-list": {**whole, "tokenizer_config.json": compact_json(chat)},
        "chat-text": {**whole, "tokenizer_config.json": '{"chat_template":"x"}'}, "chat-none": {**whole, "tokenizer_config.json": "{}"},
        "odd": {**small, "a.safetensors": safetensors(odd)}, "nothing": small,
        "two-indexes": {**sharded, "other.safetensors.index.json": "{}"},
        "promised": {**sharded, "a.safetensors": safetensors(first[1:])},
        "twice": {**small, "a.safetensors": safetensors(odd), "b.safetensors": safetensors(odd)},
        "bits": {"config.json": compact_json({**llama, "quantization": {"bits": 8}}), "a.safetensors": safetensors(odd)},
        "mode": {"config.json": compact_json({**llama, "quantization": {"mode": "x"}}), "a.safetensors": safetensors(odd)},
        "codes": {**quantized, "a.safetensors": safetensors([codes, *scales])},
        "codes-alone": {**quantized, "a.safetensors": safetensors([codes])},
        "codes-shape": {**quantized, "a.safetensors": safetensors([codes, scales[0], ("x.biases", "F16", (1, 2), F16_ONE * 2)])},
        "codes-groups": {**quantized, "a.safetensors": safetensors([codes, ("x.scales", "F16", (2, 3), F16_ONE * 6),
                                                                    ("x.biases", "F16", (2, 3), F16_ONE * 6)])},
    }.items():  # fmt: skip
        seed("hf_folder", name, folder_input(files))
    seed("hf_folder", "configless", b"== a.safetensors\n" + safetensors(odd))
    return {"llama": whole, "qwen35": {**base, "config.json": compact_json(config("qwen3_5_text")),
                                       "model.safetensors": safetensors(weights(config("qwen3_5_text"), "BF16"))}}  # fmt: skip


# GGUF

U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64 = range(13)
CODES = {U8: "B", I8: "b", U16: "H", I16: "h", U32: "I", I32: "i", F32: "f", BOOL: "B", U64: "Q", I64: "q", F64: "d"}


def gguf_text(text):
    raw = text.encode()
    return struct.pack("<Q", len(raw)) + raw


def gguf_value(kind, value):
    if kind == STRING:
        return gguf_text(value)
    if kind == ARRAY:
        element, items = value
        return struct.pack("<IQ", element, len(items)) + b"".join(gguf_value(element, item) for item in items)
    return struct.pack("<" + CODES[kind], value)


def gguf(keys, tensors, version=3, align=32):
    """keys: name to (type, value); tensors: (name, shape fastest first, type, bytes)"""
    out = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(keys))
    for name, (kind, value) in keys.items():
        out += gguf_text(name) + struct.pack("<I", kind) + gguf_value(kind, value)
    data = b""
    for name, shape, kind, payload in tensors:
        data += bytes(-len(data) % align)
        out += gguf_text(name) + struct.pack("<I", len(shape)) + struct.pack(f"<{len(shape)}Q", *shape)
        out += struct.pack("<IQ", kind, len(data))
        data += payload
    return out + bytes(-len(out) % align) + data


def gguf_model(arch):
    keys = {
        "general.architecture": (STRING, arch), "context_length": (U32, 64), "embedding_length": (U32, 8),
        "feed_forward_length": (U32, 8), "block_count": (U32, 1), "attention.head_count": (U32, 2),
        "attention.head_count_kv": (U32, 1), "attention.layer_norm_rms_epsilon": (F32, 1e-6),
        "attention.key_length": (U32, 4), "rope.freq_base": (F32, 10000.0), "tokenizer.ggml.model": (STRING, "gpt2"),
        "tokenizer.ggml.pre": (STRING, "smollm"), "tokenizer.ggml.tokens": (ARRAY, (STRING, ["a", "b", "ab", "<s>", "<|im_end|>"])),
        "tokenizer.ggml.token_type": (ARRAY, (I32, [1, 1, 1, 3, 3])), "tokenizer.ggml.merges": (ARRAY, (STRING, ["a b"])),
        "tokenizer.ggml.eos_token_id": (U32, 3), "tokenizer.ggml.bos_token_id": (U32, 3),
        "tokenizer.ggml.add_bos_token": (BOOL, 1), "tokenizer.chat_template": (STRING, "{{x}}"),
        "general.sampling.temp": (F32, 0.5), "general.sampling.top_k": (I32, 20), "general.alignment": (U32, 32),
    }  # fmt: skip
    tensors = [("token_embd.weight", (8, 8), 1, F16_ONE * 64), ("output_norm.weight", (8,), 0, F32_TWO * 8)]
    block = {"attn_norm.weight": (8,), "attn_q.weight": (8, 8), "attn_k.weight": (8, 4), "attn_v.weight": (8, 4),
             "attn_output.weight": (8, 8), "ffn_norm.weight": (8,), "ffn_gate.weight": (8, 8),
             "ffn_up.weight": (8, 8), "ffn_down.weight": (8, 8)}  # fmt: skip
    layers = [block]
    if arch == "qwen3":
        block |= {"attn_q_norm.weight": (4,), "attn_k_norm.weight": (4,)}
    if arch == "qwen35":
        keys |= {"block_count": (U32, 2), "ssm.conv_kernel": (U32, 4), "ssm.group_count": (U32, 1), "ssm.time_step_rank": (U32, 2),
                 "ssm.state_size": (U32, 4), "ssm.inner_size": (U32, 8), "rope.dimension_count": (U32, 2),
                 "rope.dimension_sections": (ARRAY, (I32, [1, 0, 0, 0])), "full_attention_interval": (U32, 2),
                 "tokenizer.ggml.pre": (STRING, "qwen35")}  # fmt: skip
        feed = {"attn_norm.weight": (8,), "post_attention_norm.weight": (8,), "ffn_gate.weight": (8, 8),
                "ffn_up.weight": (8, 8), "ffn_down.weight": (8, 8)}  # fmt: skip
        linear = {"attn_qkv.weight": (8, 16), "attn_gate.weight": (8, 8), "ssm_beta.weight": (8, 2), "ssm_alpha.weight": (8, 2),
                  "ssm_conv1d.weight": (4, 16), "ssm_dt.bias": (2,), "ssm_a": (2,), "ssm_norm.weight": (4,), "ssm_out.weight": (8, 8)}  # fmt: skip
        full = {"attn_q.weight": (8, 16), "attn_k.weight": (8, 4), "attn_v.weight": (8, 4), "attn_output.weight": (8, 8),
                "attn_q_norm.weight": (4,), "attn_k_norm.weight": (4,)}  # fmt: skip
        layers = [feed | linear, feed | full]
    for i, layer in enumerate(layers):
        for name, shape in layer.items():
            matrix = len(shape) == 2 and "conv1d" not in name
            value = struct.pack("<f", -1.0) if name == "ssm_a" else F16_ONE if matrix else F32_TWO
            tensors.append((f"blk.{i}.{name}", shape, int(matrix), value * count_of(shape)))
    outside = ("general.", "tokenizer.")
    return {k if k.startswith(outside) else f"{arch}.{k}": v for k, v in keys.items()}, tensors


def gguf_seeds():
    models = {arch: gguf_model(arch) for arch in ("llama", "qwen3", "qwen35")}
    for arch, (keys, tensors) in models.items():
        seed("gguf", arch, gguf(keys, tensors))
    keys, tensors = models["llama"]
    every = {f"k{kind}": (kind, 1) for kind in CODES} | {"k8": (STRING, "x"), "k9": (ARRAY, (ARRAY, [(U8, [1, 2]), (STRING, ["y"])])),
                                                         "nan": (F32, float("nan")), "big": (U64, 1 << 63), "bools": (ARRAY, (BOOL, [0, 1])),
                                                         "deep": (ARRAY, (ARRAY, [(ARRAY, [(ARRAY, [(U8, [])])])]))}  # fmt: skip
    seed("gguf", "types", gguf(every, []))
    seed("gguf", "deeper", gguf({"d": (ARRAY, (ARRAY, [(ARRAY, [(ARRAY, [(ARRAY, [])])])]))}, []))
    blocks = {0: 4, 1: 2, 2: 18, 3: 20, 6: 22, 7: 24, 8: 34, 10: 84, 11: 110, 12: 144, 13: 176, 14: 210, 20: 18, 23: 136, 30: 2, 41: 18}
    sizes = {0: 1, 1: 1, 30: 1, 41: 128, 10: 256, 11: 256, 12: 256, 13: 256, 14: 256, 23: 256}
    quantized = [(f"t{kind}", (sizes.get(kind, 32), 1), kind, bytes(range(2, 2 + size % 250)) + bytes(size - size % 250))
                 for kind, size in blocks.items()]  # fmt: skip
    seed("gguf", "blocks", gguf({}, quantized))
    for name, changes in {
        "linear": {"llama.rope.scaling.type": (STRING, "linear"), "llama.rope.scaling.factor": (F32, 4.0)},
        "yarn": {"llama.rope.scaling.type": (STRING, "yarn"), "llama.rope.scaling.factor": (F32, 4.0)},
        "yarn-off": {"llama.rope.scaling.type": (STRING, "yarn")}, "longrope": {"llama.rope.scaling.type": (STRING, "longrope")},
        "negative": {"llama.rope.scale_linear": (F32, -1.0)}, "experts": {"llama.expert_count": (U32, 8)},
        "parts": {"split.count": (U16, 2)}, "causal": {"llama.attention.causal": (BOOL, 0)}, "values": {"llama.attention.value_length": (U32, 8)},
        "rotated": {"llama.rope.dimension_count": (U32, 2)}, "extra": {"llama.nextn_predict_layers": (U32, 0)},
        "alignment": {"general.alignment": (U32, 24)}, "alignment-64": {"general.alignment": (U32, 64)}, "no-tokenizer": {"tokenizer.ggml.model": (STRING, "none")},
        "tokens": {"tokenizer.ggml.tokens": (ARRAY, (STRING, ["a"] * 9))}, "kinds": {"tokenizer.ggml.token_type": (ARRAY, (I32, [1]))},
        "kind": {"tokenizer.ggml.token_type": (ARRAY, (I32, [1, 1, 1, 3, -1]))}, "eot": {"tokenizer.ggml.eot_token_id": (U32, 4)},
        "eos": {"tokenizer.ggml.eos_token_id": (U32, 9)}, "arch": {"general.architecture": (STRING, "gemma")},
        "heads": {"llama.attention.head_count_kv": (U32, 3)}, "odd-head": {"llama.attention.key_length": (U32, 3)},
        "text": {"llama.block_count": (STRING, "1")}, "float": {"llama.block_count": (F32, 1.0)}, "bool": {"llama.block_count": (BOOL, 1)},
        "layer-more": {"llama.nextn_predict_layers": (U32, 1), "llama.block_count": (U32, 2)}, "top-p": {"general.sampling.top_p": (F64, 0.9)},
    }.items():  # fmt: skip
        seed("gguf", f"llama-{name}", gguf(keys | changes, tensors, align=64 if name.endswith("64") else 32))
    lean = {k: v for k, v in keys.items() if "key_length" not in k and "freq_base" not in k and "alignment" not in k and "sampling" not in k}
    seed("gguf", "llama-lean", gguf(lean, tensors))
    seed("gguf", "llama-odd-heads", gguf(lean | {"llama.attention.head_count": (U32, 3), "llama.attention.head_count_kv": (U32, 3)}, tensors))
    factors = ("rope_freqs.weight", (2,), 0, F32_TWO * 2)
    seed("gguf", "llama-factors", gguf(keys, [*tensors, factors]))
    seed("gguf", "llama-factors-scaled", gguf(keys | {"llama.rope.scaling.factor": (F32, 2.0)}, [*tensors, factors]))
    seed("gguf", "llama-factors-few", gguf(keys, [*tensors, ("rope_freqs.weight", (3,), 0, F32_TWO * 3)]))
    seed("gguf", "llama-factors-zero", gguf(keys, [*tensors, ("rope_freqs.weight", (2,), 0, bytes(8))]))
    seed("gguf", "llama-output", gguf(keys, [*tensors, ("output.weight", (8, 8), 1, F16_ONE * 64)]))
    for name, tensor in {"bias": ("blk.0.attn_q.bias", (8,), 0, F32_TWO * 8), "other": ("blk.0.x", (1,), 0, F32_TWO),
                         "block": ("blk.7.attn_q.weight", (8, 8), 1, F16_ONE * 64), "zero": ("blk.00.x", (1,), 0, F32_TWO),
                         "number": ("blk.x.y", (1,), 0, F32_TWO), "rank": ("output.weight", (64,), 1, F16_ONE * 64),
                         "type": ("output.weight", (8, 8), 16, b""), "unknown": ("output.weight", (8, 8), 99, b""),
                         "ragged": ("output.weight", (8, 8), 8, b""), "empty": ("output.weight", (0, 8), 0, b""),
                         "huge": ("output.weight", (1 << 40, 1 << 40), 0, b""), "ranks": ("x", (1, 1, 1, 1, 1), 0, F32_TWO),
                         "same": tensors[0]}.items():  # fmt: skip
        seed("gguf", f"tensor-{name}", gguf(keys, [*tensors, tensor]))
    wrong = [(n, (s[0], s[1] // 2) if n == "blk.0.attn_q.weight" else s, t, p) for n, s, t, p in tensors]
    seed("gguf", "tensor-rows", gguf(keys, wrong))
    seed("gguf", "tensor-none", gguf(keys, tensors[1:]))
    seed("gguf", "version", gguf(keys, tensors, version=4))
    seed("gguf", "big-endian", gguf(keys, tensors, version=3 << 24))
    qkeys, qtensors = models["qwen35"]
    positive = [(n, s, t, F32_TWO * 2 if n.endswith("ssm_a") else p) for n, s, t, p in qtensors]
    seed("gguf", "qwen35-decay", gguf(qkeys, positive))
    seed("gguf", "qwen35-listed", gguf(qkeys | {"qwen35.attention.recurrent_layers": (ARRAY, (BOOL, [1, 0]))}, qtensors))
    seed("gguf", "qwen35-listed-few", gguf(qkeys | {"qwen35.attention.recurrent_layers": (ARRAY, (BOOL, [1]))}, qtensors))
    seed("gguf", "qwen35-extra", gguf(qkeys | {"qwen35.block_count": (U32, 3), "qwen35.nextn_predict_layers": (U32, 1)},
                                      [*qtensors, ("blk.2.any", (1,), 0, F32_TWO)]))  # fmt: skip
    seed("gguf", "qwen35-heads", gguf(qkeys | {"qwen35.ssm.group_count": (U32, 3)}, qtensors))
    seed("gguf", "qwen35-sections", gguf(qkeys | {"qwen35.rope.dimension_sections": (ARRAY, (I32, [1]))}, qtensors))


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


def result_seeds():
    """Multiple-choice items and stored steps of a study."""
    good = {"context": "Grass is", "choices": [" green", " loud"], "answer": 0}
    lines = lambda *items: "\n".join(item if isinstance(item, str) else compact_json(item) for item in items)
    for name, content in {
        "one": lines(good), "three": lines(good, {**good, "answer": " loud", "id": 7}, "", {**good, "context": "A \t"}, " \r", ""),
        "empty": "", "blank": " \n\n", "no-json": lines(good, "{"), "array": "[]", "no-context": lines({"choices": ["a", "b"], "answer": 0}),
        "number": lines({**good, "context": 1}), "few": lines({**good, "choices": ["a"]}), "nothing": lines({**good, "choices": ["a", ""]}),
        "twice": lines({**good, "choices": ["a", "b", "a"]}), "no-answer": lines({"context": "", "choices": ["a", "b"]}),
        "beyond": lines({**good, "answer": 2}), "other": lines({**good, "answer": "red"}), "negative": lines({**good, "answer": -1}),
        "no-text": lines({**good, "context": " "}), "no-token": lines({**good, "context": "ca", "choices": ["n", "t"]}),
        "many": lines({**good, "choices": [str(i) for i in range(257)]}),
        "most": lines({**good, "choices": [str(i) for i in range(256)], "answer": 255}),
    }.items():  # fmt: skip
        seed("choices", name, content)
    key = "0123456789abcdef"
    results = {"number": 5, "null": None, "eval": {"perplexity": 12.5, "kld_mean": None, "intervals": {"kld_mean": [0.1, 0.2]}},
               "texts": {"samples": [{"prompt": "\u00e9", "text": "a\n\"b\"", "looping": False}]}, "wide": {f"k{i}": -i for i in range(20)}}  # fmt: skip
    for name, value in results.items():
        whole = study_step(key, value)
        seed("study_step", name, json.dumps(whole, indent=1, ensure_ascii=False))
        seed("study_step", f"{name}-other-key", compact_json({**whole, "key": key[::-1]}))
        seed("study_step", f"{name}-damaged", compact_json({**whole, "value": [value]}))
    for name, content in {"cut": '{"key":', "array": "[]", "no-value": '{"key":"%s"}' % key, "no-checksum": '{"key":"%s","value":1}' % key,
                          "key-twice": '{"value":1,"value":2}', "kinds": '{"key":1,"checksum":2,"value":3}'}.items():  # fmt: skip
        seed("study_step", name, content)


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


def command_line_seeds():
    values = {
        0: ["f16", "int8", "int4", "int4-g32", "int4-g7", "int4-g99999999999999999999", "int2", "q1", "fp8", "int4-g032"],
        1: ["mlp.down_proj=int8", "=int8", "x", "(=f16", "(a+)+$=int4", "a=b=f16", "[[:alpha:]]=q1", "(?R)?x=f16", "([a-z._]+)*[!?]=int4"],
        2: ["1,2,3", "", ",", "1,", " 1 , 2", "4294967296", "-1", "1;2", "007"],
        3: ["int8", "int4-g32", "mixed-int4", "best", "int4-aggressive"], 4: ["f16", "f32", "turboquant", "q8"],
        5: ["int8", "fast", "f32", "f64"],
    }  # fmt: skip
    for kind, texts in values.items():
        for number, text in enumerate(texts):
            seed("values", f"{kind}-{number}", bytes([kind]) + text.encode())
    lines = (
        ["--input", "a", "--output", "b", "--format", "int4-g32", "--embedding", "int8", "--tensor", "x=f16", "-t", "2", "-q"],
        ["--model", "a", "--prompt", "b", "--gen", "5", "--temperature", "0.5", "--top-k", "3", "--seed", "1", "--chat",
         "--stop-eos", "false", "--kv-encoding", "f32", "--thinking", "--tokens-per-block=64", "--repeat-penalty", "1.1"],
        ["a", "--json"], ["a"], ["--model", "a", "--decode", "--skip-special"], ["-m", "a", "--tokens", "1,2", "-o", "b", "--last", "1"],
        ["--model", "a", "-p", "1,2", "-n", "0", "-d", "0,4", "-r", "3", "-t", "1,2", "-o", "csv"],
        ["--model", "a", "--text", "b", "--text", "c", "--reference", "d", "--choices", "e", "--window", "64", "--score", "all",
         "--limit", "9", "--no-floor", "--store", "--kv-encoding", "f32", "--activations", "f32", "--json"],
        ["-i", "a", "-o", "b", "--text", "c", "--formats", "int4,int8", "--no-keep", "--tokens", "0", "--window", "2",
         "--generate", "1", "--sensitivity-tokens", "0", "--speed-runs", "0", "-t", "1", "-q"],
    )  # fmt: skip
    for number, arguments in enumerate(lines):
        seed("command_line", str(number), bytes([number]) + "\n".join(arguments).encode())
        seed("command_line", f"{number}-help", bytes([number]) + b"--help")
        seed("command_line", f"{number}-wrong", bytes([number]) + b"--threads=-1\n--gen=1e9\nx\ny")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build" / "release" / "bin")
    options = parser.parse_args()
    tokenizer_seeds(options.bin)
    config_seeds()
    models = container_seeds()
    gguf_seeds()
    compact_seeds(cellm_seeds(options.bin, models))
    result_seeds()
    session_seeds()
    command_line_seeds()
    files = [f for f in (FUZZ / "corpus").rglob("*") if f.is_file()]
    print(f"{len(files)} inputs, {sum(f.stat().st_size for f in files)} bytes")


if __name__ == "__main__":
    main()

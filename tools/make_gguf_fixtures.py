#!/usr/bin/env python3
"""Makes testdata/gguf from the tiny models in testdata/models.

Needs numpy, safetensors and gguf (0.19), the package of llama.cpp; its number formats are the reference
of the tests. The tensors are converted as in llama.cpp's convert_hf_to_gguf.py.

usage: make_gguf_fixtures.py [--ggml libggml-base.so]  (from any folder)

With --ggml, all values are compared with those of that library (of llama.cpp v0.5.0), bit by bit. The npm package
@node-llama-cpp/linux-x64 has one.
"""

import argparse
import ctypes
import json
import struct
from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type

ROOT = Path(__file__).resolve().parent.parent
MODELS = ROOT / "testdata" / "models"
OUT = ROOT / "testdata" / "gguf"


class Other:
    """A type that the package does not know, like its members."""

    def __init__(self, name, value, columns, size):
        self.name, self.value = name, value
        gguf.GGML_QUANT_SIZES[self] = (columns, size)


Q2_0 = Other("Q2_0", 42, 64, 18)
Q2_0_G128 = Other("Q2_0_G128", None, 128, 34)  # of files from before Q2_0 was ggml's

# Byte offsets of the f16 scales in a block.
SCALES = {
    Type.Q8_0: [0], Type.Q4_0: [0], Type.Q4_1: [0, 2], Type.Q5_0: [0], Type.Q5_1: [0, 2],
    Type.Q2_K: [80, 82], Type.Q3_K: [108], Type.Q4_K: [0, 2], Type.Q5_K: [0, 2], Type.Q6_K: [208],
    Type.IQ4_NL: [0], Type.IQ4_XS: [0], Type.Q1_0: [0],
}
# The same for what came later: each has random numbers of its own.
LATER = {
    Type.IQ2_XXS: [0], Type.IQ2_XS: [0], Type.IQ2_S: [0], Type.IQ3_XXS: [0], Type.IQ3_S: [0], Type.IQ1_S: [0],
    Type.IQ1_M: [], Type.TQ1_0: [52], Type.TQ2_0: [64], Type.MXFP4: [], Type.NVFP4: [], Q2_0: [0], Q2_0_G128: [0],
}
ALL = SCALES | LATER


def dequantize(blocks, kind):
    if kind not in (Type.Q1_0, Q2_0, Q2_0_G128):  # the package has no code for them
        return gguf.quants.dequantize(blocks, kind)
    scale = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    bits = np.unpackbits(blocks[:, 2:], axis=1, bitorder="little").astype(np.float32)
    if kind == Type.Q1_0:  # ±d by the bits, lowest first
        return scale * (2 * bits - 1)
    return scale * (bits[:, 0::2] + 2 * bits[:, 1::2] - 1)


def random_blocks(rng, kind, rows, blocks_per_row, scale):
    """Random bytes with finite scales."""
    size = gguf.GGML_QUANT_SIZES[kind][1]
    blocks = rng.integers(0, 256, (rows * blocks_per_row, size), dtype=np.uint8)
    for at in ALL[kind]:
        values = (rng.standard_normal(len(blocks)) * scale).astype(np.float16)
        blocks[:, at : at + 2] = values.view(np.uint8).reshape(-1, 2)
    if kind == Type.IQ1_M:  # the f16 is in the upper 4 bits of 4 numbers
        values = (rng.standard_normal(len(blocks)) * scale).astype(np.float16).view(np.uint16)
        for i in range(4):
            blocks[:, 49 + 2 * i] = blocks[:, 49 + 2 * i] & 15 | (values >> 4 * i & 15) << 4
    return blocks.reshape(rows, blocks_per_row * size)


class Points:
    """Where a type has the indices of its points: the lower 8 bits of index i in byte lower(i), the others in the two
    bytes from upper(i) on, from bit place(i) on."""

    def __init__(self, bits, count, lower, upper=None, place=None):
        self.bits, self.count, self.lower, self.upper, self.place = bits, count, lower, upper, place

    def set(self, block, i, index):
        block[self.lower(i)] = index & 255
        if self.upper:
            at, place = self.upper(i), self.place(i)
            number = int(block[at]) | int(block[at + 1]) << 8
            number = number & ~((1 << self.bits - 8) - 1 << place) | index >> 8 << place
            block[at], block[at + 1] = number & 255, number >> 8


POINTS = {
    Type.IQ2_XXS: Points(8, 32, lambda i: 2 + i // 4 * 8 + i % 4),
    Type.IQ2_XS: Points(9, 32, lambda i: 2 + 2 * i, lambda i: 3 + 2 * i, lambda i: 0),
    Type.IQ2_S: Points(10, 32, lambda i: 2 + i, lambda i: 66 + i // 4, lambda i: 2 * (i % 4)),
    Type.IQ3_XXS: Points(8, 64, lambda i: 2 + i),
    Type.IQ3_S: Points(9, 64, lambda i: 2 + i, lambda i: 66 + i // 8, lambda i: i % 8),
    Type.IQ1_S: Points(11, 32, lambda i: 2 + i, lambda i: 34 + i // 4 * 2, lambda i: 3 * (i % 4)),
    Type.IQ1_M: Points(11, 32, lambda i: i, lambda i: 32 + i // 2, lambda i: 4 * (i % 2)),
}


class Library:
    """Dequantization by ggml itself."""

    class Traits(ctypes.Structure):  # ggml_type_traits of ggml.h
        _fields_ = [("name", ctypes.c_char_p), ("columns", ctypes.c_int64), ("interleave", ctypes.c_int64),
                    ("size", ctypes.c_size_t), ("quantized", ctypes.c_bool), ("to_float", ctypes.c_void_p)]  # fmt: skip

    def __init__(self, path):
        self.get = ctypes.CDLL(path).ggml_get_type_traits
        self.get.restype = ctypes.POINTER(self.Traits)

    def check(self, kind, blocks, values):
        if kind.value is None:
            return
        traits = self.get(kind.value).contents
        assert (traits.columns, traits.size) == gguf.GGML_QUANT_SIZES[kind], kind.name
        found = np.empty(values.size, np.float32)
        to_float = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)(traits.to_float)
        data = np.ascontiguousarray(blocks)
        to_float(data.ctypes.data, found.ctypes.data, found.size)
        assert found.tobytes() == values.tobytes(), f"{kind.name}: not the values of the library"
        print(f"{kind.name}: {found.size} values are those of the library")


def make_blocks(library):
    """NAME.blocks: blocks as stored; NAME.f32: their values."""
    rng = np.random.default_rng(20)
    for kind in ALL:
        if kind in LATER:
            rng = np.random.default_rng([20, *kind.name.encode()])
        count = 8 if gguf.GGML_QUANT_SIZES[kind][0] <= 128 else 3
        blocks = random_blocks(rng, kind, count, 1, 1.0)
        if kind == Type.MXFP4:  # the subnormal scales and the largest
            blocks[:4, 0] = [0, 1, 2, 255]
        if kind == Type.NVFP4:  # 0 in each way, subnormal, largest
            blocks[0, :4], blocks[1, :4] = [0, 0x7F, 0x80, 0xFF], [1, 7, 8, 0x7E]
        (OUT / f"{kind.name}.blocks").write_bytes(blocks.tobytes())
        values = np.ascontiguousarray(dequantize(blocks, kind), np.float32)
        (OUT / f"{kind.name}.f32").write_bytes(values.tobytes())
        if library:
            library.check(kind, blocks, values)
    make_points(library)


def make_points(library):
    """grids.blocks: of each type of points blocks with every point, its sign bits and scales as they come; grids.sums:
    name, number of blocks and FNV-1a checksum of the values."""
    every, sums = b"", ""
    for kind, points in POINTS.items():
        rng = np.random.default_rng([21, *kind.name.encode()])
        blocks = random_blocks(rng, kind, (1 << points.bits) // points.count, 1, 1.0)
        for index in range(1 << points.bits):
            points.set(blocks[index // points.count], index % points.count, index)
        values = np.ascontiguousarray(dequantize(blocks, kind), np.float32)
        if library:
            library.check(kind, blocks, values)
        checksum = 0xCBF29CE484222325
        for byte in values.tobytes():
            checksum = (checksum ^ byte) * 0x100000001B3 % (1 << 64)
        every += blocks.tobytes()
        sums += f"{kind.name.lower()} {len(blocks)} {checksum:016x}\n"
    (OUT / "grids.blocks").write_bytes(every)
    (OUT / "grids.sums").write_text(sums)


def read_safetensors(path):
    """Name to (dtype, array as f32)."""
    data = path.read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    tensors = {}
    for name, info in json.loads(data[8 : 8 + size]).items():
        if name == "__metadata__":
            continue
        begin, end = (8 + size + offset for offset in info["data_offsets"])
        if info["dtype"] == "BF16":
            raw = np.frombuffer(data[begin:end], np.uint16).astype(np.uint32) << 16
            array = raw.view(np.float32)
        else:
            assert info["dtype"] == "F32"
            array = np.frombuffer(data[begin:end], np.float32)
        tensors[name] = array.reshape(info["shape"])
    return tensors


def swap_pairs(array, heads):
    """Rows of each head from (half, pair) to (pair, half)."""
    return array.reshape(heads, 2, -1, *array.shape[1:]).swapaxes(1, 2).reshape(array.shape)


def tile_value_heads(array, axis, key_heads, value_heads, unit):
    """Value heads from (key head, its value heads) to (value heads of a key head, key head)."""
    shape = array.shape
    array = array.reshape(*shape[:axis], key_heads, value_heads // key_heads, unit, *shape[axis + 1 :])
    return np.ascontiguousarray(array.swapaxes(axis, axis + 1)).reshape(shape)


DENSE = {
    "input_layernorm.weight": "attn_norm.weight",
    "post_attention_layernorm.weight": "ffn_norm.weight",
    "self_attn.q_proj.weight": "attn_q.weight",
    "self_attn.k_proj.weight": "attn_k.weight",
    "self_attn.v_proj.weight": "attn_v.weight",
    "self_attn.o_proj.weight": "attn_output.weight",
    "self_attn.q_norm.weight": "attn_q_norm.weight",
    "self_attn.k_norm.weight": "attn_k_norm.weight",
    "self_attn.q_proj.bias": "attn_q.bias",
    "self_attn.k_proj.bias": "attn_k.bias",
    "self_attn.v_proj.bias": "attn_v.bias",
    "mlp.gate_proj.weight": "ffn_gate.weight",
    "mlp.up_proj.weight": "ffn_up.weight",
    "mlp.down_proj.weight": "ffn_down.weight",
}
QWEN35 = {
    **DENSE,
    "post_attention_layernorm.weight": "post_attention_norm.weight",
    "linear_attn.in_proj_qkv.weight": "attn_qkv.weight",
    "linear_attn.in_proj_z.weight": "attn_gate.weight",
    "linear_attn.in_proj_b.weight": "ssm_beta.weight",
    "linear_attn.in_proj_a.weight": "ssm_alpha.weight",
    "linear_attn.conv1d.weight": "ssm_conv1d.weight",
    "linear_attn.dt_bias": "ssm_dt.bias",
    "linear_attn.A_log": "ssm_a",
    "linear_attn.norm.weight": "ssm_norm.weight",
    "linear_attn.out_proj.weight": "ssm_out.weight",
}


def gguf_name(name, names):
    outside = {
        "model.embed_tokens.weight": "token_embd.weight",
        "model.norm.weight": "output_norm.weight",
        "lm_head.weight": "output.weight",
    }
    if name in outside:
        return outside[name]
    _, _, layer, rest = name.split(".", 3)
    return f"blk.{layer}.{names[rest]}"


def convert_llama(name, array, config):
    if name.endswith("q_proj.weight"):
        return swap_pairs(array, config["num_attention_heads"])
    if name.endswith("k_proj.weight"):
        return swap_pairs(array, config["num_key_value_heads"])
    return array


def convert_qwen35(name, array, config):
    key_heads = config["linear_num_key_heads"]
    value_heads = config["linear_num_value_heads"]
    unit = config["linear_value_head_dim"]
    first_value = 2 * key_heads * config["linear_key_head_dim"]

    def tile(part, axis, size):
        return tile_value_heads(part, axis, key_heads, value_heads, size)

    if name.endswith("conv1d.weight"):
        array = array.reshape(array.shape[0], array.shape[2])
    if name.endswith((".conv1d.weight", ".in_proj_qkv.weight")):
        return np.concatenate([array[:first_value], tile(array[first_value:], 0, unit)])
    if name.endswith(".in_proj_z.weight"):
        return tile(array, 0, unit)
    if name.endswith((".in_proj_a.weight", ".in_proj_b.weight", ".dt_bias")):
        return tile(array, 0, 1)
    if name.endswith(".A_log"):
        return tile(-np.exp(array), 0, 1)
    if name.endswith(".out_proj.weight"):
        return tile(array, 1, unit)
    if name.endswith("norm.weight") and not name.endswith("linear_attn.norm.weight"):
        return array + np.float32(1)
    return array


def add_common(writer, config):
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    if "head_dim" in config:
        writer.add_key_length(config["head_dim"])
        writer.add_value_length(config["head_dim"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])


def add_qwen35(writer, config):
    rope = config["rope_parameters"]
    writer.add_rope_dimension_count(int(config["head_dim"] * rope["partial_rotary_factor"]))
    writer.add_rope_dimension_sections(rope["mrope_section"] + [0])
    writer.add_ssm_conv_kernel(config["linear_conv_kernel_dim"])
    writer.add_ssm_state_size(config["linear_key_head_dim"])
    writer.add_ssm_group_count(config["linear_num_key_heads"])
    writer.add_ssm_time_step_rank(config["linear_num_value_heads"])
    writer.add_ssm_inner_size(config["linear_value_head_dim"] * config["linear_num_value_heads"])
    writer.add_uint32("qwen35.full_attention_interval", 4)


def add_tokenizer(writer, vocab_size):
    """Bytes, three merges, the usual control tokens and filler."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    spelling = {byte: chr(byte) for byte in plain}
    spelling |= {byte: chr(256 + i) for i, byte in enumerate(others)}
    tokens = [spelling[byte] for byte in range(256)] + ["th", "the", "Ġt"]
    types = [1] * len(tokens)
    special = {299: "<|im_start|>", 300: "<|im_end|>", 301: "<|endoftext|>"}
    for token in range(len(tokens), vocab_size):
        tokens.append(special.get(token, f"[PAD{token}]"))
        types.append(3 if token in special else 5)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(["t h", "th e", "Ġ t"])
    writer.add_bos_token_id(299)
    writer.add_eos_token_id(300)
    writer.add_chat_template("{% for m in messages %}{{ m.content }}{% endfor %}")


def make_model(folder, arch, layers, names, convert, add_more):
    """A model of the first `layers` layers; matrices as BF16, everything else as F32."""
    config = json.loads((MODELS / folder / "config.json").read_text())
    config["num_hidden_layers"] = layers
    writer = gguf.GGUFWriter(OUT / f"{arch}.gguf", arch)
    add_common(writer, config)
    add_more(writer, config)
    for name, array in read_safetensors(MODELS / folder / "model.safetensors").items():
        if name.startswith("model.layers.") and int(name.split(".")[2]) >= layers:
            continue
        array = convert(name, array, config)
        kind = Type.F32 if array.ndim == 1 or "conv1d" in name else Type.BF16
        data = gguf.quants.quantize(array.astype(np.float32), kind)
        writer.add_tensor(gguf_name(name, names), data, raw_dtype=kind)
    write(writer)


def write(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def make_typed():
    """typed.gguf: a Llama of one layer, each matrix in another type. typed.rows: for every tensor by
    Hugging Face name, its rows 0, 1 and last as f32."""
    rng = np.random.default_rng(21)
    config = {
        "max_position_embeddings": 64, "hidden_size": 256, "num_hidden_layers": 1,
        "intermediate_size": 64, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16,
        "rms_norm_eps": 1e-5, "rope_parameters": {"rope_theta": 10000.0},
    }
    layer = "model.layers.0."
    matrices = {  # rows, columns, type
        "model.embed_tokens.weight": (16, 256, Type.Q6_K),
        layer + "self_attn.q_proj.weight": (64, 256, Type.Q4_K),
        layer + "self_attn.k_proj.weight": (32, 256, Type.Q6_K),
        layer + "self_attn.v_proj.weight": (32, 256, Type.Q8_0),
        layer + "self_attn.o_proj.weight": (256, 64, Type.Q4_1),
        layer + "mlp.gate_proj.weight": (64, 256, Type.Q5_K),
        layer + "mlp.up_proj.weight": (64, 256, Type.F16),
        layer + "mlp.down_proj.weight": (256, 64, Type.Q4_0),
        "lm_head.weight": (16, 256, Type.BF16),
    }
    vectors = ["model.norm.weight", layer + "input_layernorm.weight",
               layer + "post_attention_layernorm.weight"]
    writer = gguf.GGUFWriter(OUT / "typed.gguf", "llama")
    add_common(writer, config)
    rows = {}
    for name, (height, width, kind) in matrices.items():
        if kind in SCALES:
            per_row = width // gguf.GGML_QUANT_SIZES[kind][0]
            data = random_blocks(rng, kind, height, per_row, 0.01)
        else:
            values = rng.standard_normal((height, width)).astype(np.float32)
            data = gguf.quants.quantize(values, kind)
        values = gguf.quants.dequantize(data, kind).astype(np.float32).reshape(height, width)
        # The stored order is llama.cpp's; undo it for the expectation: swapping again with the two
        # factors exchanged.
        for end, heads in (("q_proj.weight", 4), ("k_proj.weight", 2)):
            if name.endswith(end):
                values = values.reshape(heads, 8, 2, width).swapaxes(1, 2).reshape(height, width)
        rows[name] = values[[0, 1, height - 1]]
        writer.add_tensor(gguf_name(name, DENSE), data, raw_dtype=kind)
    for name in vectors:
        values = rng.standard_normal(256).astype(np.float32)
        rows[name] = values
        writer.add_tensor(gguf_name(name, DENSE), values)
    write(writer)
    (OUT / "typed.rows").write_bytes(b"".join(rows[name].tobytes() for name in sorted(rows)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ggml", help="a libggml-base.so to compare with")
    options = parser.parse_args()
    OUT.mkdir(exist_ok=True)
    make_blocks(Library(options.ggml) if options.ggml else None)
    make_typed()
    make_model("llama", "llama", 3, DENSE, convert_llama,
               lambda writer, config: add_tokenizer(writer, config["vocab_size"]))
    # One layer covers as much as three, in a third of the size.
    make_model("qwen3", "qwen3", 1, DENSE, lambda name, array, config: array, lambda writer, config: None)
    make_model("qwen2", "qwen2", 2, DENSE, lambda name, array, config: array, lambda writer, config: None)
    make_model("qwen3_5_text", "qwen35", 8, QWEN35, convert_qwen35, add_qwen35)


if __name__ == "__main__":
    main()

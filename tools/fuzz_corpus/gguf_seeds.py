"""GGUF files."""

import struct

from fuzz_corpus.model_seeds import count_of
from fuzz_corpus.seeds import F16_ONE, F32_TWO, seed

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
    low = {16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 21: (256, 110), 22: (256, 82), 29: (256, 56),
           34: (256, 54), 35: (256, 66), 39: (32, 17), 40: (64, 36), 42: (64, 18)}  # fmt: skip
    every = [(f"t{kind}", (columns, 1), kind, bytes(7 * i % 251 for i in range(size))) for kind, (columns, size) in low.items()]
    seed("gguf", "low-blocks", gguf({}, every))
    # Rows of Q2_0 in blocks of 128, which their bytes show.
    older = ("old", (256, 16), 42, bytes(5 * i % 251 for i in range(34 * 32)))
    seed("gguf", "older-blocks", gguf({}, [older, ("after", (1,), 0, F32_TWO)]))
    seed("gguf", "older-blocks-mixed", gguf({}, [older, ("new", (256, 16), 42, bytes(18 * 64)), ("after", (1,), 0, F32_TWO)]))
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
    long_rope = keys | {"llama.rope.scaling.type": (STRING, "longrope"), "llama.rope.scaling.attn_factor": (F32, 1.25),
                        "llama.rope.scaling.original_context_length": (U32, 4)}  # fmt: skip
    long_factors = [(f"rope_factors_{kind}.weight", (2,), 0, F32_TWO * 2) for kind in ("long", "short")]
    seed("gguf", "llama-long-factors", gguf(long_rope, [*tensors, *long_factors]))
    seed("gguf", "llama-long-factors-few", gguf(long_rope, [*tensors, ("rope_factors_long.weight", (3,), 0, F32_TWO * 3)]))
    seed("gguf", "llama-output", gguf(keys, [*tensors, ("output.weight", (8, 8), 1, F16_ONE * 64)]))
    for name, tensor in {"bias": ("blk.0.attn_q.bias", (8,), 0, F32_TWO * 8), "other": ("blk.0.x", (1,), 0, F32_TWO),
                         "block": ("blk.7.attn_q.weight", (8, 8), 1, F16_ONE * 64), "zero": ("blk.00.x", (1,), 0, F32_TWO),
                         "number": ("blk.x.y", (1,), 0, F32_TWO), "rank": ("output.weight", (64,), 1, F16_ONE * 64),
                         "type": ("output.weight", (8, 8), 15, b""), "unknown": ("output.weight", (8, 8), 99, b""),
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

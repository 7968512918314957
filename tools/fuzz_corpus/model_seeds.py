"""Configurations, safetensors files, shard indexes and Hugging Face folders."""

import json
import struct

from fuzz_corpus.seeds import F16_ONE, F32_TWO, compact_json, seed
from fuzz_corpus.tokenizer_seeds import tiny_tokenizer


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
                       "deeper": "[" * 65 + "]" * 65, "half": '{"eos_token_id":1.5}', "large": '{"eos_token_id":1e300}',
                       "sampling": '{"do_sample":true,"temperature":0.6,"top_k":20,"top_p":0.95,"min_p":0,"repetition_penalty":1.05}',
                       "greedy": '{"do_sample":false}', "negative": '{"temperature":-1}', "above": '{"top_p":1.5}'}.items():  # fmt: skip
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

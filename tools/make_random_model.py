#!/usr/bin/env python3
"""Writes a random-weight model folder with the tensors (names, shapes, dtypes) of a published one.

usage: make_random_model.py [--layers N] [--seed S] OUT_DIR qwen3.5-0.8b|qwen3-0.6b

For work on speed and size, where the values do not matter; needs numpy only. --layers keeps the first N layers of the
text model; vision and draft tensors of Qwen3.5 stay. There is no tokenizer in the folder.
"""

import argparse
import json
import pathlib

import numpy as np

import safetensors_writer as st

POOL_SIZE = 1 << 22  # normal values drawn once; each tensor is cut from the pool at a random place
WEIGHT_STD = 0.02

QWEN3_5_CONFIG = {
    "architectures": ["Qwen3_5ForConditionalGeneration"],
    "image_token_id": 248056,
    "model_type": "qwen3_5",
    "text_config": {
        "attention_bias": False,
        "attention_dropout": 0.0,
        "attn_output_gate": True,
        "dtype": "bfloat16",
        "eos_token_id": 248044,
        "full_attention_interval": 4,
        "head_dim": 256,
        "hidden_act": "silu",
        "hidden_size": 1024,
        "initializer_range": 0.02,
        "intermediate_size": 3584,
        "layer_types": (["linear_attention"] * 3 + ["full_attention"]) * 6,
        "linear_conv_kernel_dim": 4,
        "linear_key_head_dim": 128,
        "linear_num_key_heads": 16,
        "linear_num_value_heads": 16,
        "linear_value_head_dim": 128,
        "max_position_embeddings": 262144,
        "mlp_only_layers": [],
        "model_type": "qwen3_5_text",
        "mtp_num_hidden_layers": 1,
        "mtp_use_dedicated_embeddings": False,
        "num_attention_heads": 8,
        "num_hidden_layers": 24,
        "num_key_value_heads": 2,
        "rms_norm_eps": 1e-06,
        "tie_word_embeddings": True,
        "use_cache": True,
        "vocab_size": 248320,
        "mamba_ssm_dtype": "float32",
        "rope_parameters": {
            "mrope_interleaved": True,
            "mrope_section": [11, 11, 10],
            "rope_type": "default",
            "rope_theta": 10000000,
            "partial_rotary_factor": 0.25,
        },
    },
    "tie_word_embeddings": True,
    "transformers_version": "4.57.0.dev0",
    "video_token_id": 248057,
    "vision_config": {
        "deepstack_visual_indexes": [],
        "depth": 12,
        "hidden_act": "gelu_pytorch_tanh",
        "hidden_size": 768,
        "in_channels": 3,
        "initializer_range": 0.02,
        "intermediate_size": 3072,
        "model_type": "qwen3_5",
        "num_heads": 12,
        "num_position_embeddings": 2304,
        "out_hidden_size": 1024,
        "patch_size": 16,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
    },
    "vision_end_token_id": 248054,
    "vision_start_token_id": 248053,
}
QWEN3_CONFIG = {
    "architectures": ["Qwen3ForCausalLM"],
    "attention_bias": False,
    "attention_dropout": 0.0,
    "bos_token_id": 151643,
    "eos_token_id": 151645,
    "head_dim": 128,
    "hidden_act": "silu",
    "hidden_size": 1024,
    "initializer_range": 0.02,
    "intermediate_size": 3072,
    "max_position_embeddings": 40960,
    "max_window_layers": 28,
    "model_type": "qwen3",
    "num_attention_heads": 16,
    "num_hidden_layers": 28,
    "num_key_value_heads": 8,
    "rms_norm_eps": 1e-06,
    "rope_scaling": None,
    "rope_theta": 1000000,
    "sliding_window": None,
    "tie_word_embeddings": True,
    "torch_dtype": "bfloat16",
    "transformers_version": "4.51.0",
    "use_cache": True,
    "use_sliding_window": False,
    "vocab_size": 151936,
}


def decoder_layer(config, prefix, linear, gated):
    """Tensors of one layer with linear or full attention; gated: the query projection also makes the output gate."""
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    yield f"{prefix}input_layernorm.weight", (hidden,)
    yield f"{prefix}post_attention_layernorm.weight", (hidden,)
    yield f"{prefix}mlp.gate_proj.weight", (inner, hidden)
    yield f"{prefix}mlp.up_proj.weight", (inner, hidden)
    yield f"{prefix}mlp.down_proj.weight", (hidden, inner)
    if linear:
        heads, head = config["linear_num_value_heads"], config["linear_value_head_dim"]
        values = heads * head
        channels = 2 * config["linear_num_key_heads"] * config["linear_key_head_dim"] + values
        yield f"{prefix}linear_attn.in_proj_qkv.weight", (channels, hidden)
        yield f"{prefix}linear_attn.in_proj_z.weight", (values, hidden)
        yield f"{prefix}linear_attn.in_proj_a.weight", (heads, hidden)
        yield f"{prefix}linear_attn.in_proj_b.weight", (heads, hidden)
        yield f"{prefix}linear_attn.conv1d.weight", (channels, 1, config["linear_conv_kernel_dim"])
        yield f"{prefix}linear_attn.A_log", (heads,)
        yield f"{prefix}linear_attn.dt_bias", (heads,)
        yield f"{prefix}linear_attn.norm.weight", (head,)
        yield f"{prefix}linear_attn.out_proj.weight", (hidden, values)
        return
    head = config["head_dim"]
    queries, keys = config["num_attention_heads"] * head, config["num_key_value_heads"] * head
    yield f"{prefix}self_attn.q_proj.weight", (2 * queries if gated else queries, hidden)
    yield f"{prefix}self_attn.k_proj.weight", (keys, hidden)
    yield f"{prefix}self_attn.v_proj.weight", (keys, hidden)
    yield f"{prefix}self_attn.o_proj.weight", (hidden, queries)
    yield f"{prefix}self_attn.q_norm.weight", (head,)
    yield f"{prefix}self_attn.k_norm.weight", (head,)


def with_bias(name, *shape):
    yield f"{name}.weight", shape
    yield f"{name}.bias", shape[:1]


def vision_tensors(vision, prefix):
    hidden, inner = vision["hidden_size"], vision["intermediate_size"]
    patch, merged = vision["patch_size"], hidden * vision["spatial_merge_size"] ** 2
    shape = (hidden, vision["in_channels"], vision["temporal_patch_size"], patch, patch)
    yield from with_bias(f"{prefix}patch_embed.proj", *shape)
    yield f"{prefix}pos_embed.weight", (vision["num_position_embeddings"], hidden)
    for block in (f"{prefix}blocks.{i}." for i in range(vision["depth"])):
        yield from with_bias(f"{block}norm1", hidden)
        yield from with_bias(f"{block}norm2", hidden)
        yield from with_bias(f"{block}attn.qkv", 3 * hidden, hidden)
        yield from with_bias(f"{block}attn.proj", hidden, hidden)
        yield from with_bias(f"{block}mlp.linear_fc1", inner, hidden)
        yield from with_bias(f"{block}mlp.linear_fc2", hidden, inner)
    yield from with_bias(f"{prefix}merger.norm", hidden)
    yield from with_bias(f"{prefix}merger.linear_fc1", merged, merged)
    yield from with_bias(f"{prefix}merger.linear_fc2", vision["out_hidden_size"], merged)


def qwen3_5_tensors(config):
    text, prefix = config["text_config"], "model.language_model."
    hidden = text["hidden_size"]
    yield f"{prefix}embed_tokens.weight", (text["vocab_size"], hidden)
    yield f"{prefix}norm.weight", (hidden,)
    for i, kind in enumerate(text["layer_types"]):
        yield from decoder_layer(text, f"{prefix}layers.{i}.", kind == "linear_attention", True)
    yield "mtp.fc.weight", (hidden, 2 * hidden)
    for name in ("norm", "pre_fc_norm_embedding", "pre_fc_norm_hidden"):
        yield f"mtp.{name}.weight", (hidden,)
    yield from decoder_layer(text, "mtp.layers.0.", False, True)
    yield from vision_tensors(config["vision_config"], "model.visual.")


def qwen3_tensors(config):
    hidden = config["hidden_size"]
    yield "model.embed_tokens.weight", (config["vocab_size"], hidden)
    yield "lm_head.weight", (config["vocab_size"], hidden)  # stored although tied, as in the published file
    yield "model.norm.weight", (hidden,)
    for i in range(config["num_hidden_layers"]):
        yield from decoder_layer(config, f"model.layers.{i}.", False, False)


def centre_and_std(name, zero_centred_norms):
    """Values that keep a random model finite: near 1 for factors, a range of decays, small weights elsewhere."""
    if name.endswith("linear_attn.norm.weight"):
        return 1, 0.1
    if name.endswith(("A_log", "dt_bias")):
        return 0, 1
    if name.endswith("conv1d.weight"):
        return 0, 0.3
    if "norm" in name and not zero_centred_norms:
        return 1, WEIGHT_STD
    return 0, WEIGHT_STD


def write_weights(path, tensors, seed, zero_centred_norms):
    """tensors: (name, dtype, shape), sorted by name. Streams the file, so that memory stays small."""
    rng = np.random.default_rng(seed)
    pool = rng.standard_normal(POOL_SIZE, dtype=np.float32)
    weights = st.bf16_bits(pool * np.float32(WEIGHT_STD))
    with open(path, "wb") as file:
        file.write(st.file_header(tensors, "pt"))
        for name, dtype, shape in tensors:
            left = int(np.prod(shape))
            centre, std = centre_and_std(name, zero_centred_norms)
            plain = (dtype, centre, std) == ("BF16", 0, WEIGHT_STD)
            start = int(rng.integers(POOL_SIZE))
            while left:
                count = min(left, POOL_SIZE - start)
                cut = slice(start, start + count)
                file.write(weights[cut] if plain else st.encode(centre + std * pool[cut], dtype))
                left -= count
                start = 0 if start else int(rng.integers(POOL_SIZE))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", type=int, metavar="N", help="keep the first N layers only")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("out_dir", type=pathlib.Path)
    parser.add_argument("model", choices=("qwen3.5-0.8b", "qwen3-0.6b"))
    options = parser.parse_args()
    hybrid = options.model == "qwen3.5-0.8b"
    config = QWEN3_5_CONFIG if hybrid else QWEN3_CONFIG
    text = config["text_config"] if hybrid else config
    if options.layers is not None:
        if not 1 <= options.layers <= text["num_hidden_layers"]:
            parser.error(f"--layers must lie between 1 and {text['num_hidden_layers']}")
        text["num_hidden_layers"] = options.layers
        if hybrid:
            text["layer_types"] = text["layer_types"][: options.layers]
    wide = ("linear_attn.A_log", "linear_attn.norm.weight")  # float32 in the published file
    shapes = sorted((qwen3_5_tensors if hybrid else qwen3_tensors)(config))
    tensors = [(name, "F32" if name.endswith(wide) else "BF16", shape) for name, shape in shapes]
    options.out_dir.mkdir(parents=True, exist_ok=True)
    path = options.out_dir / ("model.safetensors-00001-of-00001.safetensors" if hybrid else "model.safetensors")
    write_weights(path, tensors, options.seed, hybrid)
    # The published Qwen3.5 file has four spaces of indent, the Qwen3 one two; neither ends with a line break.
    (options.out_dir / "config.json").write_text(json.dumps(config, indent=4 if hybrid else 2))
    count = sum(int(np.prod(shape)) for _, _, shape in tensors)
    print(f"{path}: {len(tensors)} tensors, {count} parameters, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()

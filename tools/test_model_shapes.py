"""The shapes of the tiny random models that make_test_models.py writes.

The comment of each shape states its difference from the models in testdata with golden files. Epsilons and thetas are
unusual on purpose: a loader that ignores the configured value changes the logits by more than rounding.
"""

LLAMA = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_act": "silu",
    "bos_token_id": 1,
    "eos_token_id": 2,
    "attention_bias": False,
    "mlp_bias": False,
}
QWEN3 = {
    "architectures": ["Qwen3ForCausalLM"],
    "model_type": "qwen3",
    "hidden_act": "silu",
    "bos_token_id": 129,
    "eos_token_id": 130,
    "attention_bias": False,
    "use_sliding_window": False,
    "sliding_window": None,
    "max_position_embeddings": 4096,
    "rms_norm_eps": 1e-6,
    "hidden_size": 48,
    "intermediate_size": 112,
    "num_hidden_layers": 3,
    "num_attention_heads": 3,
    "num_key_value_heads": 1,
    "head_dim": 32,
    "vocab_size": 131,
    "tie_word_embeddings": False,
    "rope_parameters": {"rope_type": "default", "rope_theta": 1000000.0},
}
QWEN3_5 = {
    "architectures": ["Qwen3_5ForCausalLM"],
    "model_type": "qwen3_5_text",
    "hidden_act": "silu",
    "attention_bias": False,
    "attn_output_gate": True,
    "max_position_embeddings": 4096,
    "mamba_ssm_dtype": "float32",
    "dtype": "bfloat16",
}

QWEN2 = {
    "architectures": ["Qwen2ForCausalLM"],
    "model_type": "qwen2",
    "hidden_act": "silu",
    "bos_token_id": 141,
    "eos_token_id": 142,
    "use_sliding_window": False,
    "sliding_window": 64,
    "max_window_layers": 1,
    "max_position_embeddings": 1024,
    "hidden_size": 56,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 7,
    "num_key_value_heads": 1,
    "rope_parameters": {"rope_type": "default", "rope_theta": 30000.0},
    "dtype": "bfloat16",
}

# name: config; tokens: length of the text; dtype: of most tensors, with exceptions by the end of the name; shards
MODELS = {
    # Three value heads for one key head, value heads wider than key heads, layers in no regular order, a rotary part
    # of 12 of 24 dimensions, a convolution over 3 steps, an odd vocabulary and its own output matrix.
    "qwen3_5_text_untied": {
        "seed": 1,
        "tokens": 100,
        "dtype": "BF16",
        "exceptions": {"A_log": "F32", "linear_attn.norm.weight": "F32"},
        "config": QWEN3_5
        | {
            "vocab_size": 257,
            "eos_token_id": 256,
            "tie_word_embeddings": False,
            "hidden_size": 64,
            "intermediate_size": 96,
            "num_hidden_layers": 5,
            "layer_types": [
                "full_attention",
                "linear_attention",
                "linear_attention",
                "full_attention",
                "linear_attention",
            ],
            "num_attention_heads": 3,
            "num_key_value_heads": 1,
            "head_dim": 24,
            "linear_num_key_heads": 1,
            "linear_num_value_heads": 3,
            "linear_key_head_dim": 16,
            "linear_value_head_dim": 32,
            "linear_conv_kernel_dim": 3,
            "rms_norm_eps": 1e-3,
            "rope_parameters": {
                "rope_type": "default",
                "rope_theta": 20000.0,
                "partial_rotary_factor": 0.5,
                "mrope_section": [2, 2, 2],
                "mrope_interleaved": True,
            },
        },
    },
    # Two key heads for six value heads and sizes that are no multiple of 32. The layer kinds come from
    # full_attention_interval, the rotary part from its default, and mrope_section is not given. The text crosses two
    # borders of 64 tokens. dt_bias is F32 and the gated norm BF16, the reverse of the published model.
    "qwen3_5_text_ragged": {
        "seed": 51,
        "tokens": 150,
        "dtype": "BF16",
        "exceptions": {"A_log": "F32", "dt_bias": "F32"},
        "config": QWEN3_5
        | {
            "vocab_size": 200,
            "eos_token_id": 199,
            "tie_word_embeddings": True,
            "hidden_size": 72,
            "intermediate_size": 100,
            "num_hidden_layers": 4,
            "full_attention_interval": 4,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "head_dim": 64,
            "linear_num_key_heads": 2,
            "linear_num_value_heads": 6,
            "linear_key_head_dim": 16,
            "linear_value_head_dim": 16,
            "linear_conv_kernel_dim": 4,
            "rms_norm_eps": 1e-6,
            "rope_parameters": {"rope_type": "default", "rope_theta": 10000000.0},
        },
    },
    # Frequency-dependent rope scaling in the spelling of the published Llama 3 files: of the eight frequencies one
    # stays, two lie in the blended range and five are divided by eight. As many key heads as query heads.
    "llama_rope_llama3": {
        "seed": 3,
        "tokens": 120,
        "dtype": "BF16",
        "config": LLAMA
        | {
            "vocab_size": 200,
            "tie_word_embeddings": False,
            "hidden_size": 64,
            "intermediate_size": 128,
            "num_hidden_layers": 3,
            "num_attention_heads": 4,
            "num_key_value_heads": 4,
            "head_dim": 16,
            "max_position_embeddings": 512,
            "rms_norm_eps": 1e-5,
            "rope_theta": 9000.0,
            "rope_scaling": {
                "rope_type": "llama3",
                "factor": 8.0,
                "low_freq_factor": 1.0,
                "high_freq_factor": 4.0,
                "original_max_position_embeddings": 64,
            },
            "torch_dtype": "bfloat16",
        },
    },
    # An old configuration: no head_dim, num_key_value_heads or tie_word_embeddings, the rope keys at the top level.
    # Two shards with an index.
    "llama_old_config_sharded": {
        "seed": 4,
        "tokens": 80,
        "dtype": "BF16",
        "shards": 2,
        "config": LLAMA
        | {
            "vocab_size": 150,
            "hidden_size": 64,
            "intermediate_size": 112,
            "num_hidden_layers": 3,
            "num_attention_heads": 4,
            "max_position_embeddings": 2048,
            "rms_norm_eps": 1e-2,
            "rope_theta": 50000.0,
            "rope_scaling": None,
            "torch_dtype": "bfloat16",
            "transformers_version": "4.31.0",
        },
    },
    # Linear rope scaling, new spelling; two query heads share a key head.
    "llama_rope_linear": {
        "seed": 5,
        "tokens": 100,
        "dtype": "BF16",
        "config": LLAMA
        | {
            "vocab_size": 180,
            "tie_word_embeddings": True,
            "hidden_size": 64,
            "intermediate_size": 128,
            "num_hidden_layers": 3,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "head_dim": 16,
            "max_position_embeddings": 512,
            "rms_norm_eps": 1e-5,
            "rope_parameters": {"rope_type": "linear", "factor": 2.0, "rope_theta": 20000.0},
            "dtype": "bfloat16",
        },
    },
    # Three query heads of 32 on a hidden size of 48, its own output matrix, an odd vocabulary, float32 weights.
    "qwen3_untied_f32": {
        "seed": 6,
        "tokens": 90,
        "dtype": "F32",
        "config": QWEN3 | {"dtype": "float32"},
    },
    # The same shape with float16 weights.
    "qwen3_untied_f16": {
        "seed": 7,
        "tokens": 90,
        "dtype": "F16",
        "config": QWEN3 | {"dtype": "float16"},
    },
    # Biases on queries, keys and values, heads of 8 that no head_dim tells, a window that is switched off.
    "qwen2": {
        "seed": 18,
        "tokens": 110,
        "dtype": "BF16",
        "config": QWEN2 | {"vocab_size": 144, "rms_norm_eps": 1e-6, "tie_word_embeddings": True},
    },
    # The same with an output matrix of its own.
    "qwen2_untied": {
        "seed": 15,
        "tokens": 70,
        "dtype": "BF16",
        "config": QWEN2 | {"vocab_size": 143, "rms_norm_eps": 1e-4, "tie_word_embeddings": False},
    },
}

# The text model that is written in MLX's names, 4 bits in groups of 32.
MLX_QWEN3_5 = {
    "seed": 8,
    "tokens": 100,
    "dtype": "BF16",
    "exceptions": {"A_log": "F32", "linear_attn.norm.weight": "F32"},
    "config": QWEN3_5
    | {
        "vocab_size": 192,
        "eos_token_id": 191,
        "tie_word_embeddings": True,
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 4,
        "full_attention_interval": 4,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 32,
        "linear_num_key_heads": 1,
        "linear_num_value_heads": 2,
        "linear_key_head_dim": 32,
        "linear_value_head_dim": 32,
        "linear_conv_kernel_dim": 4,
        "rms_norm_eps": 1e-6,
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": 10000000.0,
            "partial_rotary_factor": 0.25,
            "mrope_section": [2, 1, 1],
            "mrope_interleaved": True,
        },
    },
}

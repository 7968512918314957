#!/usr/bin/env python3
"""Writes an f16 GGUF with random weights of a published model's shapes, for timing llama.cpp and its forks.

usage: make_random_gguf.py OUT.gguf qwen3.5-0.8b|qwen3-0.6b|smollm2-135m      (needs numpy and gguf)

The vocabulary is 256 bytes and padding: only speed is measured. llama-quantize makes other formats of it.
"""

import sys

import numpy as np
from gguf import GGUFWriter

POOL = np.random.default_rng(0).standard_normal(1 << 22, dtype=np.float32) * 0.02  # weights are cut from it


def byte_spelling():
    """The 256 characters that stand for bytes in byte-level BPE."""
    direct = [*range(33, 127), *range(161, 173), *range(174, 256)]
    spare = iter(range(256, 512))
    return [chr(byte) if byte in direct else chr(next(spare)) for byte in range(256)]


class Model:
    def __init__(self, path, architecture, vocab, hidden, ffn, layers, heads, kv_heads, head_dim, theta, eps, context):
        self.out = GGUFWriter(path, architecture)
        self.hidden, self.ffn, self.heads, self.kv_heads, self.head_dim = hidden, ffn, heads, kv_heads, head_dim
        self.offset = 0
        out = self.out
        out.add_block_count(layers)
        out.add_context_length(context)
        out.add_embedding_length(hidden)
        out.add_feed_forward_length(ffn)
        out.add_head_count(heads)
        out.add_head_count_kv(kv_heads)
        out.add_key_length(head_dim)
        out.add_value_length(head_dim)
        out.add_rope_freq_base(theta)
        out.add_layer_norm_rms_eps(eps)
        out.add_file_type(1)
        tokens = [t.encode() for t in byte_spelling()] + [b"ab"]
        tokens += [f"[PAD{i}]".encode() for i in range(len(tokens), vocab)]
        out.add_vocab_size(vocab)
        out.add_tokenizer_model("gpt2")
        out.add_token_list(tokens)
        out.add_token_types([1] * 257 + [5] * (vocab - 257))
        out.add_token_merges(["a b"])
        out.add_eos_token_id(300)
        out.add_pad_token_id(301)
        self.matrix("token_embd.weight", vocab, hidden)
        self.ones("output_norm.weight", hidden)

    def matrix(self, name, *shape):
        count = int(np.prod(shape))
        self.offset = (self.offset + 7919) % POOL.size
        values = np.resize(np.roll(POOL, -self.offset)[: min(count, POOL.size)], count)
        self.out.add_tensor(name, values.reshape(shape).astype(np.float16))

    def vector(self, name, values):
        self.out.add_tensor(name, np.asarray(values, dtype=np.float32))

    def ones(self, name, n):
        self.vector(name, np.ones(n))

    def feed_forward(self, at):
        self.matrix(at + "ffn_gate.weight", self.ffn, self.hidden)
        self.matrix(at + "ffn_up.weight", self.ffn, self.hidden)
        self.matrix(at + "ffn_down.weight", self.hidden, self.ffn)

    def attention(self, at, query_parts=1, norms=True):
        width, kv_width = self.heads * self.head_dim, self.kv_heads * self.head_dim
        self.matrix(at + "attn_q.weight", width * query_parts, self.hidden)
        self.matrix(at + "attn_k.weight", kv_width, self.hidden)
        self.matrix(at + "attn_v.weight", kv_width, self.hidden)
        self.matrix(at + "attn_output.weight", self.hidden, width)
        if norms:
            self.ones(at + "attn_q_norm.weight", self.head_dim)
            self.ones(at + "attn_k_norm.weight", self.head_dim)

    def dense_layers(self, layers, norms=True):
        """Layers of attention and feed-forward, and the end of the file."""
        for i in range(layers):
            at = f"blk.{i}."
            self.ones(at + "attn_norm.weight", self.hidden)
            self.attention(at, norms=norms)
            self.ones(at + "ffn_norm.weight", self.hidden)
            self.feed_forward(at)
        self.finish()

    def finish(self):
        self.out.write_header_to_file()
        self.out.write_kv_data_to_file()
        self.out.write_tensors_to_file()
        self.out.close()


def qwen3_5(path):
    layers, key_heads, value_heads, state = 24, 16, 16, 128
    keys, values = key_heads * state, value_heads * state
    model = Model(path, "qwen35", 248320, 1024, 3584, layers, 8, 2, 256, 1e7, 1e-6, 262144)
    out = model.out
    out.add_tokenizer_pre("qwen35")
    out.add_rope_dimension_count(64)
    out.add_rope_dimension_sections([11, 11, 10, 0])
    out.add_ssm_conv_kernel(4)
    out.add_ssm_state_size(state)
    out.add_ssm_group_count(key_heads)
    out.add_ssm_time_step_rank(value_heads)
    out.add_ssm_inner_size(values)
    out.add_uint32("qwen35.full_attention_interval", 4)
    random = np.random.default_rng(1)
    for i in range(layers):
        at = f"blk.{i}."
        model.ones(at + "attn_norm.weight", model.hidden)
        model.ones(at + "post_attention_norm.weight", model.hidden)
        if (i + 1) % 4 == 0:
            model.attention(at, query_parts=2)
        else:
            model.matrix(at + "attn_qkv.weight", 2 * keys + values, model.hidden)
            model.matrix(at + "attn_gate.weight", values, model.hidden)
            model.vector(at + "ssm_conv1d.weight", random.standard_normal((2 * keys + values, 4)) * 0.3)
            model.vector(at + "ssm_dt.bias", np.log(np.expm1(random.uniform(0.001, 0.1, value_heads))))
            model.vector(at + "ssm_a", -random.uniform(1, 16, value_heads))
            model.matrix(at + "ssm_beta.weight", value_heads, model.hidden)
            model.matrix(at + "ssm_alpha.weight", value_heads, model.hidden)
            model.ones(at + "ssm_norm.weight", state)
            model.matrix(at + "ssm_out.weight", model.hidden, values)
        model.feed_forward(at)
    model.finish()


def qwen3(path):
    layers = 28
    model = Model(path, "qwen3", 151936, 1024, 3072, layers, 16, 8, 128, 1e6, 1e-6, 40960)
    model.out.add_tokenizer_pre("qwen2")
    model.dense_layers(layers)


def smollm2(path):
    layers = 30
    model = Model(path, "llama", 49152, 576, 1536, layers, 9, 3, 64, 1e5, 1e-5, 8192)
    model.out.add_tokenizer_pre("smollm")
    model.out.add_rope_dimension_count(64)
    model.dense_layers(layers, norms=False)


SHAPES = {"qwen3.5-0.8b": qwen3_5, "qwen3-0.6b": qwen3, "smollm2-135m": smollm2}


def main():
    if len(sys.argv) != 3 or sys.argv[2] not in SHAPES:
        sys.exit(__doc__)
    SHAPES[sys.argv[2]](sys.argv[1])


if __name__ == "__main__":
    main()

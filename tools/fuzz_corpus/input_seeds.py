"""Quantized Hugging Face folders, folders that hold something else, LoRA adapters."""

import json
import struct

from fuzz_corpus.gguf_seeds import BOOL, F32, STRING, gguf
from fuzz_corpus.model_seeds import folder_input, safetensors
from fuzz_corpus.seeds import F16_ONE, F32_TWO, ROOT, compact_json, seed


def read_safetensors(path):
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    at = lambda entry: data[8 + length + entry["data_offsets"][0] : 8 + length + entry["data_offsets"][1]]
    return [(name, e["dtype"], e["shape"], at(e)) for name, e in header.items()]


def quantized_seeds():
    for folder in sorted((ROOT / "testdata" / "quantized").iterdir()):
        parts = [t for t in read_safetensors(folder / "model.safetensors") if t[0] != "expected"]
        files = {"config.json": (folder / "config.json").read_bytes(), "model.safetensors": safetensors(parts)}
        seed("hf_folder", f"quantized-{folder.name}", folder_input(files))


def mistake_seeds():
    config = {"config.json": "{}"}
    for name, content in {
        "lfs": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "html": b"<!DOCTYPE html><html>", "zip": b"PK\3\4" + bytes(60),
        "json": b'{"error":"x"}', "text": b"Entry not found", "zeros": bytes(128), "pickle": b"\x80\2}q\0.", "empty": b"",
    }.items():  # fmt: skip
        seed("hf_folder", f"mistake-{name}", folder_input({**config, "model.safetensors": content}))
        seed("safetensors", f"mistake-{name}", content)
    seed("hf_folder", "mistake-bin", folder_input({**config, "pytorch_model.bin": b"PK"}))
    seed("hf_folder", "mistake-lora", folder_input({**config, "adapter_config.json": '{"base_model_name_or_path":"a"}'}))
    empty = safetensors([("_orig_mod.a", "F16", (0,), b""), ("_orig_mod.b", "F16", (2,), F16_ONE * 2)])
    seed("hf_folder", "prefix-and-empty", folder_input({**config, "model.safetensors": empty}))


def lora_seeds():
    query = "base_model.model.model.layers.0.self_attn.q_proj."
    matrices = [(query + "lora_A.weight", "F16", (2, 4), F16_ONE * 8), (query + "lora_B.weight", "F16", (4, 2), F16_ONE * 8)]
    embedding = [("base_model.model.model.embed_tokens.lora_embedding_A", "F32", (2, 4), F32_TWO * 8),
                 ("base_model.model.model.embed_tokens.lora_embedding_B", "F32", (4, 2), F32_TWO * 8)]  # fmt: skip
    saved = [("base_model.model.lm_head.modules_to_save.default.weight", "F32", (4, 4), F32_TWO * 16)]
    config = {"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": ["q_proj"]}
    patterns = {**config, "r": 8, "use_rslora": True, "rank_pattern": {"q_proj": 2}, "alpha_pattern": {".*": 3}}
    for name, files in {
        "plain": {"adapter_config.json": compact_json(config), "adapter_model.safetensors": safetensors(matrices)},
        "patterns": {"adapter_config.json": compact_json(patterns), "adapter_model.safetensors": safetensors(matrices)},
        "embedding": {"adapter_config.json": compact_json(config), "adapter_model.safetensors": safetensors(embedding + saved)},
        "half": {"adapter_config.json": compact_json(config), "adapter_model.safetensors": safetensors(matrices[:1])},
        "dora": {"adapter_config.json": compact_json({**config, "use_dora": True}), "adapter_model.safetensors": safetensors(matrices)},
        "pissa": {"adapter_config.json": compact_json({**config, "init_lora_weights": "pissa"}), "adapter_model.safetensors": safetensors(matrices)},
    }.items():  # fmt: skip
        seed("lora", name, folder_input(files))
    keys = {"general.architecture": (STRING, "llama"), "general.type": (STRING, "adapter"), "adapter.type": (STRING, "lora"),
            "adapter.lora.alpha": (F32, 4.0)}  # fmt: skip
    pair = lambda name, a, b: [(name + ".lora_a", a, 0, F32_TWO * (a[0] * a[1])), (name + ".lora_b", b, 0, F32_TWO * (b[0] * b[1]))]
    for name, tensors in {
        "gguf": pair("blk.0.attn_q.weight", (4, 2), (2, 4)), "gguf-embedding": pair("token_embd.weight", (2, 4), (2, 4)),
        "gguf-half": pair("blk.0.ffn_up.weight", (4, 2), (2, 4))[:1], "gguf-other": pair("blk.7.attn_q.weight", (4, 2), (2, 4)),
    }.items():  # fmt: skip
        seed("lora", name, folder_input({"adapter.gguf": gguf(keys, tensors)}))
    seed("lora", "gguf-no-adapter", folder_input({"adapter.gguf": gguf({"x": (BOOL, 1)}, [])}))


def input_seeds():
    quantized_seeds()
    mistake_seeds()
    lora_seeds()

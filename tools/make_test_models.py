#!/usr/bin/env python3
"""Writes tiny random models of unusual shapes, with the float32 logits that transformers computes from them.

usage: make_test_models.py --output DIR [--source DIR] [NAME ...]     (without names: all of them)
       make_test_models.py --check DIR ...                            (recomputes the logits of model folders)

Needs the packages in requirements.txt: torch 2.15 (CPU), transformers 5.23, safetensors, numpy. --source is the folder
with the tiny `qwen3` model that the MLX folder is quantized from. The files depend on the seeds only; logits may differ
in the last digits on another machine.

A folder holds config.json, the weights, expected_logits.npy (float32 [tokens, vocabulary]) and expected.json:
  tokens, greedy_prompt (the first eight of them), greedy_continuation (24 tokens; an end token does not stop it),
  f32_vs_f64: the largest difference between these logits and those of the same weights in float64 throughout,
  greedy_margin: the smallest lead of a chosen token's logit over the next best.
"""

import argparse
import json
import pathlib
import tempfile
import zlib

import numpy as np
import torch
import transformers
from safetensors.torch import load_file
from torch.overrides import TorchFunctionMode

import mlx_affine
import safetensors_writer as st
from test_model_shapes import MLX_QWEN3_5, MODELS

PROMPT_TOKENS = 8
CONTINUATION_TOKENS = 24
LINEAR_GAIN = 1.2  # diverse logits without making the model chaotic (see f32_vs_f64)


class InDouble(TorchFunctionMode):
    """Turns the explicit float32 steps of the models (norms, softmax, delta rule) into float64 ones."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func is torch.Tensor.float:
            func = torch.Tensor.double
        args = [torch.float64 if a is torch.float32 else a for a in args]
        kwargs = {k: torch.float64 if v is torch.float32 else v for k, v in (kwargs or {}).items()}
        return func(*args, **kwargs)


def random_tensor(name, shape, seed, zero_centred_norms):
    """Float32 values that depend on the seed, the name and the shape only."""
    rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
    normal = rng.standard_normal(shape).astype(np.float32)
    if name.endswith("A_log"):
        return rng.uniform(-3.0, 2.5, shape).astype(np.float32)
    if name.endswith("dt_bias"):
        return rng.uniform(-6.0, 3.0, shape).astype(np.float32)
    if name.endswith("norm.weight"):
        centre = 0 if zero_centred_norms and not name.endswith("linear_attn.norm.weight") else 1
        return centre + 0.3 * normal
    if name.endswith("_proj.bias"):
        return 0.5 * normal
    if name.endswith(("embed_tokens.weight", "lm_head.weight", "conv1d.weight")):
        return 0.5 * normal
    return LINEAR_GAIN / np.sqrt(shape[-1]).astype(np.float32) * normal


def random_weights(spec):
    """{name: (dtype, stored array)} of a model in the Hugging Face names."""
    config = transformers.AutoConfig.for_model(**spec["config"])
    with torch.device("meta"):
        state = transformers.AutoModelForCausalLM.from_config(config).state_dict()
    tensors = {}
    for name, tensor in state.items():
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        exceptions = spec.get("exceptions", {}).items()
        dtype = next((d for end, d in exceptions if name.endswith(end)), spec["dtype"])
        zero_centred = config.model_type.startswith("qwen3_5")
        values = random_tensor(name, tuple(tensor.shape), spec["seed"], zero_centred)
        tensors[name] = (dtype, st.encode(values, dtype))
    return tensors


def write_json(path, value):
    path.write_text(json.dumps(value, indent=1) + "\n")


def write_weights(folder, tensors, shards=1, file_format="pt"):
    if shards == 1:
        st.write_file(folder / "model.safetensors", tensors, file_format)
        return
    names = sorted(tensors)
    weight_map = {}
    for shard in range(shards):
        part = names[len(names) * shard // shards : len(names) * (shard + 1) // shards]
        file = f"model-{shard + 1:05}-of-{shards:05}.safetensors"
        st.write_file(folder / file, {n: tensors[n] for n in part}, file_format)
        weight_map |= {n: file for n in part}
    total = sum(array.nbytes for _, array in tensors.values())
    index = {"metadata": {"total_size": total}, "weight_map": weight_map}
    write_json(folder / "model.safetensors.index.json", index)


def load_reference(folder):
    """The model of a folder in float32, eager attention; refuses a folder whose tensors do not fit its config."""
    model, report = transformers.AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
    )
    if any(report.values()):
        raise SystemExit(f"{folder}: {report}")
    return model.eval()


def logits_of(model, tokens):
    with torch.no_grad():
        return model(torch.tensor([tokens]), use_cache=False).logits[0].numpy()


def write_expected(folder, model, tokens, note):
    logits = logits_of(model, tokens)
    assert logits.dtype == np.float32
    text, margins = tokens[:PROMPT_TOKENS], []
    for _ in range(CONTINUATION_TOKENS):
        last = logits_of(model, text)[-1]
        second, best = np.argsort(last)[-2:]
        margins.append(float(last[best] - last[second]))
        text = text + [int(best)]
    with InDouble():
        exact = logits_of(model.double(), tokens)
    assert exact.dtype == np.float64
    difference = float(np.abs(exact - logits).max())
    np.save(folder / "expected_logits.npy", logits)
    expected = {
        "tokens": tokens,
        "greedy_prompt": tokens[:PROMPT_TOKENS],
        "greedy_continuation": text[PROMPT_TOKENS:],
        "greedy_margin": min(margins),
        "f32_vs_f64": difference,
        "dtype": "float32",
        "source": f"transformers {transformers.__version__}, torch float32 on CPU, eager attention{note}",
    }
    write_json(folder / "expected.json", expected)
    size = sum(f.stat().st_size for f in folder.iterdir() if f.is_file())
    print(
        f"{folder.name}: {size} bytes, logits {logits.shape}, std {logits.std():.2f}, "
        f"f32_vs_f64 {difference:.1e}, greedy margin {min(margins):.3f}, {len(set(text[PROMPT_TOKENS:]))} kinds"
    )


def random_text(spec):
    rng = np.random.default_rng([spec["seed"], 0])
    return rng.integers(0, spec["config"]["vocab_size"], spec["tokens"]).tolist()


def make_plain(folder, spec):
    write_json(folder / "config.json", spec["config"])
    write_weights(folder, random_weights(spec), spec.get("shards", 1))
    write_expected(folder, load_reference(folder), random_text(spec), "")


def split_quantized(tensors, group, dtype):
    """Quantizes the embedding and the Linears; returns MLX's tensors and their float32 values."""
    stored, values = {}, {}
    for name, (tag, array) in tensors.items():
        exact = st.decode(array, tag)
        if exact.ndim != 2:
            stored[name], values[name] = (tag, array), exact
            continue
        words, scales, biases = mlx_affine.quantize(exact, group, lambda x: st.encode(x, dtype))
        stem = name.removesuffix("weight")
        stored |= {name: ("U32", words), f"{stem}scales": (dtype, scales), f"{stem}biases": (dtype, biases)}
        values[name] = mlx_affine.dequantize(words, st.decode(scales, dtype), st.decode(biases, dtype))
    return stored, values


def write_mlx(folder, config, text_config, stored, values, tokens, quantization):
    """config is written to the folder; transformers runs text_config and values (Hugging Face names)."""
    write_json(folder / "config.json", config | {"quantization": quantization, "quantization_config": quantization})
    write_weights(folder, stored, file_format="mlx")
    with tempfile.TemporaryDirectory() as temporary:
        plain = pathlib.Path(temporary)
        write_json(plain / "config.json", text_config)
        write_weights(plain, {n: ("F32", np.ascontiguousarray(v, "<f4")) for n, v in values.items()})
        model = load_reference(plain)
    write_expected(folder, model, tokens, ", weights code * scale + bias in float32")


def make_mlx_qwen3(folder, source):
    """The tiny qwen3 model in groups of 64 with float16 scales."""
    config = json.loads((source / "config.json").read_text())
    tokens = json.loads((source / "expected.json").read_text())["tokens"]
    weights = load_file(source / "model.safetensors")
    tensors = {n: ("F16", st.encode(t.float().numpy(), "F16")) for n, t in weights.items()}
    stored, values = split_quantized(tensors, 64, "F16")
    keep = ("output_hidden_states", "return_dict", "id2label", "label2id", "_name_or_path", "output_attentions")
    config = {k: v for k, v in config.items() if k not in keep and v is not None} | {"torch_dtype": "float16"}
    write_mlx(folder, config, config, stored, values, tokens, {"group_size": 64, "bits": 4, "mode": "affine"})


def make_mlx_qwen3_5(folder, spec):
    """MLX's names for a multimodal model whose vision part was left out; norms hold 1 + w, conv1d is [C, K, 1]."""
    tensors = random_weights(spec)
    stored, values = {}, {}
    quantized, plain_values = split_quantized(tensors, 32, "BF16")
    for name, value in plain_values.items():
        if name.endswith("norm.weight") and not name.endswith("linear_attn.norm.weight"):
            bits = st.encode(value + np.float32(1), "BF16")
            quantized[name] = ("BF16", bits)
            value = st.decode(bits, "BF16") - np.float32(1)
        values[name] = value
    for name, (tag, array) in quantized.items():
        if name.endswith("conv1d.weight"):
            array = np.ascontiguousarray(array.transpose(0, 2, 1))
        stored[f"language_model.{name}"] = (tag, array)
    text_config = {k: v for k, v in spec["config"].items() if k != "architectures"}
    config = {
        "architectures": ["Qwen3_5ForConditionalGeneration"],
        "model_type": "qwen3_5",
        "text_config": text_config,
        "tie_word_embeddings": spec["config"]["tie_word_embeddings"],
    }
    quantization = {"group_size": 32, "bits": 4, "mode": "affine"}
    write_mlx(folder, config, spec["config"], stored, values, random_text(spec), quantization)


def check(folder):
    expected = json.loads((folder / "expected.json").read_text())
    got = logits_of(load_reference(folder), expected["tokens"])
    print(f"{folder}: largest difference {np.abs(got - np.load(folder / 'expected_logits.npy')).max():.1e}")


def main():
    here = pathlib.Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path)
    parser.add_argument("--source", type=pathlib.Path, default=here.parent / "testdata/models/qwen3")
    parser.add_argument("--check", type=pathlib.Path, nargs="+", default=[])
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)  # the order of sums must not depend on the number of cores
    for folder in options.check:
        check(folder)
    if options.output is None:
        return
    makers = {name: (lambda folder, spec=spec: make_plain(folder, spec)) for name, spec in MODELS.items()}
    makers["qwen3_mlx_4bit"] = lambda folder: make_mlx_qwen3(folder, options.source)
    makers["qwen3_5_mlx_4bit"] = lambda folder: make_mlx_qwen3_5(folder, MLX_QWEN3_5)
    for name in options.names or makers:
        folder = options.output / name
        folder.mkdir(parents=True, exist_ok=True)
        makers[name](folder)


if __name__ == "__main__":
    main()

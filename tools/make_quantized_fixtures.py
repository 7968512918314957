#!/usr/bin/env python3
"""Writes testdata/quantized: random codes and scales in the layout of each quantization method, with their values.

usage: make_quantized_fixtures.py DIR           (writes the folders)
       make_quantized_fixtures.py --check-mlx DIR  (compares the values of the MLX folders with mlx.core.dequantize)

A folder holds config.json and model.safetensors with the parts of one weight, "w.weight", and its float32 values,
"expected". The values come from the formulas of the libraries, written in numpy from their sources:
  mlx                mlx/backend/cpu/quantized.cpp
  gptq               GPTQModel, nn_modules/qlinear/__init__.py, PackableQuantLinear.dequantize_weight
  awq                AutoAWQ, awq/utils/packing_utils.py, dequantize_gemm
  compressed-tensors compressors/pack_quantized/helpers.py, quantization/lifecycle/forward_helpers.py
  fp8                transformers, integrations/finegrained/conversions.py, FineGrainedDequantize
  bitsandbytes       bitsandbytes/backends/default/ops.py, bitsandbytes/functional.py
Needs numpy only; --check-mlx needs mlx.
"""

import argparse
import json
import pathlib
import struct

import numpy as np

import safetensors_writer as st

ITEM = {"F32": 4, "F16": 2, "BF16": 2, "U32": 4, "I32": 4, "I64": 8, "I8": 1, "U8": 1, "F8_E4M3": 1, "F8_E5M2": 1}
DTYPES = {"F32": "<f4", "F16": "<f2", "BF16": "<u2", "U32": "<u4", "I32": "<i4", "I64": "<i8"}
E2M1 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6], np.float32)
AWQ_ORDER = [0, 2, 4, 6, 1, 3, 5, 7]  # of AutoAWQ's pack(): the output at each place of a word


def save(folder, config, tensors, expected):
    """tensors: {name: (dtype, stored array)}; shape () is a scalar."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config) + "\n")
    tensors = {f"w.{n}": t for n, t in tensors.items()} | {"expected": ("F32", expected.astype("<f4"))}
    order = sorted(tensors, key=lambda n: (-ITEM[tensors[n][0]], n))
    header, offset = {}, 0
    for name in order:
        dtype, array = tensors[name]
        end = offset + array.nbytes
        header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    payload = b"".join(np.ascontiguousarray(tensors[n][1], DTYPES.get(tensors[n][0], None)).tobytes() for n in order)
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + payload)


def encoded(values, dtype):
    return dtype, st.encode(values, dtype)


def rounded(values, dtype):
    """Values as the type of the scales holds them."""
    return st.decode(st.encode(values.astype(np.float32), dtype), dtype)


def bit_stream(codes, bits):
    """Words (uint32) with the codes of the last axis packed from the lowest bit on."""
    codes = np.asarray(codes, np.uint64)
    spread = (codes[..., None] >> np.arange(bits, dtype=np.uint64)) & np.uint64(1)
    spread = spread.reshape(*codes.shape[:-1], -1)
    spread = np.pad(spread, [(0, 0)] * (spread.ndim - 1) + [(0, -spread.shape[-1] % 32)])
    words = spread.reshape(*spread.shape[:-1], -1, 32) << np.arange(32, dtype=np.uint64)
    return words.sum(-1).astype("<u4")


def e4m3(codes):
    codes = codes.astype(np.int32)
    exponent, mantissa = codes >> 3 & 15, codes & 7
    value = np.where(exponent == 0, mantissa * 2.0**-9, (8 + mantissa) * 2.0 ** (exponent - 10.0))
    return np.where(codes & 128, -value, value).astype(np.float32)


def e5m2(codes):
    codes = codes.astype(np.int32)
    exponent, mantissa = codes >> 2 & 31, codes & 3
    value = np.where(exponent == 0, mantissa * 2.0**-16, (4 + mantissa) * 2.0 ** (exponent - 17.0))
    return np.where(codes & 128, -value, value).astype(np.float32)


def random_e4m3(rng, shape):
    codes = rng.integers(0, 127, shape) | rng.integers(0, 2, shape) << 7  # no NaN
    return codes.astype(np.uint8)


def small(rng, shape, dtype):
    """Random positive scales and their stored form."""
    stored = st.encode(rng.uniform(0.001, 0.02, shape).astype(np.float32), dtype)
    return stored, st.decode(stored, dtype)


def mlx(root):
    for bits, group, dtype in [(2, 64, "F16"), (3, 32, "BF16"), (4, 128, "F32"), (5, 64, "F16"), (6, 32, "F16"), (8, 64, "BF16")]:
        rng = np.random.default_rng([bits, 1])
        rows, cols = 5, 256
        codes = rng.integers(0, 1 << bits, (rows, cols))
        scales, s = small(rng, (rows, cols // group), dtype)
        biases = st.encode(rng.uniform(-1, 1, s.shape).astype(np.float32), dtype)
        b = st.decode(biases, dtype)
        value = np.repeat(s, group, 1) * codes.astype(np.float32) + np.repeat(b, group, 1)
        config = {"quantization": {"group_size": group, "bits": bits}}
        if bits == 5:  # a mixed model: the tensor's own entry
            config = {"quantization": {"group_size": 32, "bits": 4, "w": {"group_size": group, "bits": bits}}}
        parts = {"weight": ("U32", bit_stream(codes, bits)), "scales": (dtype, scales), "biases": (dtype, biases)}
        save(root / f"mlx_{bits}bit", config, parts, value)
    for mode, bits, group in [("mxfp4", 4, 32), ("mxfp8", 8, 32), ("nvfp4", 4, 16)]:
        rng = np.random.default_rng([bits, group])
        rows, cols = 4, 128
        codes = rng.integers(0, 16, (rows, cols)) if bits == 4 else random_e4m3(rng, (rows, cols)).astype(np.int64)
        values = E2M1[codes] if bits == 4 else e4m3(codes)
        scales = rng.integers(110, 130, (rows, cols // group)).astype(np.uint8)
        s = 2.0 ** (scales.astype(np.float32) - 127)
        if mode == "nvfp4":
            scales = rng.integers(1, 126, s.shape).astype(np.uint8)
            s = e4m3(scales)
        parts = {"weight": ("U32", bit_stream(codes, bits)), "scales": ("U8", scales)}
        config = {"quantization": {"group_size": group, "bits": bits, "mode": mode}}
        save(root / f"mlx_{mode}", config, parts, np.repeat(s, group, 1) * values)


def gptq(root):
    for name, bits, group, act_order, v2, dtype in [
        ("gptq_4bit", 4, 32, False, False, "F16"),
        ("gptq_4bit_act_order_v2", 4, 32, True, True, "BF16"),
        ("gptq_8bit_act_order", 8, 64, True, False, "F16"),
        ("gptq_3bit", 3, 64, False, False, "F16"),
        ("gptq_2bit", 2, 32, True, False, "F16"),
    ]:
        rng = np.random.default_rng([bits, group, v2])
        inputs, outputs = 128, 64
        codes = rng.integers(0, 1 << bits, (inputs, outputs))
        # Stored less 1 in the first format, so that a zero of 0 is none of its.
        zeros = rng.integers(0 if v2 else 1, 1 << bits, (inputs // group, outputs))
        scales, s = small(rng, zeros.shape, dtype)
        g_idx = np.arange(inputs) // group
        if act_order:
            g_idx = rng.permutation(g_idx)
        value = rounded(s[g_idx] * (codes - zeros[g_idx]).astype(np.float32), dtype)
        stored_zeros = zeros if v2 else zeros - 1
        parts = {
            "qweight": ("I32", bit_stream(codes.T, bits).T.copy()),
            "qzeros": ("I32", bit_stream(stored_zeros, bits)),
            "scales": (dtype, scales),
        }
        if act_order:
            parts["g_idx"] = ("I32", g_idx.astype("<i4"))
        quantization = {"quant_method": "gptq", "bits": bits, "group_size": group, "desc_act": act_order}
        quantization |= {"checkpoint_format": "gptq_v2"} if v2 else {}
        save(root / name, {"quantization_config": quantization}, parts, value.T)


def awq(root):
    rng = np.random.default_rng(7)
    inputs, outputs, group = 128, 48, 64
    codes = rng.integers(0, 16, (inputs, outputs))
    zeros = rng.integers(0, 16, (inputs // group, outputs))
    scales, s = small(rng, zeros.shape, "F16")
    value = rounded(np.repeat(s, group, 0) * (codes - np.repeat(zeros, group, 0)).astype(np.float32), "F16")
    pack = lambda x: bit_stream(x.reshape(x.shape[0], -1, 8)[..., AWQ_ORDER].reshape(x.shape), 4)
    parts = {"qweight": ("I32", pack(codes)), "qzeros": ("I32", pack(zeros)), "scales": ("F16", scales)}
    config = {"quant_method": "awq", "bits": 4, "group_size": group, "zero_point": True, "version": "gemm"}
    save(root / "awq", {"quantization_config": config}, parts, value.T)


def packed_ints(root):
    for name, bits, groups, zero, act_order, dtype in [
        ("ct_int4", 4, 4, None, False, "BF16"),
        ("ct_int4_zeros", 4, 4, "packed", False, "F16"),
        ("ct_int8_channel", 8, 1, None, False, "BF16"),
        ("ct_int3_act_order", 3, 2, "int8", True, "F32"),
    ]:
        rng = np.random.default_rng([bits, groups, act_order])
        rows, cols = 12, 128
        offset = 1 << (bits - 1)
        codes = rng.integers(-offset, offset, (rows, cols))
        zeros = rng.integers(-offset, offset, (rows, groups)) if zero else np.zeros((rows, groups), np.int64)
        scales, s = small(rng, (rows, groups), dtype)
        g_idx = np.arange(cols) // (cols // groups)
        if act_order:
            g_idx = rng.permutation(g_idx)
        value = rounded(s[:, g_idx] * (codes - zeros[:, g_idx]).astype(np.float32), dtype)
        parts = {
            "weight_packed": ("I32", bit_stream(codes + offset, bits)),
            "weight_shape": ("I64", np.array([rows, cols])),
            "weight_scale": (dtype, scales),
        }
        if zero == "packed":
            parts["weight_zero_point"] = ("I32", bit_stream((zeros + offset).T, bits).T.copy())
        elif zero:
            parts["weight_zero_point"] = ("I8", zeros.astype(np.int8))
        if act_order:
            parts["weight_g_idx"] = ("I32", g_idx.astype("<i4"))
        weights = {"num_bits": bits, "type": "int", "symmetric": zero is None, "strategy": "group"}
        config = {"quant_method": "compressed-tensors", "format": "pack-quantized", "config_groups": {"group_0": {"weights": weights}}}
        save(root / name, {"quantization_config": config}, parts, value)


def scaled(root):
    rng = np.random.default_rng(11)
    compressed = {"quant_method": "compressed-tensors", "format": "int-quantized"}
    codes = rng.integers(-128, 128, (6, 32)).astype(np.int8)
    scales, s = small(rng, (6, 1), "BF16")
    save(root / "ct_int8", {"quantization_config": compressed}, {"weight": ("I8", codes), "weight_scale": ("BF16", scales)},
         rounded(s * codes.astype(np.float32), "BF16"))

    codes = random_e4m3(rng, (6, 32))
    scale = np.array([0.0173], np.float32)
    save(root / "fp8_tensor", {"quantization_config": {"quant_method": "fp8"}},
         {"weight": ("F8_E4M3", codes), "weight_scale": ("F32", scale), "input_scale": ("F32", scale)}, scale * e4m3(codes))

    codes = (rng.integers(0, 124, (6, 32)) | rng.integers(0, 2, (6, 32)) << 7).astype(np.uint8)
    scales, s = small(rng, (6, 2), "F16")
    save(root / "ct_fp8_e5m2_group", {"quantization_config": compressed | {"format": "float-quantized"}},
         {"weight": ("F8_E5M2", codes), "weight_scale": ("F16", scales)},
         rounded(np.repeat(s, 16, 1) * e5m2(codes), "F16"))

    for name, dtype, rows, cols in [("fp8_blocks", "BF16", 40, 48), ("fp8_blocks_e8m0", "U8", 32, 32)]:
        block = 16
        codes = random_e4m3(rng, (rows, cols))
        grid = (-(-rows // block), -(-cols // block))
        if dtype == "U8":
            stored = rng.integers(115, 122, grid).astype(np.uint8)
            s = 2.0 ** (stored.astype(np.float32) - 127)
        else:
            stored, s = small(rng, grid, dtype)
        wide = np.repeat(np.repeat(s, block, 0), block, 1)[:rows, :cols]
        value = (wide * e4m3(codes)).astype(np.float32)
        config = {"quant_method": "fp8", "weight_block_size": [block, block], "activation_scheme": "dynamic"}
        save(root / name, {"quantization_config": config}, {"weight": ("F8_E4M3", codes), "weight_scale_inv": (dtype, stored)},
             rounded(value, "BF16") if dtype == "BF16" else value)


def packed_floats(root):
    rng = np.random.default_rng(13)
    codes = rng.integers(0, 16, (3, 64))
    packed = (codes[:, ::2] | codes[:, 1::2] << 4).astype(np.uint8)
    scales = rng.integers(110, 125, (3, 2)).astype(np.uint8)
    value = np.repeat(2.0 ** (scales.astype(np.float32) - 127), 32, 1) * E2M1[codes]
    compressed = {"quant_method": "compressed-tensors"}
    save(root / "ct_mxfp4", {"quantization_config": compressed | {"format": "mxfp4-pack-quantized"}},
         {"weight_packed": ("U8", packed), "weight_scale": ("U8", scales)}, value)
    scales = rng.integers(1, 126, (3, 4)).astype(np.uint8)
    for name, key, number in [("ct_nvfp4", "weight_global_scale", 431.7), ("modelopt_nvfp4", "weight_scale_2", 0.00231)]:
        number = np.array([number], np.float32)
        s = e4m3(scales) / number if key == "weight_global_scale" else e4m3(scales) * number
        value = rounded(np.repeat(s, 16, 1) * E2M1[codes], "BF16")
        modelopt = name.startswith("modelopt")
        config = {"quant_method": "modelopt"} if modelopt else compressed | {"format": "nvfp4-pack-quantized"}
        save(root / name, {"quantization_config": config},
             {"weight" if modelopt else "weight_packed": ("U8", packed), "weight_scale": ("F8_E4M3", scales), key: ("F32", number)}, value)


def bitsandbytes(root):
    rng = np.random.default_rng(17)
    # torch's bitsandbytes.functional.get_4bit_type("nf4"); the table is stored with each weight.
    nf4 = np.array([-1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635,
                    -0.18477343022823334, -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725,
                    0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941,
                    0.7229568362236023, 1.0], np.float32)
    rows, cols, block = 6, 96, 64
    codes = rng.integers(0, 16, rows * cols)
    packed = (codes[::2] << 4 | codes[1::2]).astype(np.uint8)[:, None]
    state = {"quant_type": "nf4", "blocksize": block, "dtype": "bfloat16", "shape": [rows, cols]}
    as_bytes = lambda s: np.frombuffer(json.dumps(s).encode(), np.uint8)
    config = {"quantization_config": {"quant_method": "bitsandbytes", "load_in_4bit": True}}
    absmax = rng.uniform(0.01, 0.1, rows * cols // block).astype(np.float32)
    value = rounded(nf4[codes] * np.repeat(absmax, block), "BF16").reshape(rows, cols)
    parts = {"weight": ("U8", packed), "weight.absmax": ("F32", absmax), "weight.quant_map": ("F32", nf4),
             "weight.quant_state.bitsandbytes__nf4": ("U8", as_bytes(state))}
    save(root / "bnb_nf4", config, parts, value)

    nested_map = np.sort(rng.uniform(-1, 1, 256)).astype(np.float32)
    quantized = rng.integers(0, 256, len(absmax)).astype(np.uint8)
    nested_block = 4
    nested = rng.uniform(0.001, 0.01, -(-len(absmax) // nested_block)).astype(np.float32)
    offset = np.float32(0.03125)
    scale = nested_map[quantized] * np.repeat(nested, nested_block)[: len(absmax)] + offset
    value = rounded(nf4[codes] * np.repeat(scale, block), "F16").reshape(rows, cols)
    state |= {"dtype": "float16", "nested_blocksize": nested_block, "nested_dtype": "float32", "nested_offset": float(offset)}
    parts |= {"weight.absmax": ("U8", quantized), "weight.nested_absmax": ("F32", nested), "weight.nested_quant_map": ("F32", nested_map),
              "weight.quant_state.bitsandbytes__nf4": ("U8", as_bytes(state))}
    save(root / "bnb_nf4_nested", config, parts, value)

    codes = rng.integers(-127, 128, (rows, cols)).astype(np.int8)
    scb = rng.uniform(0.01, 0.5, rows).astype(np.float32)
    value = codes.astype(np.float32) * scb[:, None] * np.float32(7.874015718698502e-3)
    save(root / "bnb_int8", {"quantization_config": {"quant_method": "bitsandbytes", "load_in_8bit": True}},
         {"weight": ("I8", codes), "SCB": ("F32", scb), "weight_format": ("U8", np.zeros(1, np.uint8))}, value)


def check_mlx(root):
    import mlx.core as mx

    for folder in sorted(root.glob("mlx_*")):
        quantization = json.loads((folder / "config.json").read_text())["quantization"]
        quantization = quantization.get("w", quantization)
        arrays = mx.load(str(folder / "model.safetensors"))
        mode = quantization.get("mode", "affine")
        # In float32, as the fixtures: MLX computes in the type of the scales.
        scales = arrays["w.scales"] if mode != "affine" else arrays["w.scales"].astype(mx.float32)
        biases = arrays["w.biases"].astype(mx.float32) if mode == "affine" else None
        got = mx.dequantize(arrays["w.weight"], scales, biases, quantization["group_size"], quantization["bits"], mode)
        difference = np.abs(np.array(got.astype(mx.float32)) - np.array(arrays["expected"]))
        print(f"{folder.name}: largest difference {difference.max():.1e}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--check-mlx", action="store_true")
    options = parser.parse_args()
    if options.check_mlx:
        check_mlx(options.folder)
        return
    for make in (mlx, gptq, awq, packed_ints, scaled, packed_floats, bitsandbytes):
        make(options.folder)


if __name__ == "__main__":
    main()

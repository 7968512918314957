"""MLX's 4-bit affine layout, written from its published formula; needs numpy only.

A [rows, cols] weight becomes three tensors: `weight` U32 [rows, cols/8], eight codes a word with the first one in the
lowest four bits; `scales` and `biases` [rows, cols/group]. The value is code * scale + bias of its group. The scale may
be negative: the end of the range with the larger magnitude is represented exactly.
"""

import numpy as np

LARGEST_CODE = 15
SMALLEST_SCALE = np.float32(1e-7)


def quantize(weight, group, encode):
    """(words, stored scales, stored biases). encode makes the stored form of float32 scales and biases."""
    rows, cols = weight.shape
    groups = weight.astype(np.float32).reshape(rows, cols // group, group)
    low, high = groups.min(-1), groups.max(-1)
    low_is_larger = np.abs(low) > np.abs(high)
    scale = np.maximum((high - low) / np.float32(LARGEST_CODE), SMALLEST_SCALE)
    scale = np.where(low_is_larger, scale, -scale)
    edge = np.where(low_is_larger, low, high)
    edge_code = np.rint(edge / scale)
    scale = np.where(edge_code != 0, edge / np.where(edge_code != 0, edge_code, 1), scale)
    bias = np.where(edge_code != 0, edge, 0)
    codes = np.rint((groups - bias[..., None]) / scale[..., None])  # MLX rounds with the scale before it is rounded for storage
    codes = np.clip(codes, 0, LARGEST_CODE).astype(np.uint32).reshape(rows, cols // 8, 8)
    words = np.bitwise_or.reduce(codes << np.arange(0, 32, 4, dtype=np.uint32), axis=-1)
    return words.astype("<u4"), encode(scale), encode(bias)


def dequantize(words, scales, biases):
    """Float32 weights; scales and biases are float32 values here."""
    rows, groups = scales.shape
    codes = (words[..., None] >> np.arange(0, 32, 4, dtype=np.uint32)) & LARGEST_CODE
    codes = codes.reshape(rows, groups, -1).astype(np.float32)
    return (codes * scales[..., None] + biases[..., None]).reshape(rows, -1)

// The orthogonal rotation of a matrix's input in which the trellis formats are quantized.
//
// A row w of a matrix and an input x of it are both multiplied by R = D H: D are random signs, H is
// block-diagonal of Hadamard matrices (Sylvester's order) over the square root of their size, the
// largest power of two that divides the width. (w R) · (x R) = w · x; but the weights w R look
// Gaussian and the activations x R have no outliers. H is symmetric, so w R = H (D w) as column
// vectors.
//
// The signs are those of splitmix64: with z_k its k-th output (from 0) for the seed, column c is
// negated if bit c % 64 of z_(c / 64) is set. Seed and width determine R.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cellm {

// The size of the Hadamard matrices: the largest power of two that divides cols (> 0).
constexpr std::size_t rotation_block(std::size_t cols) {
  return cols & (~cols + 1);
}

// D over the square root of the block: ±1/√block for each column, in f32.
std::vector<float> rotation_factors(std::uint32_t seed, std::size_t cols);

// row := row · R, and back, in place. The sums of a transform are made in the order of strides 1,
// 2, 4, …, as KernelTable::rotate makes them, so both give the same bits. factors: (cols).
void rotate_row(const std::vector<float>& factors, float* row);
void unrotate_row(const std::vector<float>& factors, float* row);
void rotate_row(const std::vector<float>& factors, double* row);

}  // namespace cellm

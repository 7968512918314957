// The list of weight formats.
//
// A format is one header and source in this folder: a struct that satisfies WeightFormat defines
// the bit layout of a row and the reference encoder and decoder. Better methods of choosing scales
// and codes are in quantize/. Adding a format touches its own files, FormatId, RowFormats below,
// the list in formats.cc, and a kernel hook for each CPU target that is to be faster than the
// reference.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>

#include "format/bf16.h"
#include "format/code_grid.h"
#include "format/f16.h"
#include "format/f32.h"
#include "format/f8e4m3.h"
#include "format/format_spec.h"
#include "format/i2.h"
#include "format/i4.h"
#include "format/i8.h"
#include "format/q1.h"
#include "format/tensor.h"

namespace cellm {

// See FormatSpec for the meaning of the members.
template <class F>
concept WeightFormat = requires(const float* weights, float* out, std::byte* codes,
                                const std::byte* const_codes, std::uint16_t* scales,
                                const std::uint16_t* const_scales, std::size_t n) {
  { F::kId } -> std::convertible_to<FormatId>;
  { F::kName } -> std::convertible_to<std::string_view>;
  { F::kDtype } -> std::convertible_to<std::string_view>;
  { F::kHasScales } -> std::convertible_to<bool>;
  { F::kBitsPerWeight } -> std::convertible_to<double>;
  { F::kLargest } -> std::convertible_to<float>;
  { F::row_bytes(n) } -> std::same_as<std::size_t>;
  { F::dequantize_row(const_codes, const_scales, n, n, out) } -> std::same_as<void>;
};

// A format with a reference encoder.
template <class F>
concept EncodableFormat = WeightFormat<F> &&
    requires(const float* weights, std::byte* codes, std::uint16_t* scales, std::size_t n) {
  { F::quantize_row(weights, n, n, codes, scales) } -> std::same_as<void>;
};

// A format whose weights are codes times scales.
template <class F>
concept GridFormat = EncodableFormat<F> &&
    requires(const std::uint8_t* codes, std::uint8_t* unpacked, const std::uint16_t* scales,
             std::size_t n, std::byte* out) {
  { F::kGrid } -> std::convertible_to<CodeGrid>;
  { F::kPackedBits } -> std::convertible_to<unsigned>;
  { F::pack_row(codes, scales, n, out) } -> std::same_as<void>;
  { F::unpack_row(out, n, unpacked) } -> std::same_as<void>;
};

// The formats stored in rows.
using RowFormats = std::tuple<F32, F16, BF16, I8, I4, I2, Q1, F8E4M3>;

const FormatSpec& format_spec(FormatId id);
// Whether weights are 16-bit floats.
bool is_half(FormatId id);
// By the dtype of a .cellm header.
std::optional<FormatId> find_dtype(std::string_view dtype);

// Scales of one row: cols / group, or 0 for a tensor without.
std::size_t scales_per_row(const Tensor& tensor);
std::size_t tensor_bytes(const Tensor& tensor);  // codes and scales

// Row `row` as cols floats, by the reference.
void dequantize_row(const Tensor& tensor, std::size_t row, float* out);

}  // namespace cellm

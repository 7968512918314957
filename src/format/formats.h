// The list of weight formats and what generic code may ask of one.
//
// A format is one header and source in this folder: a struct that satisfies WeightFormat. It says
// how bits lie in a row and gives the reference quantize and dequantize; how scales and codes are
// chosen with more effort is the business of convert/. Adding one touches its own files, FormatId,
// AllFormats and one Unpack per CPU target that wants to be faster than the reference.
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
#include "format/i2.h"
#include "format/i4.h"
#include "format/i8.h"
#include "format/q1.h"
#include "format/tensor.h"

namespace cellm {

template <class F>
concept WeightFormat = requires(const float* weights, float* out, std::byte* codes,
                                const std::byte* const_codes, std::uint16_t* scales,
                                const std::uint16_t* const_scales, std::size_t n) {
  { F::kId } -> std::convertible_to<FormatId>;
  { F::kName } -> std::convertible_to<std::string_view>;  // the dtype in a .cellm header
  { F::kHasScales } -> std::convertible_to<bool>;         // a companion NAME.qscale exists
  {
    F::kBitsPerWeight
    } -> std::convertible_to<double>;  // of the codes, scales inside them included
  // The largest magnitude of a weight that the reference quantizer keeps: with a larger one a code
  // or a scale would become infinite or be cut off.
  { F::kLargest } -> std::convertible_to<float>;
  { F::row_bytes(n) } -> std::same_as<std::size_t>;
  // cols finite weights of one row to codes and cols / group scales.
  { F::quantize_row(weights, n, n, codes, scales) } -> std::same_as<void>;
  { F::dequantize_row(const_codes, const_scales, n, n, out) } -> std::same_as<void>;
};

// A format whose weights are codes times scales.
template <class F>
concept CodedFormat = WeightFormat<F> &&
    requires(const std::uint8_t* codes, const std::uint16_t* scales, std::size_t n,
             std::byte* out) {
  { F::kGrid } -> std::convertible_to<CodeGrid>;
  // cols codes of one row, a byte each, to row_bytes(cols) bytes. `scales` are those that lie among
  // the codes (kGrid.block), of (cols + block − 1) / block blocks; the others are not looked at.
  { F::pack_row(codes, scales, n, out) } -> std::same_as<void>;
};

// Those that lie in rows.
using AllFormats = std::tuple<F32, F16, BF16, I8, I4, I2, Q1, F8E4M3>;
static_assert(std::tuple_size_v<AllFormats> == kRowFormatCount);

// The same as plain data, for code that meets the format at run time. The functions on rows are
// null for a format of format/trellis.h, which has none.
struct FormatInfo {
  FormatId id;
  std::string_view name;
  bool has_scales;
  double bits_per_weight;
  float largest;
  std::size_t (*row_bytes)(std::size_t cols);
  void (*quantize_row)(const float* weights, std::size_t cols, std::size_t group, std::byte* codes,
                       std::uint16_t* scales);
  void (*dequantize_row)(const std::byte* codes, const std::uint16_t* scales, std::size_t cols,
                         std::size_t group, float* out);
  const CodeGrid* grid;  // null unless the format is a CodedFormat, as is pack_row
  void (*pack_row)(const std::uint8_t* codes, const std::uint16_t* scales, std::size_t cols,
                   std::byte* out);
};

const FormatInfo& format_info(FormatId id);
std::optional<FormatId> find_format(std::string_view dtype_name);

// Scales of one row: cols / group, or 0 for a tensor without.
std::size_t scales_per_row(const Tensor& tensor);
std::size_t tensor_bytes(const Tensor& tensor);  // codes and scales

// Row `row` as cols floats, by the reference.
void dequantize_row(const Tensor& tensor, std::size_t row, float* out);

}  // namespace cellm

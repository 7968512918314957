#include "format/formats.h"

#include <array>
#include <limits>

#include "base/error.h"
#include "format/block_coding.h"
#include "format/block_formats.h"
#include "format/trellis.h"

namespace cellm {
namespace {

template <WeightFormat F>
constexpr FormatSpec spec_of() {
  FormatSpec spec{.id = F::kId,
                  .name = F::kName,
                  .dtype = F::kDtype,
                  .has_scales = F::kHasScales,
                  .bits_per_weight = F::kBitsPerWeight,
                  .largest = F::kLargest,
                  .row_bytes = F::row_bytes,
                  .dequantize_row = F::dequantize_row};
  if constexpr (EncodableFormat<F>) {
    spec.encoder = Encoder::kRound;
    spec.quantize_row = F::quantize_row;
  }
  if constexpr (GridFormat<F>) {
    spec.encoder = Encoder::kGrid;
    spec.grid = &F::kGrid;
    spec.packed_bits = F::kPackedBits;
    spec.pack_row = F::pack_row;
    spec.unpack_row = F::unpack_row;
  }
  if constexpr (requires { F::kAnyRank; }) spec.any_rank = F::kAnyRank;
  if constexpr (requires { F::kAnyGroup; }) spec.any_group = F::kAnyGroup;
  if constexpr (requires { F::kLeastError; }) spec.least_error = F::kLeastError;
  if constexpr (requires { F::kSearched; }) spec.searched = F::kSearched;
  if constexpr (requires { F::block_scale; }) spec.block_scale = F::block_scale;
  return spec;
}

template <BlockFormat F>
constexpr FormatSpec spec_of() {
  return {.id = F::kShape.format,
          .name = F::kName,
          .dtype = F::kName,
          .order = StoredOrder::kBlocks,
          .block = F::kShape.columns,
          .bits_per_weight =
              8.0 * static_cast<double>(F::kShape.bytes) / static_cast<double>(F::kShape.columns),
          .largest = kLargestCoded<F>,
          .row_bytes = [](std::size_t cols) { return cols / F::kShape.columns * F::kShape.bytes; },
          .dequantize_row = [](const std::byte* codes, const std::uint16_t* /*scales*/,
                               std::size_t cols, std::size_t /*group*/,
                               float* out) { F::dequantize_row(codes, cols, out); }};
}

template <class F>
constexpr FormatSpec kSpec = spec_of<F>();

// The list. Order: FormatId.
#define CELLM_BLOCK_SPEC(type, ...) &kSpec<type>,
constexpr std::array<const FormatSpec*, kFormatCount> kFormats{
    &kSpec<F32>,  &kSpec<F16>,
    &kSpec<BF16>, &kSpec<I8>,
    &kSpec<I4>,   &kSpec<I2>,
    &kSpec<Q1>,   &kSpec<F8E4M3>,
    &kT4Spec,     &kT3Spec,
    &kT2Spec,     &kT1HSpec,
    &kT1Spec,     CELLM_BLOCK_FORMATS(CELLM_BLOCK_SPEC)};
#undef CELLM_BLOCK_SPEC

}  // namespace

std::span<const FormatSpec* const> all_formats() {
  return kFormats;
}

const FormatSpec& format_spec(FormatId id) {
  const auto index = static_cast<std::size_t>(id);
  CELLM_CHECK(index < kFormats.size());
  return *kFormats[index];
}

bool is_half(FormatId id) {
  return format_spec(id).any_rank && format_spec(id).row_bytes(1) == sizeof(std::uint16_t);
}

std::optional<FormatId> find_dtype(std::string_view dtype) {
  for (const FormatSpec* spec : kFormats) {
    if (spec->dtype == dtype) return spec->id;
  }
  return std::nullopt;
}

std::size_t scales_per_row(const Tensor& tensor) {
  return tensor.group == 0 ? 0 : tensor.cols / tensor.group;
}

std::size_t tensor_bytes(const Tensor& tensor) {
  return tensor.rows * (format_spec(tensor.format).row_bytes(tensor.cols) +
                        scales_per_row(tensor) * sizeof(std::uint16_t));
}

void dequantize_row(const Tensor& tensor, std::size_t row, float* out) {
  const FormatSpec& spec = format_spec(tensor.format);
  spec.dequantize_row(tensor.data + row * spec.row_bytes(tensor.cols),
                      tensor.scales + row * scales_per_row(tensor), tensor.cols, tensor.group, out);
}

}  // namespace cellm

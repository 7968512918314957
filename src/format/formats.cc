#include "format/formats.h"

#include <array>

#include "base/error.h"
#include "format/trellis.h"

namespace cellm {
namespace {

template <WeightFormat F>
constexpr FormatInfo info_of() {
  FormatInfo info{F::kId,       F::kName,        F::kHasScales,     F::kBitsPerWeight, F::kLargest,
                  F::row_bytes, F::quantize_row, F::dequantize_row, nullptr,           nullptr};
  if constexpr (CodedFormat<F>) {
    info.grid = &F::kGrid;
    info.pack_row = F::pack_row;
  }
  return info;
}

template <class... F>
constexpr std::array<FormatInfo, kFormatCount> table_of(std::tuple<F...>*) {
  std::array<FormatInfo, kFormatCount> table{};
  ((table[static_cast<std::size_t>(F::kId)] = info_of<F>()), ...);
  return table;
}

// Name, bits and range of those that come in tiles.
constexpr FormatInfo tiled(FormatId id, std::string_view name, double bits) {
  return {id, name, true, bits, kLargestTrellis, nullptr, nullptr, nullptr, nullptr, nullptr};
}

constexpr auto kTable = [] {
  auto table = table_of(static_cast<AllFormats*>(nullptr));
  const auto add = [&](const FormatInfo& info) { table[static_cast<std::size_t>(info.id)] = info; };
  add(tiled(FormatId::kT4, "t4", 4.0));
  add(tiled(FormatId::kT3, "t3", 3.0));
  add(tiled(FormatId::kT2, "t2", 2.0));
  add(tiled(FormatId::kT1H, "t1h", 1.5));
  add(tiled(FormatId::kT1, "t1", 1.0));
  return table;
}();

}  // namespace

const FormatInfo& format_info(FormatId id) {
  const auto index = static_cast<std::size_t>(id);
  CELLM_CHECK(index < kTable.size());
  return kTable[index];
}

std::optional<FormatId> find_format(std::string_view dtype_name) {
  for (const auto& info : kTable) {
    if (info.name == dtype_name) return info.id;
  }
  return std::nullopt;
}

std::size_t scales_per_row(const Tensor& tensor) {
  return tensor.group == 0 ? 0 : tensor.cols / tensor.group;
}

std::size_t tensor_bytes(const Tensor& tensor) {
  return tensor.rows * (format_info(tensor.format).row_bytes(tensor.cols) +
                        scales_per_row(tensor) * sizeof(std::uint16_t));
}

void dequantize_row(const Tensor& tensor, std::size_t row, float* out) {
  const auto& info = format_info(tensor.format);
  info.dequantize_row(tensor.data + row * info.row_bytes(tensor.cols),
                      tensor.scales + row * scales_per_row(tensor), tensor.cols, tensor.group, out);
}

}  // namespace cellm

#include "format/block_formats.h"

#include <array>

namespace cellm {
namespace {

template <BlockFormat... F>
constexpr std::array<BlockFormatInfo, sizeof...(F)> table_of(std::tuple<F...>*) {
  return {BlockFormatInfo{F::kShape, F::kName, F::dequantize_row}...};
}

constexpr auto kTable = table_of(static_cast<BlockFormats*>(nullptr));

}  // namespace

std::span<const BlockFormatInfo> block_formats() {
  return kTable;
}

const BlockFormatInfo* find_block_format(FormatId id) {
  for (const BlockFormatInfo& info : kTable) {
    if (info.shape.format == id) return &info;
  }
  return nullptr;
}

}  // namespace cellm

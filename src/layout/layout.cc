#include "layout/layout.h"

#include "base/error.h"
#include "format/formats.h"

namespace cellm {

std::uint64_t PayloadSizes::scale_bytes() const {
  std::uint64_t bytes = scale_shape.empty() ? 0 : sizeof(std::uint16_t);
  for (const std::size_t n : scale_shape) bytes *= n;
  return bytes;
}

void Matrix::unpack_row(const KernelTable& /*kernels*/, std::size_t row, float* out) const {
  read_row(row, out);
}

MatrixPtr Matrix::for_int8(ThreadPool& /*pool*/) const {
  return nullptr;
}

MatrixPtr Matrix::for_bf16(const KernelTable& /*kernels*/) const {
  return nullptr;
}

const Layout& own_layout(FormatId format) {
  switch (format_spec(format).order) {
    case StoredOrder::kTiles:
      return kTileLayout;
    case StoredOrder::kBlocks:
      return kBlockLayout;
    case StoredOrder::kRows:
      break;
  }
  return kRowLayout;
}

std::optional<StoredType> find_stored_type(std::string_view dtype) {
  const std::string_view suffix = kPackedLayout.dtype_suffix;
  const bool packed = dtype.ends_with(suffix);
  if (packed) dtype.remove_suffix(suffix.size());
  const auto format = find_dtype(dtype);
  if (!format) return std::nullopt;
  if (!packed) return StoredType{*format, &own_layout(*format)};
  if (format_spec(*format).packed_bits == 0) return std::nullopt;
  return StoredType{*format, &kPackedLayout};
}

std::string stored_dtype(const StoredType& type) {
  return std::string(format_spec(type.format).dtype) + std::string(type.layout->dtype_suffix);
}

}  // namespace cellm

// The layouts of weight matrices: the order of codes and scales in memory and in a .cellm file.
//
//   rows     row after row (format/tensor.h); scales in a companion
//   packed   16 rows side by side (format/packed.h), for integer dot products
//   tiles    tiles of a trellis code (format/trellis.h)
//   blocks   rows of GGUF's blocks (format/block_formats.h), multiplied in place
//
// Every format has one layout of its own; `packed` is a second one for some of the formats in rows.
// A layout is one file in this folder and one line of the list in layout.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "layout/matrix.h"

namespace cellm {

// Sizes of the payloads of a matrix.
struct PayloadSizes {
  std::uint64_t code_bytes = 0;
  std::vector<std::size_t> scale_shape;  // of the companion of f16 scales; empty if there is none

  std::uint64_t scale_bytes() const;
};

// The unit of an encoder: a number of rows, their code bytes and scales.
struct StoredUnit {
  std::size_t rows = 1;
  std::size_t code_bytes = 0;
  std::size_t scales = 0;

  // Units that hold `of_rows` rows; for the first row of a unit also the number of units before it.
  std::size_t count(std::size_t of_rows) const { return (of_rows + rows - 1) / rows; }
};

struct Layout {
  std::string_view dtype_suffix;  // of the format's dtype in a file
  // Scales are a companion even if the format has them among its codes.
  bool scales_apart = false;
  bool has_column_scales = false;  // a companion NAME.cscale may exist
  bool has_trellis_code = false;   // MatrixShape::trellis is used

  // Whether matrices of this format and group can have this layout.
  bool (*accepts)(const MatrixShape& shape);
  // Rows and columns with their padding.
  std::array<std::size_t, 2> (*padded)(const MatrixShape& shape);
  PayloadSizes (*sizes)(const MatrixShape& shape);
  // MatrixShape::group by the shape of stored scales (empty if there are none); nullopt for a shape
  // that this layout does not allow. expected_scales(): the allowed shapes, for messages.
  std::optional<std::size_t> (*group_of)(const MatrixShape& shape,
                                         std::span<const std::size_t> scale_shape);
  std::string (*expected_scales)(const MatrixShape& shape);
  // The row of the scale at `index` of a companion.
  std::size_t (*row_of_scale)(std::span<const std::size_t> scale_shape, std::size_t index);
  StoredUnit (*unit)(const MatrixShape& shape);
  // The payloads must have the sizes of sizes().
  MatrixPtr (*open)(const MatrixShape& shape, Payloads payloads);
};

extern const Layout kRowLayout;
extern const Layout kPackedLayout;
extern const Layout kTileLayout;
extern const Layout kBlockLayout;

// The layout of a format's own.
const Layout& own_layout(FormatId format);

// The stored type of a dtype in a .cellm header.
struct StoredType {
  FormatId format;
  const Layout* layout;
};
std::optional<StoredType> find_stored_type(std::string_view dtype);
std::string stored_dtype(const StoredType& type);

}  // namespace cellm

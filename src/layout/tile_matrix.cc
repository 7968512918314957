// Tiles of a trellis code (format/trellis.h).
#include <fmt/format.h>

#include "format/rotation.h"
#include "format/trellis.h"
#include "layout/layout.h"

namespace cellm {
namespace {

TrellisWeights tiles_of(const MatrixShape& shape) {
  TrellisWeights tiles;
  tiles.format = shape.format;
  tiles.rows = shape.rows;
  tiles.cols = shape.cols;
  return tiles;
}

class TileMatrix final : public Matrix {
 public:
  TileMatrix(const MatrixShape& shape, Payloads payloads) : Matrix(shape), tiles_(tiles_of(shape)) {
    tiles_.table = find_trellis_table(shape.format, shape.trellis.table);
    tiles_.rotation = shape.trellis.rotation;
    tiles_.codes = reinterpret_cast<const std::uint8_t*>(payloads.codes);
    tiles_.scales = payloads.scales;
    tiles_.column_scales = payloads.column_scales;
    tiles_.owner = std::move(payloads.owner);
    factors_ = cellm::input_factors(tiles_);
  }

  const Layout& layout() const override { return kTileLayout; }
  Payloads payloads() const override {
    return {reinterpret_cast<const std::byte*>(tiles_.codes), tiles_.scales, tiles_.column_scales,
            tiles_.owner};
  }

  void read_row(std::size_t row, float* out) const override {
    dequantize_rotated_row(tiles_, row, out);
    unrotate_row(factors_, out);
  }
  void read_product_row(std::size_t row, float* out) const override {
    dequantize_rotated_row(tiles_, row, out);
  }
  std::span<const float> input_factors() const override { return factors_; }

  std::size_t unit_rows() const override { return kTrellisRows; }
  InputForm input_form() const override {
    return {.block = kTrellisActivationBlock,
            .rotation = tiles_.rotation,
            .column_scales = tiles_.column_scales};
  }
  void multiply(const KernelTable& kernels, const Input& input, std::size_t begin, std::size_t end,
                float* y) const override {
    const TrellisMatrix matrix{tiles_.format,       &tiles_.table->levels, tiles_.codes,
                               tiles_.scales,       tiles_.rows,           tiles_.padded_cols(),
                               tiles_.block_bytes()};
    kernels.matmul_trellis(matrix, begin, end, input.codes, y, rows());
  }

  MatrixPtr exact(ThreadPool& pool) const override { return row_matrix(dequantize(tiles_, pool)); }
  std::uint64_t exact_bytes() const override {
    return std::uint64_t{rows()} * cols() * sizeof(float);
  }

 private:
  TrellisWeights tiles_;
  std::vector<float> factors_;
};

PayloadSizes sizes(const MatrixShape& shape) {
  const TrellisWeights tiles = tiles_of(shape);
  return {tiles.code_bytes(), {tiles.row_blocks(), kTrellisRows}};
}

std::optional<std::size_t> group_of(const MatrixShape& shape,
                                    std::span<const std::size_t> scale_shape) {
  const auto expected = sizes(shape).scale_shape;
  const bool fits =
      std::equal(expected.begin(), expected.end(), scale_shape.begin(), scale_shape.end());
  return fits ? std::optional(shape.cols) : std::nullopt;
}

}  // namespace

constexpr Layout kTileLayout{
    .dtype_suffix = "",
    .has_column_scales = true,
    .has_trellis_code = true,
    .accepts = [](const MatrixShape& shape) { return trellis_shape(shape.format) != nullptr; },
    .padded =
        [](const MatrixShape& shape) {
          const TrellisWeights tiles = tiles_of(shape);
          return std::array{tiles.scale_count(), tiles.padded_cols()};
        },
    .sizes = sizes,
    .group_of = group_of,
    .expected_scales =
        [](const MatrixShape& shape) {
          return fmt::format("f16 [{}, {}]", tiles_of(shape).row_blocks(), kTrellisRows);
        },
    .row_of_scale = [](std::span<const std::size_t> /*scale_shape*/,
                       std::size_t index) { return index; },
    .unit =
        [](const MatrixShape& shape) {
          return StoredUnit{kTrellisRows, tiles_of(shape).block_bytes(), kTrellisRows};
        },
    .open = [](const MatrixShape& shape, Payloads payloads) -> MatrixPtr {
      return std::make_shared<TileMatrix>(shape, std::move(payloads));
    },
};

}  // namespace cellm

// Sixteen rows side by side (format/packed.h).
#include <fmt/format.h>

#include "base/error.h"
#include "format/formats.h"
#include "format/packed.h"
#include "layout/layout.h"

namespace cellm {
namespace {

PackedWeights packed_shape(const MatrixShape& shape) {
  const auto packed = packed_shape(shape.format, shape.rows, shape.cols, shape.group);
  CELLM_CHECK(packed);
  return *packed;
}

class PackedRows final : public Matrix {
 public:
  PackedRows(const MatrixShape& shape, Payloads payloads)
      : Matrix(shape), weights_(packed_shape(shape)) {
    weights_.codes = reinterpret_cast<const std::uint8_t*>(payloads.codes);
    weights_.scales = payloads.scales;
    weights_.owner = std::move(payloads.owner);
  }

  const Layout& layout() const override { return kPackedLayout; }
  Payloads payloads() const override {
    return {.codes = reinterpret_cast<const std::byte*>(weights_.codes),
            .scales = weights_.scales,
            .owner = weights_.owner};
  }

  void read_row(std::size_t row, float* out) const override {
    dequantize_packed_row(weights_, row, out);
  }

  std::size_t unit_rows() const override { return kPackedRows; }
  InputForm input_form() const override {
    const unsigned bits = weights_.bits();
    return {.block = activation_block(bits, weights_.group), .wide = bits == 8};
  }
  void multiply(const KernelTable& kernels, const Input& input, std::size_t begin, std::size_t end,
                float* y) const override {
    const PackedMatrix matrix{weights_.bits(),   weights_.codes,         weights_.scales,
                              weights_.rows,     weights_.padded_cols(), weights_.group,
                              weights_.groups(), weights_.block_bytes()};
    kernels.matmul_int8(matrix, begin, end, input.codes, y, rows());
  }

  MatrixPtr exact(ThreadPool& pool) const override { return row_matrix(unpack(weights_, pool)); }
  std::uint64_t exact_bytes() const override {
    return weights_.code_bytes() + weights_.scale_count() * sizeof(std::uint16_t);
  }

 private:
  PackedWeights weights_;
};

// A group of packed scales is 32 or 128 columns, or the row.
std::optional<std::size_t> group_of(const MatrixShape& shape,
                                    std::span<const std::size_t> scale_shape) {
  for (const std::size_t group : {shape.cols, std::size_t{32}, std::size_t{128}}) {
    const auto packed = packed_shape(shape.format, shape.rows, shape.cols, group);
    if (!packed) continue;
    const std::array expected{packed->row_blocks(), packed->groups(), kPackedRows};
    if (std::equal(expected.begin(), expected.end(), scale_shape.begin(), scale_shape.end())) {
      return format_spec(shape.format).has_scales ? group : 0;
    }
  }
  return std::nullopt;
}

PayloadSizes sizes(const MatrixShape& shape) {
  const PackedWeights packed = packed_shape(shape);
  return {packed.code_bytes(), {packed.row_blocks(), packed.groups(), kPackedRows}};
}

}  // namespace

constexpr Layout kPackedLayout{
    .dtype_suffix = kPackedSuffix,
    .scales_apart = true,
    .accepts =
        [](const MatrixShape& shape) {
          return packed_shape(shape.format, shape.rows, shape.cols, shape.group).has_value();
        },
    .padded =
        [](const MatrixShape& shape) {
          PackedWeights packed;
          packed.rows = shape.rows;
          packed.cols = shape.cols;
          return std::array{packed.row_blocks() * kPackedRows, packed.padded_cols()};
        },
    .sizes = sizes,
    .group_of = group_of,
    .expected_scales =
        [](const MatrixShape& shape) {
          return fmt::format("f16 [{}, groups, {}]", (shape.rows + kPackedRows - 1) / kPackedRows,
                             kPackedRows);
        },
    .row_of_scale =
        [](std::span<const std::size_t> scale_shape, std::size_t index) {
          const std::size_t groups = scale_shape[1];
          return index / (groups * kPackedRows) * kPackedRows + index % kPackedRows;
        },
    .unit =
        [](const MatrixShape& shape) {
          const PackedWeights packed = packed_shape(shape);
          return StoredUnit{kPackedRows, packed.block_bytes(), packed.groups() * kPackedRows};
        },
    .open = [](const MatrixShape& shape, Payloads payloads) -> MatrixPtr {
      return std::make_shared<PackedRows>(shape, std::move(payloads));
    },
};

}  // namespace cellm

// Rows in the usual order (format/tensor.h).
#include <algorithm>

#include <fmt/format.h>

#include "format/formats.h"
#include "format/packed.h"
#include "layout/layout.h"

namespace cellm {
namespace {

// Rows a thread multiplies at a time.
constexpr std::size_t kUnitRows = 16;
// Matrices with fewer rows (in_proj_a, in_proj_b) are sensitive and take no time.
constexpr std::size_t kMinBf16Rows = 64;

MatrixShape shape_of(const Tensor& tensor) {
  return {.format = tensor.format, .rows = tensor.rows, .cols = tensor.cols, .group = tensor.group};
}

class RowMatrix final : public Matrix {
 public:
  RowMatrix(Tensor tensor, bool bf16)
      : Matrix(shape_of(tensor)), tensor_(std::move(tensor)), bf16_(bf16) {}

  const Layout& layout() const override { return kRowLayout; }
  Payloads payloads() const override {
    return {.codes = tensor_.data, .scales = tensor_.scales, .owner = tensor_.owner};
  }
  const Tensor* as_rows() const override { return &tensor_; }

  void read_row(std::size_t row, float* out) const override { dequantize_row(tensor_, row, out); }
  void unpack_row(const KernelTable& kernels, std::size_t row, float* out) const override {
    const WeightMatrix w = weights();
    const WeightRow weight_row{w.codes + row * w.row_bytes, w.scales + row * w.row_scales, w.cols,
                               w.group};
    kernels.unpack[static_cast<std::size_t>(w.format)](weight_row, 0, w.cols, out);
  }

  std::size_t unit_rows() const override { return kUnitRows; }
  InputForm input_form() const override { return {.bf16 = bf16_}; }
  void multiply(const KernelTable& kernels, const Input& input, std::size_t begin, std::size_t end,
                float* y) const override {
    const std::size_t row_begin = begin * kUnitRows;
    const std::size_t row_end = std::min(rows(), end * kUnitRows);
    if (bf16_) {
      kernels.matmul_bf16(kernels, weights(), row_begin, row_end, input.bf16, cols(), input.tokens,
                          y, rows());
    } else {
      kernels.matmul(kernels, weights(), row_begin, row_end, input.x, cols(), input.tokens, y,
                     rows());
    }
  }

  MatrixPtr exact(ThreadPool& /*pool*/) const override { return nullptr; }
  std::uint64_t exact_bytes() const override { return 0; }
  MatrixPtr for_int8(ThreadPool& pool) const override {
    const auto packed = pack(tensor_, pool);
    if (!packed) return nullptr;
    return kPackedLayout.open(shape(), {.codes = reinterpret_cast<const std::byte*>(packed->codes),
                                        .scales = packed->scales,
                                        .owner = packed->owner});
  }
  std::uint64_t int8_bytes() const override { return packed_bytes(tensor_); }
  MatrixPtr for_bf16(const KernelTable& kernels) const override {
    if (bf16_ || !is_half(format()) || rows() < kMinBf16Rows || kernels.matmul_bf16 == nullptr)
      return nullptr;
    return std::make_shared<RowMatrix>(tensor_, true);
  }

 private:
  WeightMatrix weights() const {
    return {tensor_.format,         reinterpret_cast<const unsigned char*>(tensor_.data),
            tensor_.scales,         tensor_.cols,
            tensor_.group,          format_spec(tensor_.format).row_bytes(tensor_.cols),
            scales_per_row(tensor_)};
  }

  Tensor tensor_;
  bool bf16_;  // weights and activations are rounded to bf16
};

std::optional<std::size_t> group_of(const MatrixShape& shape,
                                    std::span<const std::size_t> scale_shape) {
  if (scale_shape.empty()) {
    return format_spec(shape.format).has_scales ? std::nullopt : std::optional<std::size_t>(0);
  }
  const std::size_t groups = scale_shape.size() == 2 ? scale_shape[1] : 1;
  if (scale_shape.size() > 2 || scale_shape[0] != shape.rows || shape.cols % groups != 0) {
    return std::nullopt;
  }
  return shape.cols / groups;
}

PayloadSizes sizes(const MatrixShape& shape) {
  PayloadSizes sizes{shape.rows * format_spec(shape.format).row_bytes(shape.cols), {}};
  if (shape.group == 0) return sizes;
  // Version 1 of the file has one scale for each row as a vector, groups as a matrix.
  sizes.scale_shape.push_back(shape.rows);
  if (shape.group != shape.cols) sizes.scale_shape.push_back(shape.cols / shape.group);
  return sizes;
}

}  // namespace

MatrixPtr row_matrix(Tensor tensor) {
  return std::make_shared<RowMatrix>(std::move(tensor), false);
}

MatrixPtr float_matrix(std::size_t rows, std::size_t cols, const float* values,
                       std::shared_ptr<const void> owner) {
  return row_matrix({.format = FormatId::kF32,
                     .rows = rows,
                     .cols = cols,
                     .data = reinterpret_cast<const std::byte*>(values),
                     .owner = std::move(owner)});
}

constexpr Layout kRowLayout{
    .dtype_suffix = "",
    .accepts =
        [](const MatrixShape& shape) {
          return format_spec(shape.format).order == StoredOrder::kRows;
        },
    .padded =
        [](const MatrixShape& shape) {
          return std::array{shape.rows, shape.cols};
        },
    .sizes = sizes,
    .group_of = group_of,
    .expected_scales =
        [](const MatrixShape& shape) {
          return fmt::format("f16 [{}] or [{}, groups]", shape.rows, shape.rows);
        },
    .row_of_scale =
        [](std::span<const std::size_t> scale_shape, std::size_t index) {
          return scale_shape.size() == 2 ? index / scale_shape[1] : index;
        },
    .unit =
        [](const MatrixShape& shape) {
          return StoredUnit{1, format_spec(shape.format).row_bytes(shape.cols),
                            shape.group == 0 ? 0 : shape.cols / shape.group};
        },
    .open =
        [](const MatrixShape& shape, Payloads payloads) {
          return row_matrix({.format = shape.format,
                             .rows = shape.rows,
                             .cols = shape.cols,
                             .group = shape.group,
                             .data = payloads.codes,
                             .scales = payloads.scales,
                             .owner = std::move(payloads.owner)});
        },
};

}  // namespace cellm

// Rows of blocks that hold their own scales (format/block_formats.h), multiplied where they lie.
#include <algorithm>

#include "format/block_shape.h"
#include "format/formats.h"
#include "layout/layout.h"

namespace cellm {
namespace {

constexpr std::size_t kUnitRows = 16;

class BlocksMatrix final : public Matrix {
 public:
  BlocksMatrix(const MatrixShape& shape, Payloads payloads)
      : Matrix(shape), spec_(format_spec(shape.format)), payloads_(std::move(payloads)) {}

  const Layout& layout() const override { return kBlockLayout; }
  Payloads payloads() const override { return payloads_; }

  void read_row(std::size_t row, float* out) const override {
    const std::byte* codes = payloads_.codes + row * spec_.row_bytes(cols());
    spec_.dequantize_row(codes, nullptr, cols(), 0, out);
  }

  std::size_t unit_rows() const override { return kUnitRows; }
  InputForm input_form() const override { return {.block = kBlockActivations, .half_sums = true}; }
  void multiply(const KernelTable& kernels, const Input& input, std::size_t begin, std::size_t end,
                float* y) const override {
    const BlockMatrix matrix{format(), reinterpret_cast<const unsigned char*>(payloads_.codes),
                             rows(), cols(), spec_.row_bytes(cols())};
    kernels.matmul_blocks(matrix, begin * kUnitRows, std::min(rows(), end * kUnitRows), input.codes,
                          y, rows());
  }

  // Unpacked where they lie, row by row in each product.
  MatrixPtr exact(ThreadPool& /*pool*/) const override {
    return row_matrix({.format = format(),
                       .rows = rows(),
                       .cols = cols(),
                       .data = payloads_.codes,
                       .owner = payloads_.owner});
  }
  std::uint64_t exact_bytes() const override { return 0; }

 private:
  const FormatSpec& spec_;
  Payloads payloads_;
};

}  // namespace

constexpr Layout kBlockLayout{
    .dtype_suffix = "",
    .accepts =
        [](const MatrixShape& shape) {
          const FormatSpec& spec = format_spec(shape.format);
          return spec.order == StoredOrder::kBlocks && shape.cols % spec.block == 0;
        },
    .padded =
        [](const MatrixShape& shape) {
          return std::array{shape.rows, shape.cols};
        },
    .sizes =
        [](const MatrixShape& shape) {
          return PayloadSizes{shape.rows * format_spec(shape.format).row_bytes(shape.cols), {}};
        },
    .group_of =
        [](const MatrixShape& /*shape*/, std::span<const std::size_t> scale_shape) {
          return scale_shape.empty() ? std::optional<std::size_t>(0) : std::nullopt;
        },
    .expected_scales = [](const MatrixShape& /*shape*/) { return std::string("none"); },
    .row_of_scale = [](std::span<const std::size_t> /*scale_shape*/,
                       std::size_t index) { return index; },
    .unit =
        [](const MatrixShape& shape) {
          return StoredUnit{1, format_spec(shape.format).row_bytes(shape.cols), 0};
        },
    .open = [](const MatrixShape& shape, Payloads payloads) -> MatrixPtr {
      return std::make_shared<BlocksMatrix>(shape, std::move(payloads));
    },
};

}  // namespace cellm

// A matrix of weights in one of the layouts of layout/layout.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "base/thread_pool.h"
#include "format/format_id.h"
#include "format/tensor.h"
#include "format/trellis.h"
#include "kernels/kernel_table.h"

namespace cellm {

struct Layout;

struct MatrixShape {
  FormatId format = kExactFormat;
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t group = 0;     // columns that share a companion scale; 0 if there is none
  TrellisCode trellis = {};  // of a trellis format
};

// The payloads of a matrix, of Layout::sizes(), in memory that `owner` keeps alive.
struct Payloads {
  const std::byte* codes = nullptr;
  const std::uint16_t* scales = nullptr;         // f16 bits; null if there are none
  const std::uint16_t* column_scales = nullptr;  // f16 bits, (cols); null if there are none
  std::shared_ptr<const void> owner = nullptr;
};

// The form of activations in products with a matrix. Products of matrices with equal forms share
// one prepared input.
struct InputForm {
  bool bf16 = false;
  std::size_t block = 0;   // columns that share a scale of 8-bit codes; 0: no codes
  bool wide = false;       // also the codes as 16-bit numbers, if the CPU target uses them
  bool half_sums = false;  // also sums of 16 codes
  std::optional<std::uint32_t> rotation = std::nullopt;  // seed of format/rotation.h
  const std::uint16_t* column_scales = nullptr;          // multiplied before the rotation
  bool operator==(const InputForm&) const = default;
};

// Activations in the form of a matrix. All pointers: (tokens, cols or padded cols).
struct Input {
  InputForm form;
  const float* x = nullptr;
  std::size_t tokens = 0;
  const std::uint16_t* bf16 = nullptr;
  QuantizedActivations codes{};
};

class Matrix;
using MatrixPtr = std::shared_ptr<const Matrix>;

// Immutable, so it may be read from any thread.
class Matrix {
 public:
  explicit Matrix(const MatrixShape& shape) : shape_(shape) {}
  virtual ~Matrix() = default;
  Matrix(const Matrix&) = delete;
  Matrix& operator=(const Matrix&) = delete;

  const MatrixShape& shape() const { return shape_; }
  FormatId format() const { return shape_.format; }
  std::size_t rows() const { return shape_.rows; }
  std::size_t cols() const { return shape_.cols; }

  virtual const Layout& layout() const = 0;
  virtual Payloads payloads() const = 0;

  // Row `row` as cols floats, by the format's reference decoder.
  virtual void read_row(std::size_t row, float* out) const = 0;
  // The same values, by the kernels where they have a function for it.
  virtual void unpack_row(const KernelTable& kernels, std::size_t row, float* out) const;

  // Products. A unit of work is unit_rows() rows; the last one may have fewer.
  virtual std::size_t unit_rows() const = 0;
  std::size_t units() const { return (rows() + unit_rows() - 1) / unit_rows(); }
  virtual InputForm input_form() const = 0;
  // y[t · rows + r] = Σ_c w[r][c] · x[t][c] for the rows of units [begin, end) and all tokens. An
  // output depends on its row and token alone, bit by bit.
  virtual void multiply(const KernelTable& kernels, const Input& input, std::size_t begin,
                        std::size_t end, float* y) const = 0;

  // Factors of the input before its rotation, signs of the rotation included, (cols);
  // empty if the input is not rotated.
  virtual std::span<const float> input_factors() const { return {}; }
  // The row that is multiplied by the rotated input; the row itself if the input is not rotated.
  virtual void read_product_row(std::size_t row, float* out) const { read_row(row, out); }

  // The matrix as a tensor of rows; null in other layouts.
  virtual const Tensor* as_rows() const { return nullptr; }

  // The same weights for exact products; null if this matrix has that form already. exact_bytes():
  // the memory that exact() allocates.
  virtual MatrixPtr exact(ThreadPool& pool) const = 0;
  virtual std::uint64_t exact_bytes() const = 0;
  // The same weights in the layout for products with 8-bit activations; null if there is none or
  // this matrix has it already. int8_bytes(): the memory that for_int8() allocates.
  virtual MatrixPtr for_int8(ThreadPool& pool) const;
  virtual std::uint64_t int8_bytes() const { return 0; }
  // The same weights for products in bf16; null if there are none.
  virtual MatrixPtr for_bf16(const KernelTable& kernels) const;

 private:
  MatrixShape shape_;
};

// A matrix of rows: `tensor` may be in any format but a trellis code.
MatrixPtr row_matrix(Tensor tensor);
// One of floats, (rows, cols), in memory that `owner` keeps alive.
MatrixPtr float_matrix(std::size_t rows, std::size_t cols, const float* values,
                       std::shared_ptr<const void> owner);

}  // namespace cellm

// The numbers of a stored tensor: scales, zero points, indices.
#pragma once

#include <cstddef>
#include <cstdint>

#include "io/stored_tensors.h"

namespace cellm {

// The types whose numbers are read as floats: F64, F32, F16, BF16, F8_E4M3, F8_E5M2, F8_E8M0, I8,
// U8.
enum class NumberType : std::uint8_t { kF64, kF32, kF16, kBF16, kE4M3, kE5M2, kE8M0, kI8, kU8 };

// A view of a tensor's numbers in row-major order. Keeps the file alive.
class Numbers {
 public:
  // Throws Error(kData), naming `where`, for another type.
  Numbers(const StoredTensor& tensor, std::string_view where);

  std::size_t count() const { return count_; }
  float operator[](std::size_t index) const;
  NumberType type() const { return type_; }
  void read_bytes_as(NumberType type) { type_ = type; }  // of a type of one byte

 private:
  StoredTensor tensor_;
  NumberType type_;
  std::size_t count_;
};

// A value as the type of the scales holds it: rounded to f16 or bf16, unchanged for others.
float rounded_as(NumberType type, float value);

// The number of elements of a shape.
std::size_t element_count(const StoredTensor& tensor);

}  // namespace cellm

#include "io/quantized/numbers.h"

#include <array>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "format/half.h"
#include "io/quantized/codes.h"

namespace cellm {
namespace {

constexpr std::array<std::pair<std::string_view, NumberType>, 9> kTypes{
    {{"F64", NumberType::kF64},
     {"F32", NumberType::kF32},
     {"F16", NumberType::kF16},
     {"BF16", NumberType::kBF16},
     {"F8_E4M3", NumberType::kE4M3},
     {"F8_E5M2", NumberType::kE5M2},
     {"F8_E8M0", NumberType::kE8M0},
     {"I8", NumberType::kI8},
     {"U8", NumberType::kU8}}};

NumberType type_of(const StoredTensor& tensor, std::string_view where) {
  for (const auto& [name, type] : kTypes) {
    if (name == tensor.dtype) return type;
  }
  throw data_error("{}: {} is {}, which holds no numbers of this kind", where,
                   printable(tensor.name), tensor.dtype);
}

template <class T>
T element(const StoredTensor& tensor, std::size_t index) {
  T value;
  std::memcpy(&value, tensor.bytes.data() + index * sizeof(T), sizeof(T));
  return value;
}

}  // namespace

std::size_t element_count(const StoredTensor& tensor) {
  std::size_t count = 1;
  for (const std::size_t dimension : tensor.shape) count *= dimension;
  return count;
}

Numbers::Numbers(const StoredTensor& tensor, std::string_view where)
    : tensor_(tensor), type_(type_of(tensor, where)), count_(element_count(tensor)) {}

float Numbers::operator[](std::size_t index) const {
  switch (type_) {
    case NumberType::kF64:
      return static_cast<float>(element<double>(tensor_, index));
    case NumberType::kF32:
      return element<float>(tensor_, index);
    case NumberType::kF16:
      return f16_to_f32(element<std::uint16_t>(tensor_, index));
    case NumberType::kBF16:
      return bf16_to_f32(element<std::uint16_t>(tensor_, index));
    case NumberType::kE4M3:
      return e4m3_to_f32(element<std::uint8_t>(tensor_, index));
    case NumberType::kE5M2:
      return e5m2_to_f32(element<std::uint8_t>(tensor_, index));
    case NumberType::kE8M0:
      return e8m0_to_f32(element<std::uint8_t>(tensor_, index));
    case NumberType::kI8:
      return static_cast<float>(element<std::int8_t>(tensor_, index));
    case NumberType::kU8:
      break;
  }
  return static_cast<float>(element<std::uint8_t>(tensor_, index));
}

float rounded_as(NumberType type, float value) {
  if (type == NumberType::kF16) return f16_to_f32(f32_to_f16(value));
  if (type == NumberType::kBF16) return bf16_to_f32(f32_to_bf16(value));
  return value;
}

}  // namespace cellm

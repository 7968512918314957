#include "io/gguf_value.h"

#include <cmath>
#include <cstring>
#include <optional>

#include "base/byte_reader.h"
#include "base/error.h"

namespace cellm {
namespace {

std::string_view type_name(GgufType type) {
  switch (type) {
    case GgufType::kString:
      return "a string";
    case GgufType::kArray:
      return "an array";
    case GgufType::kBool:
      return "a boolean";
    case GgufType::kF32:
    case GgufType::kF64:
      return "a float";
    default:
      return "an integer";
  }
}

template <class T>
T load(std::span<const std::byte> bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

// The integer or boolean in `bytes`; nothing for other types and for what int64 cannot hold.
std::optional<std::int64_t> to_integer(GgufType type, std::span<const std::byte> bytes) {
  switch (type) {
    case GgufType::kU8:
    case GgufType::kBool:
      return load<std::uint8_t>(bytes);
    case GgufType::kI8:
      return load<std::int8_t>(bytes);
    case GgufType::kU16:
      return load<std::uint16_t>(bytes);
    case GgufType::kI16:
      return load<std::int16_t>(bytes);
    case GgufType::kU32:
      return load<std::uint32_t>(bytes);
    case GgufType::kI32:
      return load<std::int32_t>(bytes);
    case GgufType::kI64:
      return load<std::int64_t>(bytes);
    case GgufType::kU64: {
      const auto value = load<std::uint64_t>(bytes);
      if (value > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
      return static_cast<std::int64_t>(value);
    }
    default:
      return std::nullopt;
  }
}

}  // namespace

std::size_t gguf_number_bytes(GgufType type) {
  switch (type) {
    case GgufType::kU8:
    case GgufType::kI8:
    case GgufType::kBool:
      return 1;
    case GgufType::kU16:
    case GgufType::kI16:
      return 2;
    case GgufType::kU32:
    case GgufType::kI32:
    case GgufType::kF32:
      return 4;
    case GgufType::kU64:
    case GgufType::kI64:
    case GgufType::kF64:
      return 8;
    case GgufType::kString:
    case GgufType::kArray:
      return 0;
  }
  return 0;
}

void GgufValue::fail(std::string_view expected) const {
  throw data_error("{}: key '{}': expected {}, found {}", file_, printable(key_), expected,
                   type_name(type_));
}

std::uint64_t GgufValue::as_uint(std::uint64_t min, std::uint64_t max) const {
  if (type_ == GgufType::kBool) fail("an integer");
  const auto value = to_integer(type_, bytes_);
  if (!value) {
    if (type_ == GgufType::kU64)
      throw data_error("{}: key '{}' is too large", file_, printable(key_));
    fail("an integer");
  }
  if (*value < 0 || static_cast<std::uint64_t>(*value) < min ||
      static_cast<std::uint64_t>(*value) > max) {
    throw data_error("{}: key '{}': expected {} to {}, found {}", file_, printable(key_), min, max,
                     *value);
  }
  return static_cast<std::uint64_t>(*value);
}

double GgufValue::as_number() const {
  double value = 0;
  if (type_ == GgufType::kF32) {
    value = load<float>(bytes_);
  } else if (type_ == GgufType::kF64) {
    value = load<double>(bytes_);
  } else {
    const auto integer = to_integer(type_, bytes_);
    if (!integer || type_ == GgufType::kBool) fail("a number");
    value = static_cast<double>(*integer);
  }
  if (!std::isfinite(value)) {
    throw data_error("{}: key '{}': expected a finite number", file_, printable(key_));
  }
  return value;
}

bool GgufValue::as_bool() const {
  if (type_ != GgufType::kBool) fail("a boolean");
  return load<std::uint8_t>(bytes_) != 0;
}

std::string_view GgufValue::as_string() const {
  if (type_ != GgufType::kString) fail("a string");
  return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
}

std::size_t GgufValue::array_size() const {
  if (type_ != GgufType::kArray) fail("an array");
  return count_;
}

std::vector<std::int64_t> GgufValue::as_integers() const {
  if (type_ != GgufType::kArray) fail("an array of integers");
  const std::size_t size = gguf_number_bytes(element_type_);
  std::vector<std::int64_t> result;
  result.reserve(count_);  // the elements were seen in the file
  for (std::size_t i = 0; i < count_; ++i) {
    const auto value =
        size == 0 ? std::nullopt : to_integer(element_type_, bytes_.subspan(i * size, size));
    if (!value) {
      throw data_error("{}: key '{}': expected an array of integers, element {} is none", file_,
                       printable(key_), i);
    }
    result.push_back(*value);
  }
  return result;
}

std::vector<std::string_view> GgufValue::as_strings() const {
  if (type_ != GgufType::kArray) fail("an array of strings");
  if (element_type_ != GgufType::kString && count_ != 0) {
    throw data_error("{}: key '{}': expected an array of strings, found one of other elements",
                     file_, printable(key_));
  }
  ByteReader reader(bytes_, file_);
  std::vector<std::string_view> result;
  result.reserve(count_);
  for (std::size_t i = 0; i < count_; ++i) {
    result.push_back(reader.read_text(reader.read<std::uint64_t>("string length"), "string"));
  }
  return result;
}

}  // namespace cellm

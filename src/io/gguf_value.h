// A metadata value of a GGUF file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace cellm {

// The numbers of the format.
enum class GgufType : std::uint32_t {
  kU8 = 0,
  kI8 = 1,
  kU16 = 2,
  kI16 = 3,
  kU32 = 4,
  kI32 = 5,
  kF32 = 6,
  kBool = 7,
  kString = 8,
  kArray = 9,
  kU64 = 10,
  kI64 = 11,
  kF64 = 12,
};

// A metadata value in place in the file: its bounds are checked, its value is decoded on access.
// All accessors throw Error(kData) naming the file, the key, what was expected and what was found.
class GgufValue {
 public:
  GgufValue(std::string_view file, std::string_view key, GgufType type,
            std::span<const std::byte> bytes, GgufType element_type, std::size_t count)
      : file_(file),
        key_(key),
        type_(type),
        element_type_(element_type),
        count_(count),
        bytes_(bytes) {}

  std::string_view key() const { return key_; }
  GgufType type() const { return type_; }

  std::uint64_t as_uint(std::uint64_t min = 0,
                        std::uint64_t max = static_cast<std::uint64_t>(INT64_MAX)) const;
  double as_number() const;  // of an integer or a float; finite
  bool as_bool() const;
  std::string_view as_string() const;  // points into the file

  std::size_t array_size() const;                    // elements; throws if this is no array
  std::vector<std::int64_t> as_integers() const;     // of an array of integers or booleans
  std::vector<std::string_view> as_strings() const;  // of an array of strings

 private:
  [[noreturn]] void fail(std::string_view expected) const;

  std::string_view file_;
  std::string_view key_;
  GgufType type_;
  GgufType element_type_;  // if this is an array
  std::size_t count_;      // its elements
  // A string's characters, an array's elements as they are stored, or the number.
  std::span<const std::byte> bytes_;
};

// Bytes of a number or boolean; 0 for strings and arrays, whose size varies.
std::size_t gguf_number_bytes(GgufType type);

}  // namespace cellm

// Bounded little-endian reading of untrusted bytes.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace cellm {

static_assert(std::endian::native == std::endian::little,
              "cellm reads little-endian files in place");

// A cursor over a byte range. Every read checks the remaining size first and throws Error(kData)
// that names the source, the offset and the field. No count is used for an allocation before it is
// known to fit.
class ByteReader {
 public:
  // `source` names the file in messages and must outlive the reader, as must `bytes`.
  ByteReader(std::span<const std::byte> bytes, std::string_view source)
      : bytes_(bytes), source_(source) {}

  std::size_t offset() const { return offset_; }
  std::size_t remaining() const { return bytes_.size() - offset_; }

  template <class T>
  requires std::integral<T> || std::floating_point<T> T read(std::string_view field) {
    const auto raw = read_bytes(sizeof(T), field);
    T value;
    std::memcpy(&value, raw.data(), sizeof(T));
    return value;
  }

  std::span<const std::byte> read_bytes(std::uint64_t size, std::string_view field) {
    if (size > remaining()) {
      throw data_error("{}: {} at byte {} needs {} bytes, but only {} are left", source_, field,
                       offset_, size, remaining());
    }
    const auto result = bytes_.subspan(offset_, static_cast<std::size_t>(size));
    offset_ += static_cast<std::size_t>(size);
    return result;
  }

  std::string_view read_text(std::uint64_t size, std::string_view field) {
    const auto raw = read_bytes(size, field);
    return {reinterpret_cast<const char*>(raw.data()), raw.size()};
  }

  // Reads a count of elements of at least `min_element_bytes` each. Refuses a count that cannot fit
  // into the remaining bytes, so that the caller may reserve that many.
  template <std::unsigned_integral T>
  std::size_t read_count(std::size_t min_element_bytes, std::string_view field) {
    const T count = read<T>(field);
    if (count > remaining() / min_element_bytes) {
      throw data_error("{}: {} says {} elements, but only {} bytes are left", source_, field, count,
                       remaining());
    }
    return static_cast<std::size_t>(count);
  }

  const std::string_view& source() const { return source_; }

 private:
  std::span<const std::byte> bytes_;
  std::string_view source_;
  std::size_t offset_ = 0;
};

}  // namespace cellm

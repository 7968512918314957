// The header of a GGUF file to write: version 3, little-endian, aligned to 32 bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/flat_writer.h"
#include "io/gguf_value.h"

namespace cellm {

// Keys and values in the order in which they are added. A key must not be added twice.
class GgufMetadata {
 public:
  void add_u32(std::string_view key, std::uint64_t value);  // throws Error(kData) beyond 32 bits
  void add_f32(std::string_view key, double value);
  void add_bool(std::string_view key, bool value);
  void add_string(std::string_view key, std::string_view value);
  void add_i32s(std::string_view key, std::span<const std::int32_t> values);
  void add_bools(std::string_view key, const std::vector<bool>& values);
  void add_strings(std::string_view key, std::span<const std::string_view> values);

  std::uint64_t count() const { return count_; }
  const std::string& bytes() const { return bytes_; }  // as the file has them

 private:
  void begin(std::string_view key, GgufType type);
  void begin_array(std::string_view key, GgufType type, std::size_t count);

  std::string bytes_;
  std::uint64_t count_ = 0;
};

struct GgufEntry {
  std::string name;
  std::vector<std::size_t> shape;  // slowest dimension first; the file has them the other way round
  std::uint32_t type = 0;          // as GGUF numbers them
  std::uint64_t bytes = 0;
};

// The tensors come in this order, also as payloads. The last `blobs` of them are counted as blobs.
FlatFile lay_out_gguf(const GgufMetadata& metadata, std::span<const GgufEntry> tensors,
                      std::size_t blobs = 0);

}  // namespace cellm

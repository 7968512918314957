// The GGUF container, versions 2 and 3, little-endian: typed metadata and a list of tensors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_reader.h"
#include "base/limits.h"
#include "base/mapped_file.h"
#include "io/gguf_blocks.h"
#include "io/gguf_value.h"

namespace cellm {

struct GgufTensor {
  std::string_view name;  // points into the file
  std::vector<std::size_t>
      shape;  // slowest dimension first (the file has them the other way round)
  const GgmlType* type = nullptr;  // one that can be read
  std::span<const std::byte> bytes;

  std::size_t cols() const { return shape.back(); }
  std::size_t rows() const;  // product of the other dimensions
  // Rows [begin, end) as f32.
  void read_rows(std::size_t begin, std::size_t end, float* out) const;
};

// An opened file. Immutable, so it may be shared between threads; views into it are valid as long
// as it lives.
class GgufFile {
 public:
  // Throws Error(kData) for a damaged file and Error(kUnsupported) for a big-endian one, another
  // version, or a tensor type that cannot be read.
  explicit GgufFile(std::shared_ptr<const MappedFile> file);
  explicit GgufFile(const std::filesystem::path& path);

  const std::string& path() const { return file_->path(); }

  // Adds the tensors of another part of a split model. Throws Error(kData) for a tensor that is
  // already there. Not thread-safe, unlike everything else.
  void add_part(std::shared_ptr<const GgufFile> part);
  const std::vector<std::shared_ptr<const GgufFile>>& parts() const { return parts_; }

  // The value of a key, null if the file does not have it.
  const GgufValue* find(std::string_view key) const;
  // The same, required: throws Error(kData) naming the key.
  const GgufValue& at(std::string_view key) const;

  // The tensor of that name, null if the file does not have it.
  const GgufTensor* find_tensor(std::string_view name) const;

  // Drops the pages of the metadata from memory; reading a value loads them again.
  void forget_metadata() const { file_->forget(file_->bytes().first(header_bytes_)); }

  const std::vector<GgufValue>& values() const { return values_; }     // by key
  const std::vector<GgufTensor>& tensors() const { return tensors_; }  // by name

 private:
  struct TensorPlace;

  void read_header(ByteReader& reader);
  GgufValue read_value(ByteReader& reader, std::string_view key) const;
  TensorPlace read_tensor(ByteReader& reader) const;
  std::size_t alignment() const;
  void place_tensors(std::vector<TensorPlace> places);
  bool fill_rooms(const std::vector<TensorPlace>& places, const GgmlType& type,
                  const GgmlType& meant, std::size_t data_bytes) const;
  void choose_block_sizes(std::vector<TensorPlace>& places, std::size_t data_bytes) const;
  void set_size(TensorPlace& place) const;

  std::shared_ptr<const MappedFile> file_;
  std::vector<GgufValue> values_;
  std::vector<GgufTensor> tensors_;
  std::vector<std::shared_ptr<const GgufFile>> parts_;  // whose tensors are among tensors_
  std::size_t header_bytes_ = 0;                        // of metadata and the list of tensors
};

// Whether the file begins with GGUF's magic.
bool looks_like_gguf(std::span<const std::byte> bytes);

}  // namespace cellm

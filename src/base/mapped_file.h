// A file mapped read-only into memory, and small files read whole.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include "base/mapping_guard.h"

namespace cellm {

// Maps a regular file for its own lifetime. Immutable after construction, so it may be shared
// between threads. The mapping is private and read-only; an empty file gives an empty range. If
// another process truncates the file, reading the lost part ends the program with a message
// (base/mapping_guard.h).
class MappedFile {
 public:
  // Throws Error(kData) if the file cannot be opened or mapped or is not a regular file,
  // Error(kResources) if no address space is left.
  explicit MappedFile(const std::filesystem::path& path);
  // Presents bytes in memory, which must outlive this object, as a file named `path`. Readers
  // expect the alignment of a mapping: `bytes` should start at a multiple of 64.
  MappedFile(std::string path, std::span<const std::byte> bytes);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  const std::string& path() const { return path_; }

  // Drops the whole pages of a range of the file from memory; reading them loads them again.
  void forget(std::span<const std::byte> range) const;

 private:
  std::string path_;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  bool mapped_ = false;
  GuardedMapping guard_;  // unregistered in ~MappedFile() before the range is unmapped
};

// The whole content of a regular file of at most `max_bytes`. Throws Error(kData).
std::string read_file(const std::filesystem::path& path, std::size_t max_bytes);

}  // namespace cellm

// Writing a file whole or not at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace cellm {

// Writes to a temporary file beside the target and renames it over the target in commit(), after
// fsync. Until then the target is untouched; a destroyed writer without commit() removes the
// temporary file. A killed process leaves at most the temporary file, named TARGET.PID.tmp, which
// the next writer to the same target removes if its process is gone. Not thread-safe.
class AtomicFile {
 public:
  // Throws Error(kResources) when the disk is full, else Error(kData) naming the path.
  explicit AtomicFile(const std::filesystem::path& target);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write_at(std::uint64_t offset, std::span<const std::byte> bytes);
  void commit();

 private:
  [[noreturn]] void fail(const char* action) const;

  std::filesystem::path target_;
  std::filesystem::path temporary_;
  int fd_ = -1;
};

}  // namespace cellm

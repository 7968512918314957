// Atomic writing of files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

namespace cellm {

// Throws for a failed `action` ("write", "replace"), by errno: Error(kResources) if the disk is
// full, else Error(kData). Both name the path.
[[noreturn]] void throw_file_failure(const std::filesystem::path& path, const char* action);

// Writes all bytes at `offset`. Throws as throw_file_failure(), which names `path`.
void write_fully(int fd, std::uint64_t offset, std::span<const std::byte> bytes,
                 const std::filesystem::path& path);

// Renames a whole file over the target, durably.
void replace_file(const std::filesystem::path& with, const std::filesystem::path& target);

// Writes to a temporary file beside the target and renames it over the target in commit(), after
// fsync. Until then the target is untouched; a destroyed writer without commit() removes the
// temporary file. Not thread-safe; several writers to one target, in one process or many, each
// write their own file, and the last to commit wins.
//
// The temporary file is named TARGET.PID.tmp, or TARGET.PID-N.tmp if that is taken, and locked
// (flock) as long as its writer lives. A killed process leaves at most this file behind. The next
// writer to the same target removes every such file that is not locked: the system releases the
// locks of a dead process, while process numbers are reused and have no meaning in another
// container or machine. On a file system without locks nothing is removed.
class AtomicFile {
 public:
  // `mode`: permissions of the file, less the process's umask. Throws Error(kResources) when the
  // disk is full, else Error(kData) naming the path.
  explicit AtomicFile(const std::filesystem::path& target, unsigned mode = 0644);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  // Reserves disk space for a file of `bytes`, so that a full disk is an error before the work.
  // Throws Error(kResources) with the space needed and available. Does nothing on a file system
  // that cannot reserve space.
  void reserve(std::uint64_t bytes);
  void write_at(std::uint64_t offset, std::span<const std::byte> bytes);
  void commit();

 private:
  void create(unsigned mode);
  [[noreturn]] void fail(const char* action) const { throw_file_failure(target_, action); }

  std::filesystem::path target_;
  std::filesystem::path temporary_;
  int fd_ = -1;
};

}  // namespace cellm

// Writing a file whole or not at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

namespace cellm {

// Throws what `action` ("write", "replace") on a file failed with, by errno: Error(kResources) when
// the disk is full, else Error(kData); both name the path.
[[noreturn]] void throw_file_failure(const std::filesystem::path& path, const char* action);

// Writes all bytes; `path` is for the message of what throw_file_failure() throws.
void write_fully(int fd, std::uint64_t offset, std::span<const std::byte> bytes,
                 const std::filesystem::path& path);

// Writes to a temporary file beside the target and renames it over the target in commit(), after
// fsync. Until then the target is untouched; a destroyed writer without commit() removes the
// temporary file. Not thread-safe; several writers to one target, in one process or many, each
// write their own file, and the last to commit wins.
//
// The temporary file is named TARGET.PID.tmp, or TARGET.PID-N.tmp when that is taken, and locked
// (flock) as long as its writer lives. A killed process leaves at most this file behind. The next
// writer to the same target removes every file of such a name that nobody locks: the system drops
// the locks of a dead process, while process numbers are used again and mean nothing to another
// container or machine. On a file system without locks nothing is removed.
class AtomicFile {
 public:
  // Throws Error(kResources) when the disk is full, else Error(kData) naming the path.
  explicit AtomicFile(const std::filesystem::path& target);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  // Takes disk space for a file of this many bytes, so that a disk that is too small is known
  // before the work. Throws Error(kResources) with what is needed and what is there. Does nothing
  // on a file system that cannot promise space.
  void reserve(std::uint64_t bytes);
  void write_at(std::uint64_t offset, std::span<const std::byte> bytes);
  void commit();

 private:
  void create();
  [[noreturn]] void fail(const char* action) const { throw_file_failure(target_, action); }

  std::filesystem::path target_;
  std::filesystem::path temporary_;
  int fd_ = -1;
};

}  // namespace cellm

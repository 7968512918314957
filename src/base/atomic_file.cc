#include "base/atomic_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <system_error>
#include <unistd.h>

#include "base/error.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".tmp";
// Names that a writer tries: some may be taken by writers with the same process number in other
// containers, or by files that could not be removed.
constexpr int kMaxAttempts = 100;

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Whether `name` is TARGET.PID.tmp or TARGET.PID-N.tmp; `prefix` is "TARGET.".
bool is_temporary_name(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix) || !name.ends_with(kSuffix)) return false;
  name.remove_prefix(prefix.size());
  if (name.size() <= kSuffix.size()) return false;
  name.remove_suffix(kSuffix.size());
  const std::size_t dash = name.find('-');
  return all_digits(name.substr(0, dash)) &&
         (dash == std::string_view::npos || all_digits(name.substr(dash + 1)));
}

// Removes a temporary file unless its writer holds the lock.
void remove_if_unlocked(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
  if (fd < 0) return;
  struct stat opened {};
  struct stat named {};
  // Between open() and flock() the name may have been reused for another file. While the lock is
  // held it cannot: a writer that created the file but has not locked it yet finds it locked or
  // removed, and creates another.
  if (::fstat(fd, &opened) == 0 && S_ISREG(opened.st_mode) && ::flock(fd, LOCK_EX | LOCK_NB) == 0 &&
      ::lstat(path.c_str(), &named) == 0 && named.st_ino == opened.st_ino &&
      named.st_dev == opened.st_dev) {
    ::unlink(path.c_str());
  }
  ::close(fd);
}

void remove_abandoned(const fs::path& target) {
  const std::string prefix = target.filename().string() + ".";
  std::error_code failure;
  fs::path folder = target.parent_path();
  if (folder.empty()) folder = ".";
  fs::directory_iterator entry(folder, failure);
  for (; !failure && entry != fs::directory_iterator(); entry.increment(failure)) {
    if (is_temporary_name(entry->path().filename().string(), prefix)) {
      remove_if_unlocked(entry->path());
    }
  }
}

}  // namespace

void throw_file_failure(const fs::path& path, const char* action) {
  const int code = errno;
  const bool full = code == ENOSPC || code == EDQUOT || code == EFBIG;
  throw error(full ? ErrorKind::kResources : ErrorKind::kData, "{}: cannot {} the file: {}",
              printable(path.string()), action, std::strerror(code));
}

void write_fully(int fd, std::uint64_t offset, std::span<const std::byte> bytes,
                 const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t put = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put == 0) errno = ENOSPC;
    if (put <= 0) throw_file_failure(path, "write");
    offset += static_cast<std::uint64_t>(put);
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
}

AtomicFile::AtomicFile(const fs::path& target, unsigned mode)
    : target_(target), temporary_(target) {
  if (target_.filename().empty()) {
    throw data_error("{}: not a file name that can be written", printable(target_.string()));
  }
  std::error_code ignored;
  if (fs::is_directory(target_, ignored)) {
    throw data_error("{}: is a directory, not a file that can be written",
                     printable(target_.string()));
  }
  // A rename would replace a device or a pipe by a regular file.
  if (fs::exists(target_, ignored) && !fs::is_regular_file(target_, ignored)) {
    throw data_error("{}: is not a regular file, nothing else can be written",
                     printable(target_.string()));
  }
  remove_abandoned(target_);
  create(mode);
}

void AtomicFile::create(unsigned mode) {
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    temporary_ = target_;
    temporary_ += attempt == 0 ? fmt::format(".{}{}", ::getpid(), kSuffix)
                               : fmt::format(".{}-{}{}", ::getpid(), attempt, kSuffix);
    fd_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd_ < 0 && errno == EEXIST) continue;
    if (fd_ < 0) fail("create");
    const bool locked = ::flock(fd_, LOCK_EX | LOCK_NB) == 0;
    const bool no_locks = !locked && errno != EWOULDBLOCK;  // the file system has no locks
    struct stat info {};
    if (no_locks || (locked && ::fstat(fd_, &info) == 0 && info.st_nlink != 0)) return;
    ::close(fd_);  // another writer removed it between open() and flock()
    fd_ = -1;
  }
  errno = EEXIST;
  fail("create");
}

AtomicFile::~AtomicFile() {
  if (fd_ < 0) return;
  ::unlink(temporary_.c_str());  // while the lock still keeps other writers from removing it
  ::close(fd_);
}

void AtomicFile::reserve(std::uint64_t bytes) {
  if (::fallocate(fd_, 0, 0, static_cast<off_t>(bytes)) == 0) return;
  const int code = errno;
  struct statvfs disk {};
  if (code == ENOSPC && ::fstatvfs(fd_, &disk) == 0) {
    throw error(
        ErrorKind::kResources,
        "{}: {} bytes are needed and {} are free on this disk; free some or write elsewhere",
        printable(target_.string()), bytes, disk.f_bavail * disk.f_frsize);
  }
  if (code == ENOSPC || code == EFBIG || code == EDQUOT) {
    throw error(ErrorKind::kResources, "{}: cannot write the file of {} bytes: {}",
                printable(target_.string()), bytes, std::strerror(code));
  }
}

void AtomicFile::write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
  write_fully(fd_, offset, bytes, target_);
}

void AtomicFile::commit() {
  if (::fsync(fd_) != 0) fail("write");
  replace_file(temporary_, target_);
  ::close(fd_);
  fd_ = -1;
}

void replace_file(const fs::path& with, const fs::path& target) {
  if (::rename(with.c_str(), target.c_str()) != 0) throw_file_failure(target, "replace");
  // The rename is durable once the folder is synced. A file system that cannot do this may lose the
  // new name only.
  const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
  const int folder_fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder_fd >= 0) {
    ::fsync(folder_fd);
    ::close(folder_fd);
  }
}

}  // namespace cellm

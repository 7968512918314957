#include "base/atomic_file.h"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <signal.h>
#include <string_view>
#include <system_error>
#include <unistd.h>

#include "base/error.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".tmp";

// Removes TARGET.PID.tmp files whose process no longer runs: what a killed run left behind.
void remove_abandoned(const fs::path& target) {
  const std::string prefix = target.filename().string() + ".";
  std::error_code ignored;
  fs::path folder = target.parent_path();
  if (folder.empty()) folder = ".";
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    std::string_view rest = name;
    if (!rest.starts_with(prefix) || !rest.ends_with(kSuffix)) continue;
    rest.remove_prefix(prefix.size());
    if (rest.size() <= kSuffix.size()) continue;
    rest.remove_suffix(kSuffix.size());
    pid_t pid = 0;
    const auto [end, failure] = std::from_chars(rest.data(), rest.data() + rest.size(), pid);
    if (failure != std::errc() || end != rest.data() + rest.size() || pid <= 0) continue;
    if (::kill(pid, 0) != 0 && errno == ESRCH) fs::remove(entry.path(), ignored);
  }
}

}  // namespace

AtomicFile::AtomicFile(const fs::path& target) : target_(target), temporary_(target) {
  if (target_.filename().empty()) {
    throw data_error("{}: not a file name that can be written", printable(target_.string()));
  }
  std::error_code ignored;
  if (fs::is_directory(target_, ignored)) {
    throw data_error("{}: is a directory, not a file that can be written",
                     printable(target_.string()));
  }
  // The rename would put a plain file in the place of a device or a pipe.
  if (fs::exists(target_, ignored) && !fs::is_regular_file(target_, ignored)) {
    throw data_error("{}: is not a regular file, nothing else can be written",
                     printable(target_.string()));
  }
  remove_abandoned(target_);
  temporary_ += fmt::format(".{}{}", ::getpid(), kSuffix);
  fd_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd_ < 0) fail("create");
}

AtomicFile::~AtomicFile() {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(temporary_.c_str());
}

void AtomicFile::write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) fail("write");
    offset += static_cast<std::uint64_t>(put);
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
}

void AtomicFile::commit() {
  if (::fsync(fd_) != 0) fail("write");
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail("replace");
  ::close(fd_);
  fd_ = -1;
  // The rename itself is durable once the folder is; a file system that cannot do this loses
  // nothing but the newest name.
  const fs::path folder = target_.has_parent_path() ? target_.parent_path() : fs::path(".");
  const int folder_fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder_fd >= 0) {
    ::fsync(folder_fd);
    ::close(folder_fd);
  }
}

void AtomicFile::fail(const char* action) const {
  const int code = errno;
  const bool full = code == ENOSPC || code == EDQUOT || code == EFBIG;
  throw error(full ? ErrorKind::kResources : ErrorKind::kData, "{}: cannot {} the file: {}",
              printable(target_.string()), action, std::strerror(code));
}

}  // namespace cellm

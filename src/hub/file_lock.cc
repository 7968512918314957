#include "hub/file_lock.h"

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "base/atomic_file.h"
#include "hub/hub_cache.h"

namespace cellm {
namespace {

constexpr std::chrono::milliseconds kWait{50};

bool is_still_named(int fd, const std::filesystem::path& path) {
  struct stat opened {};
  struct stat named {};
  return ::fstat(fd, &opened) == 0 && ::stat(path.c_str(), &named) == 0 &&
         opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

}  // namespace

FileLock::FileLock(const std::filesystem::path& path, const JobControl& control) : path_(path) {
  make_folders(path.parent_path());
  for (;;) {
    constexpr unsigned kGroupMayLock = 0664;  // users that share a cache wait for each other
    fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kGroupMayLock);
    if (fd_ < 0) throw_file_failure(path, "create");
    const bool locked = ::flock(fd_, LOCK_EX | LOCK_NB) == 0;
    const bool taken = !locked && (errno == EWOULDBLOCK || errno == EINTR);
    // filelock removes the file when it unlocks: then the lock is of a file without a name.
    if (!taken && (!locked || is_still_named(fd_, path))) return;
    ::close(fd_);
    fd_ = -1;
    control.check();
    if (taken) std::this_thread::sleep_for(kWait);
  }
}

void FileLock::remove() {
  ::unlink(path_.c_str());
}

FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace cellm

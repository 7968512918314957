// Locks between processes that fill the same cache.
#pragma once

#include <filesystem>

#include "jobs/job.h"

namespace cellm {

// Holds an exclusive flock() on a file, as Python's filelock does, by which huggingface_hub waits
// for cellm and the other way round. The file is made with its folders and stays. On a file system
// without locks nothing is locked: the cache stays right, since files are renamed when they are
// whole, and only work may be done twice.
class FileLock {
 public:
  // Waits as long as another process holds it. Throws Cancelled, and Error(kData) or
  // Error(kResources) if the file cannot be made.
  FileLock(const std::filesystem::path& path, const JobControl& control);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  // Removes the file, which stays locked; who waits for it makes another.
  void remove();

 private:
  std::filesystem::path path_;
  int fd_ = -1;
};

}  // namespace cellm

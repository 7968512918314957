// The output of a job that changes it several times before it is done.
#pragma once

#include <filesystem>

namespace cellm {

// With `draft`, work goes on at path(), beside the target and named TARGET.draft.partial, until
// publish() puts it in the target's place; it is removed if that does not happen. Without, path()
// is the target.
class DraftFile {
 public:
  // Throws as AtomicFile if the target cannot be written.
  DraftFile(std::filesystem::path target, bool draft);
  ~DraftFile();
  DraftFile(const DraftFile&) = delete;
  DraftFile& operator=(const DraftFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  // Throws as AtomicFile::commit().
  void publish();

 private:
  std::filesystem::path target_;
  std::filesystem::path path_;
};

}  // namespace cellm

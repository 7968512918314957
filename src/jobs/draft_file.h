// The output file of a job that rewrites it several times.
#pragma once

#include <filesystem>

namespace cellm {

// With `draft`, path() is TARGET.draft.partial beside the target until publish() renames it to the
// target; it is removed without publish(). Without `draft`, path() is the target.
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

#include "jobs/draft_file.h"

#include <system_error>
#include <utility>

#include "base/atomic_file.h"

namespace cellm {

DraftFile::DraftFile(std::filesystem::path target, bool draft)
    : target_(std::move(target)), path_(target_) {
  if (!draft) return;
  path_ += ".draft.partial";
  const AtomicFile probe(target_);
}

DraftFile::~DraftFile() {
  std::error_code ignored;
  if (path_ != target_) std::filesystem::remove(path_, ignored);
}

void DraftFile::publish() {
  if (path_ == target_) return;
  replace_file(path_, target_);
  path_ = target_;
}

}  // namespace cellm

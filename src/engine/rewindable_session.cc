#include "engine/rewindable_session.h"

#include <algorithm>

#include "base/error.h"

namespace cellm {

RewindableSession::RewindableSession(const Engine& engine, const SequenceOptions& options)
    : session_(engine, options), empty_(session_.snapshot()) {}

std::size_t RewindableSession::rewind(std::span<const std::uint32_t> prompt) {
  CELLM_CHECK(!prompt.empty());
  const std::span<const std::uint32_t> read = session_.tokens();
  const auto same = std::mismatch(read.begin(), read.end(), prompt.begin(), prompt.end()).first;
  const auto common = std::min(static_cast<std::size_t>(same - read.begin()), prompt.size() - 1);
  if (common == read.size()) return common;
  while (!marks_.empty() && marks_.back().position() > common) marks_.pop_back();
  recover();
  return session_.position();
}

void RewindableSession::mark() {
  if (!marks_.empty() && marks_.back().position() == session_.position()) return;
  if (marks_.size() == kMaxMarks) marks_.erase(marks_.begin() + 1);
  marks_.push_back(session_.snapshot());
}

void RewindableSession::recover() {
  session_.restore(marks_.empty() ? empty_ : marks_.back());
}

}  // namespace cellm

// A session that can go back to places it has marked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/session.h"

namespace cellm {

// Snapshots that a session keeps: a state of delta nets has tens of megabytes in a model of a
// billion weights.
inline constexpr std::size_t kMaxMarks = 8;

// Reads prompts that begin as the previous ones did, without reading that beginning again. A state
// is left by return to a mark only, since that of a delta net cannot give up single tokens. Not
// thread-safe; the engine must outlive it.
class RewindableSession {
 public:
  RewindableSession(const Engine& engine, const SequenceOptions& options);

  Session& session() { return session_; }
  const Session& session() const { return session_; }

  // Goes back, as little as possible, to where the prompt and what has been read are still the
  // same, and at least one token of the prompt is left to read. Returns the tokens of the prompt
  // that need no reading: the session's position. Prompts have at least one token.
  std::size_t rewind(std::span<const std::uint32_t> prompt);

  // Marks the present position. Of more than kMaxMarks the second oldest is given up: the oldest
  // stands behind what all prompts begin with.
  void mark();

  // Goes back to the latest mark, for a session whose state is lost by an exception.
  void recover();

 private:
  Session session_;
  Snapshot empty_;
  std::vector<Snapshot> marks_;  // all of them beginnings of what the session has read, by position
};

}  // namespace cellm

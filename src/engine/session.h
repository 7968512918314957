// One sequence by itself.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

#include "engine/batch.h"

namespace cellm {

// A batch of one sequence. Not thread-safe; the engine must outlive it.
class Session {
 public:
  Session(const Engine& engine, const SequenceOptions& options);

  const Engine& engine() const { return engine_; }
  std::span<const std::uint32_t> tokens() const { return batch_.tokens(id_); }
  std::size_t position() const { return batch_.position(id_); }      // tokens so far
  std::size_t max_tokens() const { return batch_.max_tokens(id_); }  // capacity
  std::uint64_t state_bytes(std::size_t tokens) const;  // of a sequence of so many tokens

  // Throws Error(kResources) if the part of the state of a sequence of `tokens` tokens that is not
  // allocated yet exceeds the available memory.
  void require_memory(std::size_t tokens) const;

  // Throws Error(kUsage) for an id beyond the vocabulary or more tokens than still fit.
  void require_fit(std::span<const std::uint32_t> tokens) const {
    cellm::require_fit(engine_.config(), tokens, position(), max_tokens());
  }

  // Appends tokens (at least one) and returns the logits, vocab_size of them, after the last; valid
  // until the next call. Throws Error(kUsage) for an id beyond the vocabulary or more tokens than
  // fit, before anything changes; Error(kData) if the logits are not finite, naming the tensor with
  // a weight that is not finite, if any: the tokens have been appended.
  std::span<const float> advance(std::span<const std::uint32_t> tokens);

  // The same, but calls visit(index in tokens, logits) for every token.
  template <class Visitor>
  void advance_each(std::span<const std::uint32_t> tokens, Visitor&& visit) {
    require_fit(tokens);
    const std::size_t vocab = engine_.config().vocab_size;
    for (std::size_t begin = 0; begin < tokens.size(); begin += kMaxBatchTokens) {
      const std::size_t count = std::min(kMaxBatchTokens, tokens.size() - begin);
      feed(tokens.subspan(begin, count));
      for (std::size_t first = 0; first < count; first += kMaxLogitRows) {
        const std::size_t rows = std::min(kMaxLogitRows, count - first);
        const std::span<const float> block = logits(first, rows);
        for (std::size_t r = 0; r < rows; ++r)
          visit(begin + first + r, block.subspan(r * vocab, vocab));
      }
    }
  }

  // Appends 1 to kMaxBatchTokens tokens and returns their final hidden states, normed, (tokens,
  // hidden); valid until the next call. Throws Error(kUsage) as advance().
  std::span<const float> feed(std::span<const std::uint32_t> tokens);

  // Appends a token and what may follow it, at most max_tentative() tokens, and returns the output
  // of the step with all logits. keep() must follow.
  const StepOutput& advance_tentatively(std::span<const std::uint32_t> tokens);
  std::size_t max_tentative() const { return batch_.max_tentative(id_); }
  // Takes back all of these tokens but the first `tokens`.
  void keep(std::size_t tokens) { batch_.keep(id_, tokens); }

  // Logits of the tokens [first, first + rows) of the latest feed(), (rows, vocab_size), in one
  // product; valid until the next call. rows: 1 to kMaxLogitRows. Throws Error(kData) as advance().
  std::span<const float> logits(std::size_t first, std::size_t rows);

  Snapshot snapshot() const { return batch_.snapshot(id_); }
  // Continues from a snapshot of any sequence of the engine, with its options. Throws Error(kUsage)
  // for one of another engine.
  void restore(const Snapshot& snapshot);

  // As save_session() and load_session() (engine/session_file.h); a load that throws changes
  // nothing.
  void save(const std::filesystem::path& path, std::uint64_t model_checksum) const;
  void load(const std::filesystem::path& path, std::uint64_t model_checksum);

 private:
  const StepOutput& step(std::span<const std::uint32_t> tokens, std::size_t logits,
                         bool tentative = false);

  const Engine& engine_;
  Batch batch_;
  SequenceId id_;
  std::span<const float> fed_;  // hidden states of the latest feed()
};

}  // namespace cellm

// A loaded model, ready to run: shared by all sequences that run on it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/thread_pool.h"
#include "engine/opened_model.h"
#include "kernels/kernel_table.h"
#include "model/decoder.h"

namespace cellm {

// How activations meet weights. docs/references.md says what rounding them costs.
enum class Activations {
  kInt8,  // rounded to 8 bits against weights with a packed form (int8, int4, int2, q1), else exact
  kFast,  // the same, and 16-bit weights are multiplied in bf16 if the processor can
  kF32,   // exact
};
Activations parse_activations(
    std::string_view name);  // "int8", "fast", "f32"; throws Error(kUsage)

struct EngineOptions {
  std::string target;    // CPU target; empty: the best this processor has
  unsigned threads = 0;  // 0: one per physical core
  std::size_t max_layers = kAllLayers;
  Activations activations = Activations::kInt8;
};

// Immutable after construction. Several sessions may run at the same time; their loops take turns
// on the one thread pool.
class Engine {
 public:
  // Throws what OpenedModel::weights() and kernel_table() throw, and Error(kResources) before
  // anything is read if the weights do not fit into the memory there is.
  Engine(std::shared_ptr<const OpenedModel> opened, const EngineOptions& options);

  const OpenedModel& opened() const { return *opened_; }
  const std::shared_ptr<const OpenedModel>& shared_opened() const { return opened_; }
  const ModelSource& source() const { return opened_->source(); }
  const Model& model() const { return model_; }
  const ModelConfig& config() const { return model_.config; }
  const KernelTable& kernels() const { return kernels_; }
  ThreadPool& pool() const { return *pool_; }

 private:
  std::shared_ptr<const OpenedModel> opened_;
  const KernelTable& kernels_;
  std::unique_ptr<ThreadPool> pool_;
  Model model_;
};

// Where the sequence may end up, and how its keys and values are kept.
struct SessionOptions {
  KvEncoding kv_encoding = KvEncoding::kF16;
  std::size_t tokens_per_block = 16;
  std::size_t total_blocks = 0;  // 0: as many as the model's context needs
};

// Tokens that one sequence can hold.
std::size_t max_sequence_tokens(const ModelConfig& config, const SessionOptions& options);

// Throws Error(kUsage) for an id beyond the vocabulary or more tokens (at least one) than a
// sequence of max_tokens can still take at its position.
void require_fit(const ModelConfig& config, std::span<const std::uint32_t> tokens,
                 std::size_t position, std::size_t max_tokens);

// Throws Error(kData) for logits that are not finite, naming the weight that is to blame if one is.
void require_finite(const Engine& engine, std::span<const float> logits);

// A copy of a session's state, good for the session it came from. There is no way to rewind a
// recurrent state; a checkpoint taken earlier is the only way back.
class Checkpoint {
 public:
  std::size_t position() const { return state_.position; }

 private:
  friend class Session;
  explicit Checkpoint(const SequenceState& state) : state_(state) {}
  SequenceState state_;
};

// Rows of logits that one product makes at most: enough to use unpacked weights many times, few
// enough that they stay below 64 MB for a vocabulary of 248,320.
inline constexpr std::size_t kMaxLogitRows = 64;

// One sequence. Not thread-safe; the engine must outlive it. Results do not depend, bit by bit, on
// the number of threads nor on how the tokens are cut into calls.
class Session {
 public:
  Session(const Engine& engine, const SessionOptions& options);

  std::size_t position() const { return state_.position; }  // tokens seen
  std::size_t max_tokens() const { return max_tokens_; }    // that this session can hold
  std::uint64_t state_bytes(std::size_t tokens) const;

  // Throws Error(kResources) if the state of that many tokens does not fit into the memory there
  // is.
  void require_memory(std::size_t tokens) const;

  // Throws Error(kUsage) for an id beyond the vocabulary or more tokens than still fit.
  void require_fit(std::span<const std::uint32_t> tokens) const {
    cellm::require_fit(engine_.config(), tokens, position(), max_tokens_);
  }

  // Appends tokens (at least one) and returns the logits, vocab_size of them, after the last; valid
  // until the next call. Throws Error(kUsage) for an id beyond the vocabulary or more tokens than
  // fit, before anything changes; Error(kData), naming the tensor, if weights that are not finite
  // spoiled the result.
  std::span<const float> advance(std::span<const std::uint32_t> tokens);

  // The same, but calls visit(index in tokens, logits) for every token.
  template <class Visitor>
  void advance_each(std::span<const std::uint32_t> tokens, Visitor&& visit) {
    require_fit(tokens);
    const std::size_t vocab = engine_.config().vocab_size;
    for (std::size_t begin = 0; begin < tokens.size(); begin += kMaxBatchTokens) {
      const std::size_t count = std::min(kMaxBatchTokens, tokens.size() - begin);
      run(tokens.subspan(begin, count));
      for (std::size_t first = 0; first < count; first += kMaxLogitRows) {
        const std::size_t rows = std::min(kMaxLogitRows, count - first);
        const std::span<const float> block = logits(first, rows);
        for (std::size_t r = 0; r < rows; ++r)
          visit(begin + first + r, block.subspan(r * vocab, vocab));
      }
    }
  }

  // Appends 1 to kMaxBatchTokens tokens without their logits, which logits() gives afterwards as
  // far as they are wanted. Throws Error(kUsage) as advance().
  void feed(std::span<const std::uint32_t> tokens);

  // Logits of the tokens [first, first + rows) of the latest feed(), (rows, vocab_size), in one
  // product; valid until the next call. rows: 1 to kMaxLogitRows. Throws Error(kData) as advance().
  std::span<const float> logits(std::size_t first, std::size_t rows);

  Checkpoint checkpoint() const { return Checkpoint(state_); }
  void restore(const Checkpoint& checkpoint) { state_ = checkpoint.state_; }

 private:
  void run(std::span<const std::uint32_t> batch);

  Compute compute() { return {engine_.kernels(), engine_.pool(), scratch_}; }

  const Engine& engine_;
  SessionOptions options_;
  ActivationScratch scratch_;
  std::size_t max_tokens_;
  SequenceState state_;
  Workspace work_;
  std::size_t fed_ = 0;        // tokens of the latest batch
  std::vector<float> logits_;  // as many rows as were asked for at most
};

}  // namespace cellm

// A sequence of tokens and the model state after it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "model/decoder.h"

namespace cellm {

// The KV cache encoding and the maximum length of a sequence.
struct SequenceOptions {
  KvEncoding kv_encoding = KvEncoding::kF16;
  std::size_t tokens_per_block = 16;
  std::size_t total_blocks = 0;  // 0: as many as the model's context needs
};

// Tokens that one sequence can hold.
std::size_t max_sequence_tokens(const ModelConfig& config, const SequenceOptions& options);

// Throws Error(kUsage) for an id beyond the vocabulary or more tokens than a sequence of max_tokens
// can still take at its position. There must be at least one token.
void require_fit(const ModelConfig& config, std::span<const std::uint32_t> tokens,
                 std::size_t position, std::size_t max_tokens);

// Copies share memory until one of them writes to it (see SequenceState).
struct Sequence {
  SequenceOptions options;
  std::vector<std::uint32_t> tokens;  // all tokens fed so far
  SequenceState state;
};

Sequence empty_sequence(const ModelConfig& config, const SequenceOptions& options);

}  // namespace cellm

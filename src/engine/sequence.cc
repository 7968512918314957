#include "engine/sequence.h"

#include "base/error.h"

namespace cellm {

std::size_t max_sequence_tokens(const ModelConfig& config, const SequenceOptions& options) {
  const std::size_t context = config.max_positions;
  const std::size_t blocks = options.total_blocks;
  // Comparing blocks first keeps the product from overflowing.
  if (blocks == 0 || blocks > context / options.tokens_per_block) return context;
  return blocks * options.tokens_per_block;
}

void require_fit(const ModelConfig& config, std::span<const std::uint32_t> tokens,
                 std::size_t position, std::size_t max_tokens) {
  CELLM_CHECK(!tokens.empty());
  if (tokens.size() > max_tokens - position) {
    throw usage_error("{} tokens after {} do not fit into the context of {}", tokens.size(),
                      position, max_tokens);
  }
  for (const std::uint32_t token : tokens) {
    if (token >= config.vocab_size) {
      throw usage_error(
          "token {} is beyond the vocabulary of {}; is the tokenizer that of this model?", token,
          config.vocab_size);
    }
  }
}

Sequence empty_sequence(const ModelConfig& config, const SequenceOptions& options) {
  return {options, {}, empty_state(config, options.kv_encoding, options.tokens_per_block)};
}

}  // namespace cellm

// The forward pass of several sequences at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "model/decoder.h"

namespace cellm {

// Of a part whose last tokens may be taken back: what its state does not have.
struct TentativeTokens {
  // Inputs of the convolution of each layer that has one, (tokens, channels).
  std::vector<std::vector<float>> conv_inputs;
};

// Consecutive tokens of one sequence.
struct Part {
  std::span<const std::uint32_t> tokens;  // at least one, each < vocab_size
  SequenceState* state;
  // Null: the tokens stay. Else keep_tokens() must follow, and there are at most max_tentative()
  // tokens.
  TentativeTokens* tentative = nullptr;
};

// Runs up to kMaxBatchTokens tokens of one sequence or of several different ones, advancing their
// states. Weights are read once for all of them; the results of a sequence are bitwise the same as
// if it ran alone. Afterwards work.hidden holds the final normed hidden states, (tokens, hidden),
// in the order of the parts.
void forward(const Compute& compute, const Model& model, std::span<const Part> parts,
             Workspace& work, Multiplier* multiplier = nullptr);

// Tokens that a part can have if some of them may be taken back: a delta net does not go back
// beyond the start of a chunk.
std::size_t max_tentative(const ModelConfig& config, std::size_t position);

// Takes back all tokens of a tentative part of `tokens` tokens but the first `kept`: the state is
// that of a part of those, bit by bit.
void keep_tokens(const Compute& compute, const ModelConfig& config, std::size_t tokens,
                 std::size_t kept, const TentativeTokens& tentative, SequenceState& state);

}  // namespace cellm

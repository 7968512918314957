// The forward pass of several sequences at a time.
#pragma once

#include <cstdint>
#include <span>

#include "model/decoder.h"

namespace cellm {

// Consecutive tokens of one sequence.
struct Part {
  std::span<const std::uint32_t> tokens;  // at least one, each < vocab_size
  SequenceState* state;
};

// Runs up to kMaxBatchTokens tokens of one sequence or of several different ones, advancing their
// states. Weights are read once for all of them; the results of a sequence are bitwise the same as
// if it ran alone. Afterwards work.hidden holds the final normed hidden states, (tokens, hidden),
// in the order of the parts.
void forward(const Compute& compute, const Model& model, std::span<const Part> parts,
             Workspace& work, Multiplier* multiplier = nullptr);

}  // namespace cellm

// Observing what a model computes: the inputs of its matrices, the hidden states before its layers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/engine.h"

namespace cellm {

class Session;

class InputTap {
 public:
  virtual ~InputTap() = default;

  // ids: the matrices that share this input; kOutputId for the output matrix, also if it is tied to
  // the embedding. x: (tokens, cols) without gaps, valid during the call. Called on the thread that
  // called observe(), which may use the engine's thread pool.
  virtual void see(std::span<const TensorId> ids, const float* x, std::size_t tokens,
                   std::size_t cols) = 0;
  // The residual stream before a layer, (tokens, hidden), in the same way. Behind the last layer
  // there is none: the input of the output matrix is that stream after the final norm.
  virtual void see_stream(std::size_t /*layer*/, const float* /*x*/, std::size_t /*tokens*/) {}
};

// Runs the tokens as a new sequence and reports every input of every matrix to the tap, in the
// order of the forward pass, for at most kMaxBatchTokens tokens at a time. Logits are not computed.
// The inputs do not depend on the number of threads. Throws Error(kUsage) for an id beyond
// the vocabulary or more tokens than the model's context.
void observe(const Engine& engine, std::span<const std::uint32_t> tokens, InputTap& tap);

// The same for tokens appended to a session, at least one, with its KV encoding: as Session::feed()
// for any number. If the tap throws, the session is unchanged. Throws Error(kUsage) as
// Session::advance().
void observe(Session& session, std::span<const std::uint32_t> tokens, InputTap& tap);

}  // namespace cellm

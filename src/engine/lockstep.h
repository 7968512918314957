// Runs many sequences through a model in lockstep, layer by layer, so that a caller can replace
// each matrix once its inputs are known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/thread_pool.h"
#include "engine/observe.h"
#include "kernels/kernel_table.h"
#include "model/model.h"

namespace cellm {

// A matrix of the model that may be replaced.
struct LayerMatrix {
  TensorId id;
  Linear* linear;
};

// An observed input of the sequences, a batch of tokens at a time. Valid during the call.
struct LockstepInput {
  std::size_t tokens = 0;
  const float* x = nullptr;  // (tokens, cols) without gaps
  // The same input of the reference model; null without one.
  const float* reference_x = nullptr;
  // With a reference model, and if the product is added to the residual stream as it is: the stream
  // just before, (tokens, hidden), of both models. Else null.
  const float* stream = nullptr;
  const float* reference_stream = nullptr;
};

// Receives every distinct input of the model's matrices in the order of the forward pass.
class LockstepTap {
 public:
  virtual ~LockstepTap() = default;
  // All sequences have reached the input shared by these matrices; calls of see() follow.
  virtual void begin(std::span<const LayerMatrix> matrices, std::size_t cols) = 0;
  // A part of the input, the sequences one after the other.
  virtual void see(const LockstepInput& input) = 0;
  // see() has received the whole input. The tap may now replace the weights of the matrices, same
  // shape; the sequences continue with the new ones.
  virtual void end(std::span<const LayerMatrix> matrices) = 0;
  // All sequences have passed these matrices: their weights are not used again.
  virtual void leave(std::span<const LayerMatrix> /*matrices*/) {}
};

// Residual streams, (tokens, hidden), of all sequences one after the other.
using ResidualStreams = std::vector<float>;

// A range of layers to run.
struct LockstepRange {
  std::size_t first_layer = 0;                   // earlier layers are skipped
  const ResidualStreams* start = nullptr;        // before first_layer; required unless it is 0
  std::vector<ResidualStreams>* kept = nullptr;  // receives the streams before each layer
};

// Memory of run_in_lockstep() in bytes, without the models.
std::uint64_t lockstep_bytes(const ModelConfig& config,
                             std::span<const std::vector<std::uint32_t>> sequences,
                             bool with_reference = false);

// Runs the sequences (each of at least one token) from their beginning with exact activations, as
// observe() does, but brings all of them to one input before any continues. The last input is that
// of the output matrix, kOutputId, with model.lm_head, which the caller may replace even if it is
// tied. The inputs do not depend on the number of threads; without replaced weights they equal
// those of observe() bit by bit, also within a `range`. Calls the tap on this thread, which may use
// the pool. Throws Error(kUsage) for an id beyond the vocabulary or more tokens than the
// context.
//
// `reference`, if not null, is a model of the same configuration that runs along: the tap sees its
// inputs and residual streams beside those of `model`. The tap must not change its matrices before
// the model has left their layer. Its products are computed once and only its residual streams are
// kept between two inputs: 4 · hidden bytes for each token. Only for a whole run, without
// range.start.
void run_in_lockstep(Model& model, const KernelTable& kernels, ThreadPool& pool,
                     std::span<const std::vector<std::uint32_t>> sequences, LockstepTap& tap,
                     const LockstepRange& range = {}, const Model* reference = nullptr);

}  // namespace cellm

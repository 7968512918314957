// Running many sequences through a model together, layer by layer, to change the matrices of the
// model on the way.
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

// Meets every distinct input of the model's matrices in the order of the forward pass.
class LockstepTap {
 public:
  virtual ~LockstepTap() = default;
  // All sequences have come to the input that these matrices share; it is going to be shown.
  virtual void begin(std::span<const LayerMatrix> matrices, std::size_t cols) = 0;
  // x: (tokens, cols) without gaps, valid during the call: a part of the input, the sequences one
  // after the other.
  virtual void see(const float* x, std::size_t tokens) = 0;
  // The whole input has been shown. The tap may now give the matrices other weights, of the same
  // shape; the sequences go on with these.
  virtual void end(std::span<const LayerMatrix> matrices) = 0;
  // All sequences are past these matrices: nothing uses their weights again.
  virtual void leave(std::span<const LayerMatrix> /*matrices*/) {}
};

// Residual streams, (tokens, hidden), of all sequences one after the other.
using ResidualStreams = std::vector<float>;

// A part of the way.
struct LockstepRange {
  std::size_t first_layer = 0;                   // layers before it are not run
  const ResidualStreams* start = nullptr;        // before that layer; needed unless it is 0
  std::vector<ResidualStreams>* kept = nullptr;  // gets those before each layer that is run
};

// Bytes that run_in_lockstep() takes beside the model.
std::uint64_t lockstep_bytes(const ModelConfig& config,
                             std::span<const std::vector<std::uint32_t>> sequences);

// Runs the sequences (each of at least one token) from their
// beginning with exact activations, as observe() does, but all of them to one input before any goes
// further. The last input is that of the output matrix, kOutputId; it is shown with
// model.lm_head, which the caller may replace also where it was tied. What the tap sees does not
// depend on the number of threads; without changes it is what observe() shows, bit by bit. Calls
// the tap on this thread, which may use the pool. With a `range`, what is run is as it would be on
// the whole way. Throws Error(kUsage) for an id beyond the vocabulary or more tokens than the
// context.
void run_in_lockstep(Model& model, const KernelTable& kernels, ThreadPool& pool,
                     std::span<const std::vector<std::uint32_t>> sequences, LockstepTap& tap,
                     const LockstepRange& range = {});

}  // namespace cellm

// Statistics of the inputs of a model's matrices over a calibration text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "base/thread_pool.h"
#include "engine/observe.h"
#include "model/tensor_id.h"

namespace cellm {

// The diagonal of H = Σ x xᵀ, summed over tokens, for an input x of one or more matrices. With ΔW
// the error of a matrix, Σ_tokens ‖ΔW x‖² = tr(ΔW H ΔWᵀ).
struct InputMoments {
  std::uint64_t tokens = 0;
  std::vector<double> diagonal;  // (cols): Σ x², not divided by the tokens
};

// Adds inputs, (tokens, cols). Every column is summed in token order, so the result does not depend
// on the number of threads.
void accumulate(InputMoments& moments, const float* x, std::size_t tokens, std::size_t cols,
                ThreadPool& pool);

// Collects the second moments of all inputs that observe() reports. Not thread-safe.
class Statistics final : public InputTap {
 public:
  explicit Statistics(ThreadPool& pool) : pool_(&pool) {}

  void see(std::span<const TensorId> ids, const float* x, std::size_t tokens,
           std::size_t cols) override;

  // Null for a matrix that was not observed. Valid until the next see(). Matrices that share an
  // input share the moments.
  const InputMoments* find(TensorId id) const;

  // The first matrix whose moments are NaN or infinite.
  std::optional<TensorId> find_nonfinite() const;

 private:
  ThreadPool* pool_;
  std::vector<InputMoments> inputs_;
  std::map<TensorId, std::size_t> index_;  // matrix to its input
};

}  // namespace cellm

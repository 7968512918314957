// What a calibration text says about the inputs of a model's matrices.
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

// Second moments of the input of one or more matrices, summed over tokens. With x such an input and
// ΔW the error of a matrix, Σ_tokens ‖ΔW x‖² = tr(ΔW H ΔWᵀ), H = Σ x xᵀ; this keeps H's diagonal.
struct InputMoments {
  std::uint64_t tokens = 0;
  std::vector<double> diagonal;  // (cols): Σ x², not divided by the tokens
};

// Adds (tokens, cols) of inputs. Every column is summed in the order of the tokens, so the result
// does not depend on the threads.
void accumulate(InputMoments& moments, const float* x, std::size_t tokens, std::size_t cols,
                ThreadPool& pool);

// The second moments of all inputs that observe() shows. Not thread-safe.
class Statistics final : public InputTap {
 public:
  explicit Statistics(ThreadPool& pool) : pool_(&pool) {}

  void see(std::span<const TensorId> ids, const float* x, std::size_t tokens,
           std::size_t cols) override;

  // Null for a matrix that was not seen. Valid until the next see(). Matrices of the same input
  // have the same moments.
  const InputMoments* find(TensorId id) const;

  // The first matrix whose moments are NaN or infinite.
  std::optional<TensorId> find_nonfinite() const;

 private:
  ThreadPool* pool_;
  std::vector<InputMoments> inputs_;
  std::map<TensorId, std::size_t> index_;  // matrix to its input
};

}  // namespace cellm

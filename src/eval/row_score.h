// What one prediction is worth, from its logits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/thread_pool.h"
#include "kernels/kernel_table.h"

namespace cellm {

// All logarithms are natural.
struct RowScore {
  double nll = 0.0;            // −ln p(token that came)
  double reference_nll = 0.0;  // the same by the reference
  double kld = 0.0;            // Σ p_ref (ln p_ref − ln p), at least 0
  double delta_p = 0.0;        // p − p_ref of the token that came
  bool same_top = false;       // both have the largest logit at the same id (the lower of equals)
};

// Scores rows of logits; all but nll stay 0 without a reference. logits and reference_logits:
// (targets.size(), vocab), finite; reference_logits may be empty. out: one for each target. Sums
// over the vocabulary are in double, of exponentials in single precision that are relative to the
// largest, so nothing overflows; the error of kld is below 1e-6. Equal rows give exactly 0.
void score_rows(const KernelTable& kernels, ThreadPool& pool, std::span<const float> logits,
                std::span<const float> reference_logits, std::size_t vocab,
                std::span<const std::uint32_t> targets, std::span<RowScore> out);

}  // namespace cellm

// Scores of one prediction, from its logits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/thread_pool.h"
#include "kernels/kernel_table.h"

namespace cellm {

// All logarithms are natural.
struct RowScore {
  double nll = 0.0;            // −ln p(actual token)
  double reference_nll = 0.0;  // the same for the reference
  double kld = 0.0;            // Σ p_ref (ln p_ref − ln p), at least 0
  double delta_p = 0.0;        // p − p_ref of the actual token
  bool same_top = false;       // same id of the largest logit (the lower of equals)
};

// Scores rows of logits; without a reference only nll is set. logits and reference_logits:
// (targets.size(), vocab), finite; reference_logits may be empty. out: one per target. Sums over
// the vocabulary are in double, of single-precision exponentials relative to the largest logit, so
// nothing overflows; the error of kld is below 1e-6. Equal rows give exactly 0.
void score_rows(const KernelTable& kernels, ThreadPool& pool, std::span<const float> logits,
                std::span<const float> reference_logits, std::size_t vocab,
                std::span<const std::uint32_t> targets, std::span<RowScore> out);

}  // namespace cellm

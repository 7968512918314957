#include "eval/row_score.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace cellm {
namespace {

// Number of exponentials summed in single precision before they are added to a sum in double. They
// fit into the first-level cache.
constexpr std::size_t kPiece = 512;

double log_sum_exp(const KernelTable& kernels, const float* row, std::size_t vocab, float largest) {
  float exponentials[kPiece];
  double total = 0.0;
  for (std::size_t begin = 0; begin < vocab; begin += kPiece) {
    const std::size_t count = std::min(kPiece, vocab - begin);
    std::copy_n(row + begin, count, exponentials);
    total += static_cast<double>(kernels.exp_sum(exponentials, largest, count));
  }
  return static_cast<double>(largest) + std::log(total);
}

// Σ weights[i] · (a[i] − b[i])
double weighted_difference(const float* weights, const float* a, const float* b,
                           std::size_t count) {
  double sums[4] = {};
  for (std::size_t i = 0; i < count; ++i) {
    sums[i % 4] +=
        static_cast<double>(weights[i]) * (static_cast<double>(a[i]) - static_cast<double>(b[i]));
  }
  return sums[0] + sums[1] + sums[2] + sums[3];
}

// With p = e^a / Z_a and q = e^b / Z_b: KL(p ‖ q) = Σ p (a − b) − (ln Z_a − ln Z_b).
RowScore compare(const KernelTable& kernels, const float* row, const float* reference,
                 std::size_t vocab, std::uint32_t target) {
  const float largest = kernels.largest(row, vocab);
  const float reference_largest = kernels.largest(reference, vocab);
  const double log_z = log_sum_exp(kernels, row, vocab, largest);
  float exponentials[kPiece];
  double total = 0.0;
  double difference = 0.0;
  for (std::size_t begin = 0; begin < vocab; begin += kPiece) {
    const std::size_t count = std::min(kPiece, vocab - begin);
    std::copy_n(reference + begin, count, exponentials);
    total += static_cast<double>(kernels.exp_sum(exponentials, reference_largest, count));
    difference += weighted_difference(exponentials, reference + begin, row + begin, count);
  }
  const double reference_log_z = static_cast<double>(reference_largest) + std::log(total);

  RowScore score;
  score.nll = log_z - static_cast<double>(row[target]);
  score.reference_nll = reference_log_z - static_cast<double>(reference[target]);
  score.kld = std::max(0.0, difference / total - (reference_log_z - log_z));
  score.delta_p = std::exp(-score.nll) - std::exp(-score.reference_nll);
  score.same_top = std::find(row, row + vocab, largest) - row ==
                   std::find(reference, reference + vocab, reference_largest) - reference;
  return score;
}

}  // namespace

void score_rows(const KernelTable& kernels, ThreadPool& pool, std::span<const float> logits,
                std::span<const float> reference_logits, std::size_t vocab,
                std::span<const std::uint32_t> targets, std::span<RowScore> out) {
  CELLM_CHECK(logits.size() == targets.size() * vocab && out.size() == targets.size());
  CELLM_CHECK(reference_logits.empty() || reference_logits.size() == logits.size());
  pool.parallel_for(targets.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      CELLM_CHECK(targets[i] < vocab);
      const float* row = logits.data() + i * vocab;
      if (!reference_logits.empty()) {
        out[i] = compare(kernels, row, reference_logits.data() + i * vocab, vocab, targets[i]);
      } else {
        out[i] = {};
        out[i].nll = log_sum_exp(kernels, row, vocab, kernels.largest(row, vocab)) -
                     static_cast<double>(row[targets[i]]);
      }
    }
  });
}

}  // namespace cellm

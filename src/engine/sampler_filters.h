// Filters of a sampler: which tokens may be drawn. Probabilities are softmaxes of logits without a
// temperature. Formulas as in llama.cpp (src/llama-sampler.cpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace cellm {

struct Candidate {
  float logit;
  std::uint32_t id;
};

// The order of candidates: the larger logit first, the lower id of equals.
inline bool is_better(const Candidate& a, const Candidate& b) {
  return a.logit != b.logit ? a.logit > b.logit : a.id < b.id;
}

// The k best in no order, or all for k = 0. logits: (vocab).
std::vector<Candidate> best_candidates(std::span<const float> logits, std::size_t k);
void best_candidates(std::span<const float> logits, std::size_t k,
                     std::vector<Candidate>& candidates);

// Top-n-sigma (Tang et al. 2024, "Top-nσ: Not All Logits Are You Need"): logits below
// max − n·σ become −inf, with σ the standard deviation of the finite logits (divided by their
// number). n > 0.
void cut_below_n_sigma(std::span<float> logits, float n);

// Locally typical sampling (Meister et al. 2022, arXiv:2202.00666): keeps the fewest candidates
// whose probabilities reach p, taken in the order of |−ln p_i − H|, H the entropy of all.
// Candidates of logit −inf go. 0 < p < 1.
void keep_typical(std::vector<Candidate>& candidates, float p);

// XTC, "exclude top choices": the number of candidates to leave out from the front, all but the
// last one of those with a probability of at least `threshold`. candidates: best first.
std::size_t excluded_top_choices(std::span<const Candidate> candidates, float threshold);

}  // namespace cellm

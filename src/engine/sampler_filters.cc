#include "engine/sampler_filters.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace cellm {
namespace {

// Probabilities in the order of the candidates.
std::vector<double> softmax(std::span<const Candidate> candidates) {
  std::vector<double> p(candidates.size());
  if (candidates.empty()) return p;
  const auto best =
      static_cast<double>(std::min_element(candidates.begin(), candidates.end(), is_better)->logit);
  double total = 0.0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    p[i] = std::exp(static_cast<double>(candidates[i].logit) - best);
    total += p[i];
  }
  for (double& one : p) one /= total;
  return p;
}

}  // namespace

std::vector<Candidate> best_candidates(std::span<const float> logits, std::size_t k) {
  std::vector<Candidate> candidates;
  best_candidates(logits, k, candidates);
  return candidates;
}

void best_candidates(std::span<const float> logits, std::size_t k,
                     std::vector<Candidate>& candidates) {
  candidates.clear();
  const std::size_t kept = k == 0 ? logits.size() : std::min(k, logits.size());
  // A heap of the best seen, the worst of them on top: most logits are turned away by one
  // comparison.
  for (std::size_t id = 0; id < logits.size(); ++id) {
    const Candidate candidate{logits[id], static_cast<std::uint32_t>(id)};
    if (candidates.size() < kept) {
      candidates.push_back(candidate);
      if (candidates.size() == kept && kept < logits.size())
        std::make_heap(candidates.begin(), candidates.end(), is_better);
    } else if (is_better(candidate, candidates.front())) {
      std::pop_heap(candidates.begin(), candidates.end(), is_better);
      candidates.back() = candidate;
      std::push_heap(candidates.begin(), candidates.end(), is_better);
    }
  }
}

void cut_below_n_sigma(std::span<float> logits, float n) {
  double sum = 0.0;
  double best = -std::numeric_limits<double>::infinity();
  std::size_t count = 0;
  for (const float logit : logits) {
    if (!std::isfinite(logit)) continue;
    sum += static_cast<double>(logit);
    best = std::max(best, static_cast<double>(logit));
    ++count;
  }
  if (count == 0) return;
  const double mean = sum / static_cast<double>(count);
  double squares = 0.0;
  for (const float logit : logits) {
    if (!std::isfinite(logit)) continue;
    const double difference = static_cast<double>(logit) - mean;
    squares += difference * difference;
  }
  const double sigma = std::sqrt(squares / static_cast<double>(count));
  const double least = best - static_cast<double>(n) * sigma;
  for (float& logit : logits) {
    if (static_cast<double>(logit) < least) logit = -std::numeric_limits<float>::infinity();
  }
}

void keep_typical(std::vector<Candidate>& candidates, float p) {
  struct Typical {
    double distance;  // |−ln p − H|
    double probability;
    Candidate candidate;
  };
  std::vector<Typical> order;
  const std::vector<double> probabilities = softmax(candidates);
  double entropy = 0.0;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (probabilities[i] == 0.0) continue;
    entropy -= probabilities[i] * std::log(probabilities[i]);
    order.push_back({0.0, probabilities[i], candidates[i]});
  }
  for (Typical& one : order) one.distance = std::abs(-std::log(one.probability) - entropy);
  std::sort(order.begin(), order.end(), [](const Typical& a, const Typical& b) {
    return a.distance != b.distance ? a.distance < b.distance : is_better(a.candidate, b.candidate);
  });
  candidates.clear();
  double reached = 0.0;
  for (const Typical& one : order) {
    candidates.push_back(one.candidate);
    reached += one.probability;
    if (reached >= static_cast<double>(p)) break;
  }
}

std::size_t excluded_top_choices(std::span<const Candidate> candidates, float threshold) {
  const std::vector<double> p = softmax(candidates);
  std::size_t above = 0;
  while (above < p.size() && p[above] >= static_cast<double>(threshold)) ++above;
  return above == 0 ? 0 : above - 1;
}

}  // namespace cellm

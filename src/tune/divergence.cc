#include "tune/divergence.h"

#include <algorithm>
#include <cmath>

#include "kernels/kernel_table.h"

namespace cellm {
namespace {

// logits: (n) become probabilities; returns ln Σ exp(logits).
double softmax(const KernelTable& kernels, float* logits, std::size_t n) {
  const float largest = kernels.largest(logits, n);
  const float sum = kernels.exp_sum(logits, largest, n);
  for (std::size_t i = 0; i < n; ++i) logits[i] /= sum;
  return static_cast<double>(largest) + std::log(static_cast<double>(sum));
}

}  // namespace

double divergence_of(const Compute& compute, const TunableMatrix& student_head,
                     const std::vector<float>& student_hidden, const Linear& teacher_head,
                     const std::vector<float>& teacher_hidden, float* gradient) {
  const std::size_t hidden = student_head.cols();
  const std::size_t vocab = student_head.rows();
  const std::size_t tokens = student_hidden.size() / hidden;
  std::vector<float> student(std::min(kDivergenceRows, tokens) * vocab);
  std::vector<float> teacher(student.size());
  std::vector<double> divergences(tokens);
  for (std::size_t first = 0; first < tokens; first += kDivergenceRows) {
    const std::size_t count = std::min(kDivergenceRows, tokens - first);
    const float* input = student_hidden.data() + first * hidden;
    student_head.forward(compute, input, count, student.data());
    apply(compute, teacher_head, teacher_hidden.data() + first * hidden, count, teacher.data());
    compute.pool.parallel_for(count, 1, [&](std::size_t row, std::size_t) {
      float* s = student.data() + row * vocab;
      float* t = teacher.data() + row * vocab;
      // Σ p_t (t − s) of the logits, and what normalises them.
      std::vector<float> gaps(vocab);
      for (std::size_t i = 0; i < vocab; ++i) gaps[i] = t[i] - s[i];
      const double teacher_norm = softmax(compute.kernels, t, vocab);
      const double student_norm = softmax(compute.kernels, s, vocab);
      double sum = 0.0;
      for (std::size_t i = 0; i < vocab; ++i) sum += static_cast<double>(t[i]) * gaps[i];
      divergences[first + row] = sum - teacher_norm + student_norm;
      for (std::size_t i = 0; i < vocab; ++i) s[i] = (s[i] - t[i]) / static_cast<float>(tokens);
    });
    if (gradient != nullptr) {
      float* out = gradient + first * hidden;
      std::fill_n(out, count * hidden, 0.0F);
      student_head.input_gradient(compute, student.data(), count, out);
    }
  }
  double sum = 0.0;
  for (const double divergence : divergences) sum += divergence;
  return sum / static_cast<double>(tokens);
}

}  // namespace cellm

// KL divergence of two models' predictions over the whole vocabulary, and its gradient.
#pragma once

#include <vector>

#include "ops/compute.h"
#include "ops/linear.h"
#include "tune/matrix.h"

namespace cellm {

// The mean over the positions of KL(teacher ‖ student) = Σ p_t (ln p_t − ln p_s), in nats; logits
// are the output matrices times the final residual streams, (tokens, hidden) each. gradient, if not
// null, receives the gradient of the student's stream; with z its logits, dz = (p_s − p_t) /
// tokens. Logits are computed for kDivergenceRows positions at a time.
inline constexpr std::size_t kDivergenceRows = 64;
double divergence_of(const Compute& compute, const TunableMatrix& student_head,
                     const std::vector<float>& student_hidden, const Linear& teacher_head,
                     const std::vector<float>& teacher_hidden, float* gradient);

}  // namespace cellm

#include "jobs/convert_times.h"

#include "convert/target_bits.h"
#include "jobs/conversion_text.h"
#include "jobs/machine_speed.h"

namespace cellm {
namespace {

// The share of the f32 peak reached by a forward pass.
constexpr double kShareOfPeak = 0.5;
// Multiply-adds for the second moments of the inputs per multiply-add of the matrices.
constexpr double kMoments = 0.5;
// The same for corrected targets: passes of the source's model beside the quantized one and before
// it, to the output, and the moments of differences.
constexpr double kTargetPasses = 2.0;
constexpr double kTargetMoments = 1.3;
// Choosing the code of a weight, in multiply-adds at that share.
constexpr double kCodingPerWeight = 11'000.0;
// Training on a token, in forward passes of one model: two forward, one backward, and the
// evaluations of held-out text. With bf16 the matrices take half of it.
constexpr double kLearningPasses = 4.0;
constexpr double kLearningPassesBf16 = 2.8;

struct Sizes {  // weights
  double layers = 0.0;
  double head = 0.0;
};

Sizes sizes_of(const ConvertPlan& plan) {
  Sizes sizes;
  for (const PlannedTensor& tensor : plan.tensors) {
    if (!tensor.linear) continue;
    double& size = tensor.linear == kOutputId ? sizes.head : sizes.layers;
    size += static_cast<double>(tensor.info.rows() * tensor.info.cols());
  }
  return sizes;
}

double coding_along(const Sizes& sizes, double tokens, bool targets) {
  const double passes = 1.0 + kMoments + (targets ? kTargetPasses + kTargetMoments : 0.0);
  return (sizes.layers + sizes.head) * kCodingPerWeight + sizes.layers * tokens * passes;
}

}  // namespace

std::vector<StageTime> expected_times(const ConvertRequest& request, bool plan_only,
                                      const ConvertPlan& plan, const CalibrationText& text,
                                      const KernelTable& kernels, ThreadPool& pool) {
  const double rate = kShareOfPeak * measured_peak(kernels.f32_peak, pool);
  const Sizes sizes = sizes_of(plan);
  const double all = sizes.layers + sizes.head;
  const bool targets = request.calibration->corrected_targets;
  std::vector<StageTime> times;
  if (request.target) {
    const SearchWork work = search_work(plan, *request.target, text);
    const double measuring = static_cast<double>(work.parts * work.part_tokens) *
                             (sizes.layers / 2.0 + sizes.head);  // from the part's layer on
    times.push_back(
        {"formats",
         (coding_along(sizes, static_cast<double>(work.probe_tokens), targets) + measuring) /
             rate});
  }
  if (plan_only) return times;
  times.push_back(
      {"codes", coding_along(sizes, static_cast<double>(text.label.tokens), targets) / rate});
  if (const auto tokens = static_cast<double>(request.tune_tokens); tokens != 0.0) {
    const double passes = kernels.matmul_bf16 != nullptr ? kLearningPassesBf16 : kLearningPasses;
    times.push_back({"tuning", passes * all * tokens / rate});
  }
  if (request.target) {
    constexpr auto kTokens = static_cast<double>(kHeldOutWindows * kCalibrationWindow);
    times.push_back({"comparing", 2.0 * all * kTokens / rate});
  }
  return times;
}

}  // namespace cellm

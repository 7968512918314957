// Expected duration of a calibrated conversion, by stage.
#pragma once

#include <string_view>
#include <vector>

#include "base/stopwatch.h"
#include "base/thread_pool.h"
#include "convert/calibrate.h"
#include "convert/convert.h"
#include "jobs/convert_request.h"
#include "jobs/notes.h"
#include "kernels/kernel_table.h"

namespace cellm {

// The expected duration of the stages on this machine: their multiply-adds at a share of the peak
// that was measured on a few models. Accurate to about a third.
std::vector<StageTime> expected_times(const ConvertRequest& request, bool plan_only,
                                      const ConvertPlan& plan, const CalibrationText& text,
                                      const KernelTable& kernels, ThreadPool& pool);

// Measures consecutive stages.
class StageClock {
 public:
  void finish(std::string_view name) { times_.push_back({name, watch_.lap()}); }
  const std::vector<StageTime>& times() const { return times_; }

 private:
  Stopwatch watch_;
  std::vector<StageTime> times_;
};

}  // namespace cellm

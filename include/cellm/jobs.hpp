// The jobs of the C++ interface: converting, tuning and evaluating models. Included by cellm.hpp.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <string_view>

#include <cellm/error.hpp>

namespace cellm {
inline namespace v1 {

// Called with the progress of a stage, on the calling thread; false cancels the job.
using OnProgress =
    std::function<bool(std::string_view stage, std::uint64_t done, std::uint64_t total)>;

namespace detail {

// Calls run(control) with a control that calls on_progress, and rethrows what on_progress throws.
template <class Run>
void run_job(const OnProgress& on_progress, const Cancel* cancel, Run&& run) {
  struct Call {
    const OnProgress& on_progress;
    std::exception_ptr failure;
  } call{on_progress, nullptr};
  cellm_job_control control{};
  control.size = sizeof(control);
  control.user = &call;
  control.cancel = cancel == nullptr ? nullptr : cancel->handle();
  control.on_progress = [](void* user, const char* stage, std::uint64_t done,
                           std::uint64_t total) -> int {
    Call& c = *static_cast<Call*>(user);
    try {
      return !c.on_progress || c.on_progress(stage, done, total) ? 0 : 1;
    } catch (...) {
      c.failure = std::current_exception();
      return 1;
    }
  };
  const cellm_status status = run(&control);
  if (call.failure) std::rethrow_exception(call.failure);
  check(status);
}

// Calls a job of jobs.h with the `size` of its structs set.
template <class Result, class Options>
Result call_job(cellm_status (*job)(const Options*, const cellm_job_control*, Result*),
                Options options, const OnProgress& on_progress, const Cancel* cancel) {
  options.size = sizeof(options);
  Result result{};
  result.size = sizeof(result);
  run_job(on_progress, cancel,
          [&](const cellm_job_control* control) { return job(&options, control, &result); });
  return result;
}

}  // namespace detail

// The options and results are those of jobs.h; `size` is set here. Throw Cancelled and Error, and
// what on_progress throws.
inline cellm_convert_result convert(const cellm_convert_options& options,
                                    const OnProgress& on_progress = {},
                                    const Cancel* cancel = nullptr) {
  return detail::call_job(cellm_convert, options, on_progress, cancel);
}

inline cellm_tune_result tune(const cellm_tune_options& options, const OnProgress& on_progress = {},
                              const Cancel* cancel = nullptr) {
  return detail::call_job(cellm_tune, options, on_progress, cancel);
}

inline cellm_evaluate_result evaluate(const cellm_evaluate_options& options,
                                      const OnProgress& on_progress = {},
                                      const Cancel* cancel = nullptr) {
  return detail::call_job(cellm_evaluate, options, on_progress, cancel);
}

inline cellm_study_result study(const cellm_study_options& options,
                                const OnProgress& on_progress = {},
                                const Cancel* cancel = nullptr) {
  return detail::call_job(cellm_study, options, on_progress, cancel);
}

}  // namespace v1
}  // namespace cellm

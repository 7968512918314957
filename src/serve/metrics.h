// /metrics, in the text format of Prometheus.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "schedule/scheduler.h"

namespace cellm {

inline constexpr const char* kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

// `responses`: HTTP responses by status.
std::string metrics_text(const SchedulerMetrics& metrics, std::size_t max_queue,
                         const std::map<int, std::size_t>& responses);

}  // namespace cellm

// Quick measurements of memory bandwidth and arithmetic peak.
#pragma once

#include <cstdint>
#include <functional>

#include "base/thread_pool.h"
#include "kernels/kernel_table.h"

namespace cellm {

double seconds_of(const std::function<void()>& work);

// Read bandwidth of all threads in bytes per second: the best of a few dot products over buffers
// larger than the caches. Takes 512 MiB of memory. Throws std::bad_alloc.
double measured_bandwidth(const KernelTable& kernels, ThreadPool& pool);

// Multiply-adds per second of all threads, in registers alone: the best of a few runs.
// peak: f32_peak or int8_peak of a kernel table.
double measured_peak(std::uint64_t (*peak)(std::uint64_t), ThreadPool& pool);

}  // namespace cellm

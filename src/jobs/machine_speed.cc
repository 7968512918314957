#include "jobs/machine_speed.h"

#include <algorithm>
#include <atomic>
#include <cstddef>

#include "base/aligned_buffer.h"
#include "base/error.h"
#include "base/stopwatch.h"

namespace cellm {

double seconds_of(const std::function<void()>& work) {
  const Stopwatch watch;
  work();
  return watch.seconds();
}

double measured_bandwidth(const KernelTable& kernels, ThreadPool& pool) {
  constexpr std::size_t kHalf = std::size_t{64} << 20;  // floats: 256 MiB each
  constexpr std::size_t kGrain = kHalf / 64;
  constexpr int kPasses = 5;
  const AlignedBuffer<float> memory(2 * kHalf);
  double best = 0;
  for (int pass = 0; pass < kPasses; ++pass) {
    const double seconds = seconds_of([&] {
      pool.parallel_for(kHalf, kGrain, [&](std::size_t begin, std::size_t end) {
        const float sum =
            kernels.dot(memory.data() + begin, memory.data() + kHalf + begin, end - begin);
        if (sum != 0.0F) throw error(ErrorKind::kOther, "memory that was cleared is not zero");
      });
    });
    best = std::max(best, static_cast<double>(2 * kHalf * sizeof(float)) / seconds);
  }
  return best;
}

double measured_peak(std::uint64_t (*peak)(std::uint64_t), ThreadPool& pool) {
  constexpr std::uint64_t kBurst = 200'000'000;
  constexpr int kPasses = 5;
  double best = 0;
  for (int pass = 0; pass < kPasses; ++pass) {
    std::atomic<std::uint64_t> done{0};
    const double seconds = seconds_of([&] {
      pool.parallel_for(pool.threads(), 1, [&](std::size_t, std::size_t) { done += peak(kBurst); });
    });
    best = std::max(best, static_cast<double>(done) / seconds);
  }
  return best;
}

}  // namespace cellm

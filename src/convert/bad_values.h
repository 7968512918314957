// Weights that a format cannot hold: NaN, infinite, or too large.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "format/formats.h"

namespace cellm {

// The bad values of one tensor, and the first of them in file order.
struct BadValues {
  std::string tensor;
  FormatId format = kExactFormat;
  std::uint64_t count = 0;
  std::uint64_t rows = 0;  // with at least one
  std::size_t first_row = 0;
  std::size_t first_column = 0;
  float first_value = 0.0F;
};

// "2 tensors have ...: NAME (3 values in 2 rows, the first nan at row 7, column 0; f16 holds up to
// 65504), ..." as a part of one line. Names the first kMaxNamedTensors and counts the rest.
inline constexpr std::size_t kMaxNamedTensors = 8;
std::string describe(const std::vector<BadValues>& found);

// Collects bad values while tensors are converted one after the other, their rows in any order and
// by several threads. The result does not depend on the number of threads.
class BadValueLog {
 public:
  // With `replace`, NaN becomes 0, and infinite or too large values become the largest value of the
  // format with the same sign. Without, the conversion is refused.
  explicit BadValueLog(bool replace) : replace_(replace) {}

  // Checks a row, and replaces its bad values if the log replaces. Thread-safe for one tensor.
  void look_at(const std::string& tensor, const FormatSpec& format, std::size_t row,
               std::span<float> values);

  // Whether the conversion is refused. Findings of other threads in the same tensor may appear
  // late; throw_if_refused() sees all.
  bool refuses() const { return refuses_.load(std::memory_order_relaxed); }
  // Throws Error(kData) that names the tensors; `path` is that of the source.
  void throw_if_refused(const std::string& path) const;
  const std::vector<BadValues>& found() const { return found_; }

 private:
  bool replace_;
  std::atomic<bool> refuses_{false};
  std::mutex mutex_;  // of found_ while threads look at rows
  std::vector<BadValues> found_;
};

}  // namespace cellm

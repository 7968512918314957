// Wall-clock time between points of a program.
#pragma once

#include <chrono>

namespace cellm {

class Stopwatch {
 public:
  // Seconds since construction or the last lap().
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

  // The same, and restarts.
  double lap() {
    const auto now = Clock::now();
    const double seconds = std::chrono::duration<double>(now - start_).count();
    start_ = now;
    return seconds;
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
};

}  // namespace cellm

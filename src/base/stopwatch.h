// The time that passes between places of a program.
#pragma once

#include <chrono>

namespace cellm {

class Stopwatch {
 public:
  // Seconds since the last lap(), or since this was made.
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

  // The same, and begins anew.
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

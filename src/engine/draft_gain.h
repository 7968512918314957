// Whether verifying drafts pays, by the time it takes on this machine.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <optional>

namespace cellm {

// The time of steps without drafts. Not thread-safe.
class PlainSteps {
 public:
  // So many steps with drafts are compared with one measurement.
  static constexpr std::size_t kFresh = 64;

  // A step of one token for each of so many answers.
  void add(std::size_t answers, double seconds);
  // The same with drafts.
  void add_drafted(std::size_t answers);
  // Seconds of a step without drafts, the mean of the latest; nothing: it is to be measured.
  std::optional<double> seconds(std::size_t answers) const;

 private:
  struct Mean {
    double seconds = 0.0;
    std::size_t drafted = 0;  // steps since it was measured
  };
  std::map<std::size_t, Mean> means_;  // by answers
};

// The gain of the drafts of one answer: how much faster it is than without them. Not thread-safe.
class DraftGain {
 public:
  static constexpr std::size_t kWindow = 64;  // steps with a draft over which it is measured
  static constexpr std::size_t kFewest = 16;  // that are judged
  static constexpr double kLeast = 1.05;
  // Steps without drafts after the gain was below kLeast; twice as many each time that it is so
  // again.
  static constexpr std::size_t kFirstPause = 64;
  static constexpr std::size_t kLongestPause = 4096;

  bool pays() const { return pause_ == 0; }
  // A step with a draft that gave the answer `tokens` tokens took `seconds`, one without takes
  // `plain`.
  void add(std::size_t tokens, double seconds, double plain);
  // A step without a draft.
  void add_plain() { pause_ -= pause_ == 0 ? 0 : 1; }

 private:
  struct Seconds {
    double plain = 0.0;  // that the tokens would have taken
    double drafted = 0.0;
  };
  std::array<Seconds, kWindow> steps_{};  // ring
  std::size_t count_ = 0;                 // since the latest pause
  std::size_t pause_ = 0;                 // steps to come
  std::size_t next_pause_ = kFirstPause;
};

}  // namespace cellm

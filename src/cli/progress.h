// A progress bar on the terminal, and nothing anywhere else.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace cellm {

// Draws on stderr if that is a terminal; erases itself when destroyed. Not thread-safe.
class ProgressBar {
 public:
  explicit ProgressBar(std::string label, bool enabled = true);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void set_label(const std::string& label) { label_ = label; }
  void update(std::uint64_t done, std::uint64_t total);

 private:
  std::string label_;
  bool enabled_;
  std::optional<double> began_;  // the share that was done at the first update
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point drawn_;
};

}  // namespace cellm

#include "cli/progress.h"

#include <cstdio>

#include <fmt/format.h>

#include "cli/command.h"

namespace cellm {
namespace {
constexpr int kBarWidth = 30;
constexpr std::chrono::milliseconds kInterval{100};
}  // namespace

ProgressBar::ProgressBar(std::string label, bool enabled)
    : label_(std::move(label)),
      enabled_(enabled && stderr_is_terminal()),
      start_(std::chrono::steady_clock::now()),
      drawn_(start_ - kInterval) {}

ProgressBar::~ProgressBar() {
  if (enabled_) fmt::print(stderr, "\r\x1b[K");
}

void ProgressBar::update(std::uint64_t done, std::uint64_t total) {
  const auto now = std::chrono::steady_clock::now();
  if (!enabled_ || total == 0 || (now - drawn_ < kInterval && done < total)) return;
  drawn_ = now;
  const double share = static_cast<double>(done) / static_cast<double>(total);
  if (!began_) began_ = share;
  // The share from before the start, as of a resumed download, took none of the time.
  const double gained = share - *began_;
  const double elapsed = std::chrono::duration<double>(now - start_).count();
  const int filled = static_cast<int>(share * kBarWidth);
  fmt::print(stderr, "\r\x1b[K{} [{}{}] {:3.0f}%{}", label_,
             std::string(static_cast<std::size_t>(filled), '#'),
             std::string(static_cast<std::size_t>(kBarWidth - filled), '.'), share * 100.0,
             gained > 0.0 ? fmt::format("  {:.0f} s left", elapsed * (1.0 - share) / gained) : "");
  std::fflush(stderr);
}

}  // namespace cellm

// Cooperative cancellation.
#pragma once

#include <atomic>
#include <exception>

namespace cellm {

// Polled by the work between its steps. cancel() may be called from any thread and from a signal
// handler.
class CancelToken {
 public:
  void cancel() noexcept { cancelled_.store(true, std::memory_order_relaxed); }
  bool cancelled() const noexcept { return cancelled_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> cancelled_{false};
  static_assert(std::atomic<bool>::is_always_lock_free);  // else no signal handler could set it
};

// Thrown by work that was cancelled.
struct Cancelled : std::exception {
  const char* what() const noexcept override { return "cancelled"; }
};

}  // namespace cellm

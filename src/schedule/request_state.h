// State shared by the two ends of a request: its events and its cancellation.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "base/cancel.h"
#include "schedule/completion.h"

namespace cellm {

// Tells a thread that there is something to do. Thread-safe.
class Signal {
 public:
  void raise();
  // Returns once raise() was called since the last wait().
  void wait();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool raised_ = false;
};

// Events that a request may have unread before its answers pause, until half of them are read. A
// token's event has some hundred bytes, and a reader that is half a second late has missed tens.
inline constexpr std::size_t kMaxUnreadEvents = 256;

// Thread-safe.
class RequestState {
 public:
  // `wake` is raised when the scheduler has something to do for this request.
  RequestState(CompletionRequest request, std::shared_ptr<Signal> wake)
      : request_(std::move(request)), open_answers_(request_.answers), wake_(std::move(wake)) {}

  const CompletionRequest& request() const { return request_; }

  // For the caller.
  std::optional<CompletionEvent> next(std::chrono::milliseconds wait);
  bool finished() const;
  void cancel();

  // For the scheduler.
  bool ended() const { return open_answers_ == 0; }
  bool cancelled() const { return cancelled_.cancelled(); }
  bool paused() const;
  // Nothing follows the end of the last answer, or a failure.
  void push(CompletionEvent event);
  void push_end(std::size_t answer, const GenerateResult& result);

 private:
  const CompletionRequest request_;
  std::size_t open_answers_;  // the scheduler's
  std::shared_ptr<Signal> wake_;
  CancelToken cancelled_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<CompletionEvent> events_;
  bool complete_ = false;  // the last event is or was in events_
  bool paused_ = false;
};

}  // namespace cellm

// The requests of one client's request, in the scheduler.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "schedule/scheduler.h"

namespace cellm {

// At most so many of them are submitted at a time, so that a long list leaves room in the queue.
// Destroying it cancels what is left. Not thread-safe; the scheduler must outlive it.
class Exchange {
 public:
  // Submits the first one. Throws ApiError: 429 if the queue is full, 503 after drain(), 400 for
  // options out of range.
  Exchange(Scheduler& scheduler, std::vector<CompletionRequest> requests, std::size_t together);

  // The next event and the number of its request, waiting at most so long. Throws ApiError for a
  // request that failed.
  std::optional<std::pair<std::size_t, CompletionEvent>> next(std::chrono::milliseconds wait);
  // All events have been taken.
  bool finished() const { return running_.empty() && next_ == requests_.size(); }

 private:
  struct Running {
    std::size_t number;
    std::shared_ptr<Completion> completion;
  };

  void submit();
  void submit_more();
  std::optional<std::pair<std::size_t, CompletionEvent>> take(std::size_t index,
                                                              std::chrono::milliseconds wait);

  Scheduler& scheduler_;
  std::vector<CompletionRequest> requests_;
  std::size_t together_;
  std::size_t next_ = 0;  // to submit
  std::vector<Running> running_;
};

}  // namespace cellm

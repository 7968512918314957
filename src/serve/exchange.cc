#include "serve/exchange.h"

#include <thread>

#include "serve/api_error.h"

namespace cellm {

Exchange::Exchange(Scheduler& scheduler, std::vector<CompletionRequest> requests,
                   std::size_t together)
    : scheduler_(scheduler), requests_(std::move(requests)), together_(together) {
  try {
    submit();
  } catch (const QueueFull& full) {
    ApiError error(429, "the server is busy and its queue is full; try again later");
    error.code = "queue_full";
    error.retry_after = full.retry_after;
    throw error;
  }
}

std::optional<std::pair<std::size_t, CompletionEvent>> Exchange::next(
    std::chrono::milliseconds wait) {
  submit_more();
  for (std::size_t i = 0; i < running_.size(); ++i) {
    if (auto event = take(i, std::chrono::milliseconds(0))) return event;
  }
  if (!running_.empty()) return take(0, wait);
  if (!finished()) std::this_thread::sleep_for(wait);  // others have filled the queue
  return std::nullopt;
}

void Exchange::submit() {
  try {
    // A copy: it is tried again if the queue is full.
    running_.push_back({next_, scheduler_.submit(requests_[next_])});
  } catch (const Draining&) {
    ApiError error(503, "the server is shutting down");
    error.code = "draining";
    error.retry_after = std::chrono::seconds(1);
    throw error;
  } catch (const ContextExceeded& exceeded) {
    ApiError error(400, exceeded.what());
    error.code = "context_length_exceeded";
    throw error;
  } catch (const Error& error) {
    ApiError refused = request_error(error);
    // More memory than the server has for all requests together: no time is better than now.
    if (error.kind() == ErrorKind::kResources) {
      refused.status = 400;
      refused.code = "context_length_exceeded";
    }
    throw refused;
  }
  requests_[next_++] = {};
}

void Exchange::submit_more() {
  while (running_.size() < together_ && next_ < requests_.size()) {
    try {
      submit();
    } catch (const QueueFull&) {
      return;
    }
  }
}

std::optional<std::pair<std::size_t, CompletionEvent>> Exchange::take(
    std::size_t index, std::chrono::milliseconds wait) {
  const Running running = running_[index];
  auto event = running.completion->next(wait);
  if (running.completion->finished()) {
    running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(index));
  }
  if (!event) return std::nullopt;
  if (event->kind == CompletionEvent::Kind::kFailed) {
    throw event->error ? answer_error(*event->error) : ApiError(500, "the answer failed");
  }
  return std::pair(running.number, std::move(*event));
}

}  // namespace cellm

#include "schedule/completion.h"

#include <utility>

#include "schedule/request_state.h"

namespace cellm {

void Signal::raise() {
  const std::lock_guard lock(mutex_);
  raised_ = true;
  changed_.notify_one();
}

void Signal::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return raised_; });
  raised_ = false;
}

std::optional<CompletionEvent> RequestState::next(std::chrono::milliseconds wait) {
  bool resumed = false;
  std::optional<CompletionEvent> event;
  {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, wait, [&] { return complete_ || !events_.empty(); });
    if (events_.empty()) return std::nullopt;
    event = std::move(events_.front());
    events_.pop_front();
    resumed = paused_ && events_.size() <= kMaxUnreadEvents / 2;
    if (resumed) paused_ = false;
  }
  if (resumed) wake_->raise();
  return event;
}

bool RequestState::finished() const {
  const std::lock_guard lock(mutex_);
  return complete_ && events_.empty();
}

void RequestState::cancel() {
  cancelled_.cancel();
  wake_->raise();
}

bool RequestState::paused() const {
  const std::lock_guard lock(mutex_);
  return paused_;
}

void RequestState::push(CompletionEvent event) {
  if (event.kind == CompletionEvent::Kind::kFailed) open_answers_ = 0;
  if (event.kind == CompletionEvent::Kind::kEnd) --open_answers_;
  const std::lock_guard lock(mutex_);
  events_.push_back(std::move(event));
  complete_ = ended();
  paused_ = events_.size() >= kMaxUnreadEvents;
  changed_.notify_all();
}

void RequestState::push_end(std::size_t answer, const GenerateResult& result) {
  CompletionEvent event{.kind = CompletionEvent::Kind::kEnd, .answer = answer};
  event.result = result;
  push(std::move(event));
}

Completion::Completion(std::shared_ptr<RequestState> state) : state_(std::move(state)) {}

Completion::~Completion() {
  if (!state_->finished()) state_->cancel();
}

std::optional<CompletionEvent> Completion::next(std::chrono::milliseconds wait) {
  return state_->next(wait);
}

bool Completion::finished() const {
  return state_->finished();
}

void Completion::cancel() {
  state_->cancel();
}

}  // namespace cellm

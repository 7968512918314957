// Long calls of the library that report events and can be cancelled.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include <cellm/cellm.hpp>

#include "held.h"
#include "interpreter.h"

namespace cellm_python {

// How long Ctrl-C may wait for the thread that waits for a worker.
inline constexpr std::chrono::milliseconds kSignalPeriod{50};

// Runs body(cancel, report) in a thread of its own, which does not touch Python. The caller waits
// for it and meanwhile hears signals. Its methods are called with the GIL, by one thread at a time
// or by several, of which each gets other events.
template <class Event, class Result>
class Worker {
 public:
  using Report = std::function<void(Event)>;
  using Body = std::function<Result(const cellm::Cancel&, const Report&)>;
  // Whether a new event replaces the latest one that was not taken yet.
  using Replaces = bool (*)(const Event& latest, const Event& next);

  explicit Worker(Body body, Replaces replaces = nullptr)
      : state_(std::make_shared<State>()), forks_(fork_count()) {
    state_->replaces = replaces;
    try {
      thread_ = std::make_unique<std::thread>(
          [state = state_, body = std::move(body)]() mutable { run(*state, std::move(body)); });
    } catch (const std::system_error& error) {
      throw cellm::Error(CELLM_ERROR_RESOURCES, error.what());
    }
  }
  // Ends the work.
  ~Worker() {
    if (forks_ != fork_count()) {
      static_cast<void>(thread_.release());  // it does not exist in this process
      return;
    }
    try {
      stop();
    } catch (...) {  // no memory for a lock; the thread is waited for in any case
    }
    thread_->join();
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // The next event; nothing at the end. Throws what the work threw, and what a signal handler
  // raised, for which the work is ended.
  std::optional<Event> next() {
    wait([](const State& state) { return state.ended || !state.events.empty(); });
    const std::lock_guard lock(state_->mutex);
    if (!state_->events.empty()) {
      Event event = std::move(state_->events.front());
      state_->events.pop_front();
      return event;
    }
    if (state_->failure) std::rethrow_exception(state_->failure);
    return std::nullopt;
  }

  // Waits for the end. Throws as next().
  const Result& result() {
    wait([](const State& state) { return state.ended; });
    if (state_->failure) std::rethrow_exception(state_->failure);
    return *state_->result;
  }

  // Asks the work to end and waits until it has.
  void stop() {
    state_->cancel.request();
    without_gil([&] {
      std::unique_lock lock(state_->mutex);
      state_->changed.wait(lock, [&] { return state_->ended; });
    });
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<Event> events;
    bool ended = false;
    std::optional<Result> result;
    std::exception_ptr failure;
    cellm::Cancel cancel;
    Replaces replaces = nullptr;
  };

  static void run(State& state, Body body) {
    const Report report = [&state](Event event) {
      {
        const std::lock_guard lock(state.mutex);
        if (state.replaces != nullptr && !state.events.empty() &&
            state.replaces(state.events.back(), event)) {
          state.events.back() = std::move(event);
        } else {
          state.events.push_back(std::move(event));
        }
      }
      state.changed.notify_all();
    };
    std::optional<Result> result;
    std::exception_ptr failure;
    try {
      result = body(state.cancel, report);
    } catch (...) {
      failure = std::current_exception();
    }
    const std::lock_guard lock(state.mutex);
    state.result = std::move(result);
    state.failure = failure;
    state.ended = true;
    state.changed.notify_all();
  }

  template <class Reached>
  void wait(Reached reached) {
    while (true) {
      const bool done = without_gil([&] {
        std::unique_lock lock(state_->mutex);
        return state_->changed.wait_for(lock, kSignalPeriod, [&] { return reached(*state_); });
      });
      try {
        check_signals();
      } catch (...) {
        stop();
        throw;
      }
      if (done) return;
    }
  }

  std::shared_ptr<State> state_;
  unsigned forks_;
  std::unique_ptr<std::thread> thread_;
};

}  // namespace cellm_python

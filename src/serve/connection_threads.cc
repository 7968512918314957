#include "serve/connection_threads.h"

#include <system_error>
#include <utility>

namespace cellm {
namespace {

thread_local bool refusing = false;

}  // namespace

bool ConnectionThreads::is_refusing() {
  return refusing;
}

void ConnectionThreads::enqueue(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    bool has_thread = tasks_.size() < idle_;
    if (!has_thread && threads_.size() < most_) {
      try {
        threads_.emplace_back([this] { work(); });
        has_thread = true;
      } catch (const std::system_error&) {  // the machine allows no more threads
      }
    }
    if (has_thread) {
      tasks_.push_back(std::move(task));
      ready_.notify_one();
      return;
    }
  }
  refusing = true;
  task();
  refusing = false;
}

void ConnectionThreads::shutdown() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  ready_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void ConnectionThreads::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    ready_.wait(lock, [this] { return is_over_ || !tasks_.empty(); });
    --idle_;
    if (tasks_.empty()) return;
    const std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    lock.lock();
  }
}

}  // namespace cellm

#include "base/thread_pool.h"

#include <algorithm>
#include <system_error>

#include "base/cpu_features.h"
#include "base/error.h"
#include "base/limits.h"

namespace cellm {
namespace {

// About 20 microseconds of pauses: longer than the gap between two loops of a forward pass, short
// against a scheduler's time slice.
constexpr int kSpins = 1000;

void pause_briefly() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  std::this_thread::yield();
#endif
}

}  // namespace

ThreadPool::ThreadPool(unsigned threads) {
  if (threads > kMaxThreads) {
    throw usage_error("{} threads are too many; at most {} are possible", threads, kMaxThreads);
  }
  if (threads == 0) threads = std::min(default_threads(), kMaxThreads);
  workers_.reserve(threads - 1);
  try {
    for (unsigned i = 1; i < threads; ++i) workers_.emplace_back([this] { worker_loop(); });
  } catch (const std::system_error& failure) {
    const std::size_t started = workers_.size() + 1;
    stop();
    throw error(ErrorKind::kResources, "only {} of {} threads could be started: {}", started,
                threads, failure.code().message());
  } catch (...) {  // a thread could not be started; the running ones wait for work
    stop();
    throw;
  }
}

ThreadPool::~ThreadPool() {
  stop();
}

void ThreadPool::stop() {
  stopping_.store(true);
  epoch_.fetch_add(1);
  epoch_.notify_all();
  for (auto& worker : workers_) worker.join();
}

void ThreadPool::run(std::size_t count, std::size_t grain, Invoke invoke, void* context) {
  if (count == 0) return;
  grain = std::max<std::size_t>(grain, 1);
  if (workers_.empty() || count <= grain) {
    for (std::size_t begin = 0; begin < count; begin += grain) {
      invoke(context, begin, std::min(count, begin + grain));
    }
    return;
  }
  const std::lock_guard caller(caller_mutex_);
  invoke_ = invoke;
  context_ = context;
  count_ = count;
  grain_ = grain;
  failure_ = nullptr;
  next_.store(0);
  open_.store(true);
  epoch_.fetch_add(1);
  epoch_.notify_all();

  work_on_chunks();

  // A worker increments inside_ before it reads open_. So after this, either it sees the loop
  // closed, or we see it inside and wait for the chunk it has claimed.
  open_.store(false);
  for (int spins = 0; inside_.load() != 0; ++spins) {
    if (spins < kSpins) {
      pause_briefly();
    } else {
      std::this_thread::yield();
    }
  }
  if (failure_) std::rethrow_exception(failure_);
}

void ThreadPool::work_on_chunks() {
  for (;;) {
    const std::size_t begin = next_.fetch_add(grain_);
    if (begin >= count_) return;
    try {
      invoke_(context_, begin, std::min(count_, begin + grain_));
    } catch (...) {
      const std::lock_guard lock(failure_mutex_);
      if (!failure_) failure_ = std::current_exception();
    }
  }
}

void ThreadPool::worker_loop() {
  std::uint32_t seen = 0;
  for (;;) {
    for (int spins = 0; epoch_.load() == seen && spins < kSpins; ++spins) pause_briefly();
    epoch_.wait(seen);
    seen = epoch_.load();
    if (stopping_.load()) return;
    inside_.fetch_add(1);
    if (open_.load()) work_on_chunks();
    inside_.fetch_sub(1);
  }
}

}  // namespace cellm

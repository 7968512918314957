// A thread pool for loops over independent chunks.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace cellm {

// Runs loops on `threads` threads, including the calling one. Chunks are claimed from one counter,
// so a thread that is descheduled delays at most the chunk it claimed. Idle workers spin briefly
// and then sleep. Which thread runs a chunk is not determined; the results of a body must not
// depend on it.
class ThreadPool {
 public:
  // threads = 0 means default_threads(). Throws Error(kUsage) for more than kMaxThreads,
  // Error(kResources) if one cannot be started.
  explicit ThreadPool(unsigned threads = 0);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  unsigned threads() const { return static_cast<unsigned>(workers_.size()) + 1; }

  // Calls body(begin, end) for ranges that cover [0, count), each at most `grain` long and starting
  // at a multiple of it. Returns when all are done, and rethrows the first exception of a body.
  // Concurrent callers run one after the other; a body must not start another loop on the same
  // pool.
  template <class Body>
  void parallel_for(std::size_t count, std::size_t grain, Body&& body) {
    using Function = std::remove_reference_t<Body>;
    run(
        count, grain,
        [](void* context, std::size_t begin, std::size_t end) {
          (*static_cast<Function*>(context))(begin, end);
        },
        const_cast<void*>(static_cast<const void*>(&body)));
  }

 private:
  using Invoke = void (*)(void* context, std::size_t begin, std::size_t end);

  void run(std::size_t count, std::size_t grain, Invoke invoke, void* context);
  void stop();
  void work_on_chunks();
  void worker_loop();

  std::vector<std::thread> workers_;
  std::mutex caller_mutex_;  // held by the caller whose loop is running

  // The current loop. Written only while open_ is false and inside_ is 0.
  Invoke invoke_ = nullptr;
  void* context_ = nullptr;
  std::size_t count_ = 0;
  std::size_t grain_ = 1;
  std::exception_ptr failure_;
  std::mutex failure_mutex_;

  std::atomic<std::size_t> next_{0};     // first unclaimed index
  std::atomic<bool> open_{false};        // whether workers may claim chunks
  std::atomic<unsigned> inside_{0};      // workers that may be running a chunk
  std::atomic<std::uint32_t> epoch_{0};  // counts loops, for workers to wait on
  std::atomic<bool> stopping_{false};
};

}  // namespace cellm

// Answers for many callers from one model: requests share the steps of one batch, and what one of
// them has read is not read again by the next.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/error.h"
#include "engine/engine.h"
#include "engine/sequence.h"
#include "schedule/completion.h"

namespace cellm {

// Of a batch.
inline constexpr std::size_t kMaxSequences = 128;

struct SchedulerOptions {
  SequenceOptions sequence = {};         // KV encoding and context of every request
  std::size_t max_sequences = 8;         // answers and prompts that run at a time
  std::size_t max_queue = 64;            // requests that wait for a place
  std::uint64_t cache_bytes = 0;         // of KV blocks, states and snapshots; 0: from free memory
  std::filesystem::path cache_dir = {};  // where snapshots survive a restart; empty: nowhere
  std::uint64_t cache_dir_bytes = 0;     // of its files; 0: as many as in memory
  // Tokens of an answer whose memory is reserved before it begins, since few answers are longer. A
  // longer one waits for memory and, if all answers do, the latest one fails with kResources.
  std::size_t reserved_answer = 4096;
  LookupOptions lookup = {};  // of every request, whatever its options say
};

// The queue is full. A server answers 429 with Retry-After.
class QueueFull : public std::exception {
 public:
  explicit QueueFull(std::chrono::seconds wait) : retry_after(wait) {}
  const char* what() const noexcept override { return "the queue is full"; }

  std::chrono::seconds retry_after;  // about when there will be a place
};

// No request is taken any more, after Scheduler::drain().
class Draining : public std::exception {
 public:
  const char* what() const noexcept override { return "no more requests are taken"; }
};

// A prompt that does not fit into the context; of kind kUsage.
class ContextExceeded : public Error {
 public:
  ContextExceeded(std::size_t prompt_tokens, std::size_t context);

  std::size_t tokens;  // of the prompt
  std::size_t limit;   // Scheduler::context()
};

struct SchedulerMetrics {          // a consistent picture; counters only grow
  std::size_t running = 0;         // sequences: prompts being read, answers being written
  std::size_t queued = 0;          // requests
  std::size_t sequences_free = 0;  // places for sequences
  std::uint64_t cache_bytes_used = 0;
  std::uint64_t cache_bytes_limit = 0;
  std::uint64_t requests = 0;  // accepted
  std::uint64_t cancelled = 0;
  std::uint64_t failed = 0;
  std::uint64_t refused = 0;        // for a full queue
  std::uint64_t prompt_tokens = 0;  // read
  std::uint64_t cached_tokens = 0;  // not read
  std::uint64_t generated_tokens = 0;
  std::uint64_t drafted_tokens = 0;   // guessed by lookup
  std::uint64_t accepted_tokens = 0;  // of these, those that were right
  // Of steps that read a part of a prompt, and of those that do not.
  double prompt_seconds = 0.0;
  double decode_seconds = 0.0;
  std::map<std::string, std::uint64_t> cache_misses;  // requests, by reason
  std::size_t snapshots = 0;                          // in memory
  std::uint64_t evictions = 0;                        // of snapshots from memory
  std::uint64_t cache_dir_bytes_used = 0;
};

// Owns a thread that steps a batch. Engine and tokenizers of requests must outlive it. Thread-safe.
class Scheduler {
 public:
  // `log` takes one line at a time, from the scheduler's thread. Throws Error(kUsage) for options
  // out of range, Error(kData) for a folder that cannot be used.
  Scheduler(const Engine& engine, std::uint64_t model_checksum, const SchedulerOptions& options,
            const std::function<void(const std::string&)>& log = {});
  ~Scheduler();  // cancels everything, and writes to cache_dir what is worth it
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Throws QueueFull, Draining, ContextExceeded; Error(kUsage) for options out of range (what the
  // constructor of Generation throws), an id beyond the vocabulary or a border beyond the prompt;
  // Error(kResources) for a request that does not fit into cache_bytes even by itself.
  std::shared_ptr<Completion> submit(CompletionRequest request);

  // From now on submit() throws Draining. Returns when all requests have ended, and what is worth
  // it is in cache_dir.
  void drain();

  SchedulerMetrics metrics() const;
  std::size_t context() const;  // tokens that a sequence can hold

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cellm

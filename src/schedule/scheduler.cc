#include "schedule/scheduler.h"

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "base/memory.h"
#include "schedule/request_state.h"
#include "schedule/runner.h"
#include "schedule/waiting.h"

namespace cellm {
namespace {

// A step has room for a slice of a prompt beside them.
static_assert(kMaxSequences + kMinSliceTokens <= kMaxBatchTokens);
// Answers of one request; OpenAI's interface allows 128.
constexpr std::size_t kMaxAnswers = 128;
// Without a budget: this part of the memory that is available.
constexpr double kMemoryPart = 0.5;
// Bounds of QueueFull::retry_after.
constexpr double kMinRetrySeconds = 1.0;
constexpr double kMaxRetrySeconds = 60.0;

std::uint64_t budget(std::uint64_t asked) {
  if (asked != 0) return asked;
  const std::uint64_t available = available_memory().bytes;
  return static_cast<std::uint64_t>(kMemoryPart * static_cast<double>(available));
}

std::unique_ptr<DiskCache> disk_of(const Engine& engine, std::uint64_t model_checksum,
                                   const SchedulerOptions& options, std::shared_ptr<Signal> written,
                                   const std::function<void(const std::string&)>& log) {
  if (options.cache_dir.empty()) return nullptr;
  return std::make_unique<DiskCache>(engine, model_checksum, options.sequence, options.cache_dir,
                                     std::move(written), log);
}

void check(const SchedulerOptions& options) {
  if (options.max_sequences == 0 || options.max_sequences > kMaxSequences) {
    throw usage_error("{} sequences at a time; 1 to {} are possible", options.max_sequences,
                      kMaxSequences);
  }
  check_lookup(options.lookup);
}

}  // namespace

ContextExceeded::ContextExceeded(std::size_t prompt_tokens, std::size_t context)
    : Error(ErrorKind::kUsage,
            fmt::format("the prompt has {} tokens, the context holds {}", prompt_tokens, context)),
      tokens(prompt_tokens),
      limit(context) {}

class Scheduler::Impl {
 public:
  Impl(const Engine& engine, std::uint64_t model_checksum, const SchedulerOptions& options,
       const std::function<void(const std::string&)>& log)
      : engine_(engine),
        options_(options),
        context_(max_sequence_tokens(engine.config(), options.sequence)),
        signal_(std::make_shared<Signal>()),
        runner_(engine, options, budget(options.cache_bytes),
                disk_of(engine, model_checksum, options, signal_, log), log) {
    publish();
    thread_ = std::thread([this] { run(); });
  }

  ~Impl() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    signal_->raise();
    thread_.join();
  }

  std::shared_ptr<Completion> submit(CompletionRequest request) {
    check_request(request);
    auto state = std::make_shared<RequestState>(std::move(request), signal_);
    {
      const std::lock_guard lock(mutex_);
      if (draining_) throw Draining();
      if (waiting_.size() >= options_.max_queue + published_.sequences_free) {
        ++refused_;
        throw QueueFull(retry_after());
      }
      ++requests_;
      waiting_.push(state);
    }
    signal_->raise();
    return std::make_shared<Completion>(std::move(state));
  }

  void drain() {
    std::unique_lock lock(mutex_);
    draining_ = true;
    lock.unlock();
    signal_->raise();
    lock.lock();
    idle_.wait(lock, [&] { return saved_; });
  }

  SchedulerMetrics metrics() const {
    const std::lock_guard lock(mutex_);
    SchedulerMetrics metrics = published_;
    metrics.queued = waiting_.size();
    metrics.requests = requests_;
    metrics.refused = refused_;
    metrics.cancelled += cancelled_;
    return metrics;
  }

  std::size_t context() const { return context_; }

 private:
  void check_request(const CompletionRequest& request) const {
    const std::size_t tokens = request.prompt.size();
    if (tokens > context_) throw ContextExceeded(tokens, context_);
    const Generation checked(request.prompt, request.options);
    require_fit(engine_.config(), request.prompt, 0, context_);
    if (request.answers == 0 || request.answers > kMaxAnswers) {
      throw usage_error("{} answers; 1 to {} are possible", request.answers, kMaxAnswers);
    }
    if (request.prompt_logprobs.value_or(0) > kMaxTopLogprobs) {
      throw usage_error("logprobs of {} alternatives are more than {}", *request.prompt_logprobs,
                        kMaxTopLogprobs);
    }
    if (!std::ranges::is_sorted(request.borders) ||
        (!request.borders.empty() && request.borders.back() > tokens)) {
      throw usage_error("borders are to ascend within the prompt's {} tokens", tokens);
    }
    const std::uint64_t bytes = runner_.bytes_of(request);
    if (bytes > runner_.limit()) {
      throw error(ErrorKind::kResources,
                  "a prompt of {} tokens and its answers need {} bytes of memory, the limit is {}",
                  tokens, bytes, runner_.limit());
    }
  }

  // The mean time in which a request ends; mutex_ is held.
  std::chrono::seconds retry_after() const {
    const double ended = static_cast<double>(requests_) - static_cast<double>(waiting_.size());
    const double seconds = published_.prompt_seconds + published_.decode_seconds;
    const double mean = std::ceil(seconds / std::max(ended, 1.0));
    return std::chrono::seconds(
        static_cast<long>(std::clamp(mean, kMinRetrySeconds, kMaxRetrySeconds)));
  }

  void run() {
    for (;;) {
      {
        const std::lock_guard lock(mutex_);
        if (stopping_) break;
      }
      admit();
      const bool worked = runner_.step();
      publish();
      if (worked) continue;
      if (drained()) save_all();
      runner_.save_one();
      signal_->wait();
    }
    end_all();
  }

  // No request is left, and none will come.
  bool drained() const {
    const std::lock_guard lock(mutex_);
    return draining_ && waiting_.size() == 0 && runner_.idle() && !saved_;
  }

  void save_all() {
    runner_.save_all();
    publish();
    const std::lock_guard lock(mutex_);
    saved_ = true;
    idle_.notify_all();
  }

  void admit() {
    for (;;) {
      std::list<Waiting::State> cancelled;
      Waiting::State next;
      {
        const std::lock_guard lock(mutex_);
        cancelled = waiting_.take_cancelled();
        cancelled_ += cancelled.size();
        next = waiting_.next();
      }
      for (const auto& request : cancelled) interrupt(*request);
      if (next == nullptr || !runner_.admit(next)) return;
      const std::lock_guard lock(mutex_);
      waiting_.take(next);
    }
  }

  // A request that has not begun.
  static void interrupt(RequestState& request) {
    for (std::size_t i = 0; i < request.request().answers; ++i) {
      CompletionEvent event{.kind = CompletionEvent::Kind::kEnd, .answer = i};
      event.result.reason = StopReason::kInterrupted;
      request.push(std::move(event));
    }
  }

  void publish() {
    SchedulerMetrics metrics;
    runner_.read_metrics(metrics);
    const std::lock_guard lock(mutex_);
    published_ = std::move(metrics);
  }

  void end_all() {
    std::list<Waiting::State> waiting;
    {
      const std::lock_guard lock(mutex_);
      draining_ = true;
      waiting = waiting_.take_all();
      cancelled_ += waiting.size();
    }
    for (const auto& request : waiting) interrupt(*request);
    runner_.cancel_all();
    save_all();
  }

  const Engine& engine_;
  const SchedulerOptions options_;
  const std::size_t context_;
  const std::shared_ptr<Signal> signal_;
  Runner runner_;  // the thread's, but for what is constant

  mutable std::mutex mutex_;  // of what follows
  std::condition_variable idle_;
  Waiting waiting_;
  SchedulerMetrics published_;
  std::uint64_t requests_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t cancelled_ = 0;  // while they waited
  bool saved_ = false;           // all that is worth it, after draining_
  bool draining_ = false;
  bool stopping_ = false;

  std::thread thread_;
};

Scheduler::Scheduler(const Engine& engine, std::uint64_t model_checksum,
                     const SchedulerOptions& options,
                     const std::function<void(const std::string&)>& log) {
  check(options);
  impl_ = std::make_unique<Impl>(engine, model_checksum, options, log);
}

Scheduler::~Scheduler() = default;

std::shared_ptr<Completion> Scheduler::submit(CompletionRequest request) {
  return impl_->submit(std::move(request));
}

void Scheduler::drain() {
  impl_->drain();
}

SchedulerMetrics Scheduler::metrics() const {
  return impl_->metrics();
}

std::size_t Scheduler::context() const {
  return impl_->context();
}

}  // namespace cellm

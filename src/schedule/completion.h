// A request for the completion of a prompt, and what happens to it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/generation.h"

namespace cellm {

struct CompletionRequest {
  std::vector<std::uint32_t> prompt;  // at least one token
  GenerateOptions options = {};       // an answer also ends where the context does (kContext)
  std::size_t answers = 1;            // n; answer i has the seed options.sampler.seed + i
  // Positions in the prompt worth a snapshot (ascending): behind system and tools, before the last
  // user message, at the assistant's border.
  std::vector<std::size_t> borders = {};
  bool use_cache = true;  // reuse and keep prefixes
  // Log probabilities of the prompt's tokens with so many alternatives; nothing: none. Nothing is
  // reused then, since logits are computed only for tokens that are read.
  std::optional<std::size_t> prompt_logprobs = {};
  std::string client = {};  // requests of one client share its turn
};

// Something that happened to a request, in order.
struct CompletionEvent {
  enum class Kind {
    kPromptRead,  // once, before the first token, unless the request ends earlier
    kToken,
    kEnd,     // of an answer; with StopReason::kInterrupted after cancel()
    kFailed,  // of the request; its last event
  };
  Kind kind;
  std::size_t answer = 0;         // kToken, kEnd
  std::size_t cached_tokens = 0;  // kPromptRead: tokens that were not read, thanks to the cache
  // kPromptRead: of the prompt's tokens but the first, if asked for.
  std::vector<TokenLogprobs> prompt_logprobs = {};
  std::uint32_t id = 0;                        // kToken
  std::string text = {};                       // kToken: Generation::latest_text()
  std::optional<TokenLogprobs> logprobs = {};  // kToken, if asked for
  // kEnd: what its text has beyond that of the events became certain at the end.
  GenerateResult result = {};
  std::optional<Error> error = {};  // kFailed
};

class RequestState;

// The caller's end of a request. Thread-safe. Destroying it cancels the request; it may outlive the
// scheduler.
class Completion {
 public:
  explicit Completion(std::shared_ptr<RequestState> state);
  ~Completion();
  Completion(const Completion&) = delete;
  Completion& operator=(const Completion&) = delete;

  // The next event, waiting at most so long for it; nothing if there is none.
  std::optional<CompletionEvent> next(std::chrono::milliseconds wait);
  // The last event has been taken.
  bool finished() const;
  // Takes effect after the present step. What was generated comes with the last events.
  void cancel();

 private:
  std::shared_ptr<RequestState> state_;
};

}  // namespace cellm

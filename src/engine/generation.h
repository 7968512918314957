// The state machine of one text in generation: the tokens to feed next, the choice of the next
// token, and the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/stopwatch.h"
#include "constrain/constrained_text.h"
#include "engine/answer_text.h"
#include "engine/draft_gain.h"
#include "engine/logprobs.h"
#include "engine/loop_guard.h"
#include "engine/prompt_lookup.h"
#include "engine/sampler.h"
#include "engine/thinking.h"

namespace cellm {

enum class StopReason {
  kEos,          // the model ended its answer
  kLength,       // max_tokens reached
  kContext,      // the sequence is full
  kInterrupted,  // the caller asked for it
  kStopString,   // the text has a stop string
  kLoop,         // the text repeats itself
};
std::string_view stop_reason_name(StopReason reason);

enum class UseLookup {
  kAuto,  // while it is faster
  kOn,
  kOff,
};

// Speculation by prompt lookup: tokens that an earlier part of the text suggests are read together
// with the latest one, and count as far as they are what would have been chosen. The text, its log
// probabilities and the state of the sequence do not depend on it.
struct LookupOptions {
  UseLookup use = UseLookup::kAuto;
  std::size_t max_draft = 16;  // tokens; 1 to kMaxDraftTokens
};
// Their logits and those of the token before them are one product (kMaxLogitRows).
inline constexpr std::size_t kMaxDraftTokens = 63;

// Throws Error(kUsage) for options out of range.
void check_lookup(const LookupOptions& options);

struct GenerateOptions {
  std::size_t max_tokens = 8;
  SamplerOptions sampler = {};
  std::vector<std::uint32_t> stop_ids = {};  // tokens that end the answer and are not part of it
  std::vector<std::uint32_t> unusable_ids = {};
  std::size_t min_tokens = 0;            // before so many, no token ends the answer
  const Tokenizer* tokenizer = nullptr;  // for the text of the answer; null: no text
  // Control tokens that have a text, their spelling, beside the tags of reasoning if that is told
  // apart. The others have none.
  std::vector<std::uint32_t> spelled_ids = {};
  // They end the answer and are not part of its text (AnswerText); one that is a control token's
  // spelling stands for that token. Need a tokenizer.
  std::vector<std::string> stop_strings = {};
  OnLoop on_loop = OnLoop::kIgnore;
  std::optional<std::size_t> top_logprobs = {};  // alternatives to report with each token's logprob
  // Tells reasoning from the answer. Needs a tokenizer.
  std::optional<ThinkingTags> thinking = {};
  // After so many tokens of reasoning its closing tag is forced; nothing: it may go on.
  std::optional<std::size_t> thinking_budget = {};
  // The constraint on the answer; nothing: none. Needs a tokenizer. It holds behind the reasoning
  // if that is told apart and the prompt has not closed it. The tokens of stop_ids, and stop
  // strings that are control tokens, may come where the text may end; where nothing may follow, the
  // answer ends, even below min_tokens. Of other control tokens those of spelled_ids may come where
  // their spelling may.
  std::shared_ptr<const Constraint> constraint = {};
  bool may_reason = true;  // under a constraint: reasoning may come that the prompt has not begun
  LookupOptions lookup = {};
};

struct GenerateResult {
  // Without the token that ended the answer, but with those of a stop string.
  std::vector<std::uint32_t> ids;
  StopReason reason = StopReason::kLength;
  std::size_t prompt_tokens = 0;    // read
  std::size_t decoded_tokens = 0;   // read after it
  std::size_t drafted_tokens = 0;   // guessed by lookup
  std::size_t accepted_tokens = 0;  // of these, those that were right
  double prompt_seconds = 0.0;      // until the prompt was read
  double decode_seconds = 0.0;      // the rest
  std::string text = {};            // without the stop string
  // The parts of the text, if they were to be told apart. A stop string is in neither.
  std::string reasoning = {};
  std::string answer = {};
  std::size_t thinking_tokens = 0;           // of `ids`, those inside the tags
  std::vector<TokenLogprobs> logprobs = {};  // of each id, if asked for
  // The token that ended the answer, which is not among the ids, if one did.
  std::optional<std::uint32_t> end_id = {};
  std::optional<TokenLogprobs> end_logprobs = {};  // likewise
};

// Independent of the model: the caller feeds pending() to a sequence and passes the logits to
// choose(). Times are measured from construction. Not thread-safe.
class Generation {
 public:
  // prompt: at least one token, else Error(kUsage). `before`: tokens that the model has read in
  // front of it, which count for penalties. Also throws what the constructors of Sampler and
  // AnswerText throw.
  Generation(std::span<const std::uint32_t> prompt, const GenerateOptions& options,
             std::span<const std::uint32_t> before = {});

  bool ended() const { return ended_; }
  // Its text is there at the end.
  const GenerateResult& result() const { return result_; }

  // The text that has become certain with the latest token: no stop string can take it back. What
  // becomes certain by the end alone is in the result's text only.
  const std::string& latest_text() const { return latest_text_; }

  // Tokens that the model has yet to read: the rest of the prompt, or the latest token. Not empty
  // before the end.
  std::span<const std::uint32_t> pending() const { return std::span(history_).subspan(read_); }
  // The model has read the first `count` of them.
  void read(std::size_t count);

  // When nothing is pending: the next token by the logits after the latest one, or the end. `room`:
  // tokens that the sequence can still take. Throws what Sampler::sample() and ConstrainedText
  // throw.
  std::optional<std::uint32_t> choose(std::span<const float> logits, std::size_t room);

  // When the prompt is read: pending() and, behind it, a draft of the tokens that may come, at most
  // `room` (≥ 1) tokens in all; valid until the next call. Logits are passed to choose() as long as
  // what it chooses is what follows here (choose_along()). plain_seconds: of a step without a
  // draft; kAuto drafts only if they are known.
  std::span<const std::uint32_t> pending_with_draft(std::size_t room,
                                                    std::optional<double> plain_seconds);
  // After a step of these tokens, if there was a draft: how many of them were read, and the time of
  // the step and of one without a draft, if known.
  void judge_draft(std::size_t kept, double seconds, std::optional<double> plain_seconds);

  void end(StopReason reason);

 private:
  void constrain();
  std::uint32_t next_token(std::span<const float> logits);
  std::span<const std::uint64_t> allowed_tokens();
  bool may_close_thinking() const;
  void append(std::uint32_t id, std::span<const float> logits);
  std::optional<StopReason> reason_to_end(std::uint32_t id, std::size_t room);
  bool loops(std::uint32_t id);

  GenerateOptions options_;
  std::vector<std::uint32_t> string_stop_ids_;  // of stop strings that are control tokens
  Sampler sampler_;
  std::optional<AnswerText> text_;
  std::string latest_text_;
  std::optional<LoopGuard> loop_guard_;
  std::optional<Thinking> thinking_;
  std::unique_ptr<ConstrainedText> constrained_;
  std::vector<std::uint64_t> allowed_;
  std::size_t split_bytes_ = 0;         // of the text, those that thinking_ has
  std::vector<std::uint32_t> forced_;   // tokens to come, the last one first
  std::vector<std::uint32_t> history_;  // the prompt, then what was generated
  std::size_t prompt_size_;             // with what was read before it
  std::size_t read_ = 0;
  PromptLookup lookup_;
  DraftGain gain_;
  std::vector<std::uint32_t> drafted_;  // pending_with_draft()
  bool ended_ = false;
  GenerateResult result_;
  Stopwatch watch_;
};

}  // namespace cellm

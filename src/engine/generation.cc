#include "engine/generation.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/limits.h"

namespace cellm {
namespace {

bool contains(const std::vector<std::uint32_t>& ids, std::uint32_t id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

}  // namespace

std::string_view stop_reason_name(StopReason reason) {
  switch (reason) {
    case StopReason::kEos:
      return "eos";
    case StopReason::kLength:
      return "length";
    case StopReason::kContext:
      return "context";
    case StopReason::kStopString:
      return "stop";
    case StopReason::kLoop:
      return "loop";
    case StopReason::kInterrupted:
      break;
  }
  return "interrupted";
}

void check_lookup(const LookupOptions& options) {
  if (options.max_draft == 0 || options.max_draft > kMaxDraftTokens) {
    throw usage_error("drafts of {} tokens; 1 to {} are possible", options.max_draft,
                      kMaxDraftTokens);
  }
}

Generation::Generation(std::span<const std::uint32_t> prompt, const GenerateOptions& options,
                       std::span<const std::uint32_t> before)
    : options_(options),
      sampler_(options.sampler, options.unusable_ids, options.tokenizer),
      history_(before.begin(), before.end()),
      prompt_size_(before.size() + prompt.size()),
      read_(before.size()) {
  history_.insert(history_.end(), prompt.begin(), prompt.end());
  if (prompt.empty()) throw usage_error("the prompt is empty");
  if (options.top_logprobs.value_or(0) > kMaxTopLogprobs) {
    throw usage_error("logprobs of {} alternatives are more than {}", *options.top_logprobs,
                      kMaxTopLogprobs);
  }
  check_lookup(options.lookup);
  if (options.on_loop != OnLoop::kIgnore) loop_guard_.emplace();
  if (options.tokenizer == nullptr) {
    if (!options.stop_strings.empty()) throw usage_error("stop strings need a tokenizer");
    if (options.thinking) throw usage_error("telling reasoning apart needs a tokenizer");
    if (options.constraint) throw usage_error("a constraint needs a tokenizer");
    return;
  }
  std::vector<std::uint32_t> spelled_ids = options.spelled_ids;
  if (options.thinking) {
    thinking_.emplace(*options.tokenizer, *options.thinking, history_);
    const std::vector<std::uint32_t> tags = thinking_->special_tags();
    spelled_ids.insert(spelled_ids.end(), tags.begin(), tags.end());
  }
  if (options.constraint) constrain();
  text_.emplace(*options.tokenizer, options.stop_strings, spelled_ids);
  for (const std::string& stop : options.stop_strings) {
    const auto id = options.tokenizer->token_to_id(stop);
    if (id && options.tokenizer->is_special(*id)) string_stop_ids_.push_back(*id);
  }
}

void Generation::constrain() {
  std::shared_ptr<const Constraint> constraint = options_.constraint;
  const bool may_begin = options_.may_reason && thinking_ && !thinking_->closed_by_prompt();
  if (thinking_ && (thinking_->inside() || may_begin)) {
    constraint = constraint->after_thinking(options_.thinking->open, options_.thinking->close,
                                            thinking_->inside());
  }
  constrained_ =
      std::make_unique<ConstrainedText>(std::move(constraint), options_.tokenizer->trie());
}

void Generation::read(std::size_t count) {
  CELLM_CHECK(count <= pending().size());
  if (read_ < prompt_size_) {
    result_.prompt_tokens += count;
  } else {
    result_.decoded_tokens += count;
  }
  read_ += count;
  if (read_ == prompt_size_) result_.prompt_seconds = watch_.lap();
}

std::optional<std::uint32_t> Generation::choose(std::span<const float> logits, std::size_t room) {
  CELLM_CHECK(!ended_ && pending().empty());
  if (result_.ids.size() == options_.max_tokens) {
    end(StopReason::kLength);
    return std::nullopt;
  }
  if (constrained_ && !constrained_->may_go_on()) {
    end(StopReason::kEos);
    return std::nullopt;
  }
  const std::uint32_t id = next_token(logits);
  const bool is_end = contains(options_.stop_ids, id);
  if (is_end || contains(string_stop_ids_, id)) {
    result_.end_id = id;
    if (options_.top_logprobs) {
      result_.end_logprobs =
          token_logprobs(logits, id, *options_.top_logprobs, options_.unusable_ids);
    }
    end(is_end ? StopReason::kEos : StopReason::kStopString);
    return std::nullopt;
  }
  append(id, logits);
  if (const auto reason = reason_to_end(id, room)) end(*reason);
  return id;
}

std::uint32_t Generation::next_token(std::span<const float> logits) {
  const bool over = thinking_ && options_.thinking_budget && thinking_->inside() &&
                    thinking_->tokens() >= *options_.thinking_budget;
  if (over && forced_.empty() && may_close_thinking()) {
    forced_ = thinking_->closing();
    std::reverse(forced_.begin(), forced_.end());
  }
  if (!forced_.empty()) {
    const std::uint32_t id = forced_.back();
    forced_.pop_back();
    return id;
  }
  std::vector<std::uint32_t> forbidden;
  if (result_.ids.size() < options_.min_tokens) {
    forbidden = options_.stop_ids;
    forbidden.insert(forbidden.end(), string_stop_ids_.begin(), string_stop_ids_.end());
  }
  return sampler_.sample(logits, history_, forbidden,
                         constrained_ ? allowed_tokens() : std::span<const std::uint64_t>());
}

// Not within a character, which a constraint would not let be cut.
bool Generation::may_close_thinking() const {
  return !constrained_ || constrained_->allows(options_.thinking->close);
}

std::span<const std::uint64_t> Generation::allowed_tokens() {
  const std::span<const std::uint64_t> text_tokens = constrained_->allowed();
  allowed_.assign(text_tokens.begin(), text_tokens.end());
  const auto set = [this](std::uint32_t id, bool allowed) {
    if (id / 64 >= allowed_.size()) return;
    const std::uint64_t bit = std::uint64_t{1} << id % 64;
    allowed_[id / 64] = allowed ? allowed_[id / 64] | bit : allowed_[id / 64] & ~bit;
  };
  for (const auto* ids : {&options_.stop_ids, &string_stop_ids_}) {
    for (const std::uint32_t id : *ids) set(id, constrained_->may_end());
  }
  for (const std::uint32_t id : options_.spelled_ids) {
    set(id, constrained_->allows(options_.tokenizer->token_bytes(id)));
  }
  if (thinking_) {
    const auto tag = options_.tokenizer->token_to_id(thinking_->next_tag());
    if (tag && thinking_->is_special_tag(*tag)) {
      set(*tag, constrained_->allows(thinking_->next_tag()));
    }
  }
  return allowed_;
}

void Generation::append(std::uint32_t id, std::span<const float> logits) {
  result_.ids.push_back(id);
  history_.push_back(id);
  if (constrained_) {
    const bool is_tag = thinking_ && thinking_->is_special_tag(id);
    CELLM_CHECK(is_tag || contains(options_.spelled_ids, id) ||
                !options_.tokenizer->is_special(id));
    CELLM_CHECK(constrained_->push(options_.tokenizer->token_bytes(id)));
  }
  if (text_) {
    const std::size_t before = text_->certain().size();
    text_->push(id);
    latest_text_ = text_->certain().substr(before);
  }
  if (thinking_) {
    thinking_->push(latest_text_);
    split_bytes_ += latest_text_.size();
  }
  if (options_.top_logprobs) {
    result_.logprobs.push_back(
        token_logprobs(logits, id, *options_.top_logprobs, options_.unusable_ids));
  }
}

std::optional<StopReason> Generation::reason_to_end(std::uint32_t id, std::size_t room) {
  if (text_ && text_->stopped()) return StopReason::kStopString;
  if (constrained_ && !constrained_->may_go_on()) return StopReason::kEos;
  if (loop_guard_ && loops(id)) return StopReason::kLoop;
  if (result_.ids.size() == options_.max_tokens) return StopReason::kLength;
  if (room == 0) return StopReason::kContext;
  return std::nullopt;
}

// Whether the answer is to end for its repetitions.
bool Generation::loops(std::uint32_t id) {
  if (!loop_guard_->push(id)) return false;
  if (options_.on_loop == OnLoop::kStop) return true;
  options_.on_loop = OnLoop::kStop;
  loop_guard_->reset();
  sampler_.switch_on_dry();
  return false;
}

std::span<const std::uint32_t> Generation::pending_with_draft(std::size_t room,
                                                              std::optional<double> plain_seconds) {
  CELLM_CHECK(!ended_ && pending().size() == 1 && read_ >= prompt_size_ && room >= 1);
  const LookupOptions& lookup = options_.lookup;
  if (lookup.use == UseLookup::kOff) return pending();
  const bool always = lookup.use == UseLookup::kOn;
  std::span<const std::uint32_t> draft;
  if (always || (plain_seconds && gain_.pays())) {
    // One token more is chosen than drafted.
    const std::size_t left = options_.max_tokens - result_.ids.size();
    const std::size_t most = std::min({room, lookup.max_draft + 1, left});
    draft = lookup_.draft(history_, most - 1);
  }
  if (draft.empty()) {
    gain_.add_plain();
    return pending();
  }
  drafted_.assign(1, history_.back());
  drafted_.insert(drafted_.end(), draft.begin(), draft.end());
  return drafted_;
}

void Generation::judge_draft(std::size_t kept, double seconds,
                             std::optional<double> plain_seconds) {
  result_.drafted_tokens += drafted_.size() - 1;
  result_.accepted_tokens += kept - 1;
  if (plain_seconds) gain_.add(kept, seconds, *plain_seconds);
}

void Generation::end(StopReason reason) {
  if (text_) {
    text_->finish();
    result_.text = text_->certain();
  }
  if (thinking_) {
    thinking_->finish(std::string_view(result_.text).substr(split_bytes_));
    result_.thinking_tokens = thinking_->tokens();
    result_.reasoning = thinking_->reasoning();
    result_.answer = thinking_->answer();
  }
  ended_ = true;
  result_.reason = text_ && text_->stopped() ? StopReason::kStopString : reason;
  if (read_ >= prompt_size_) result_.decode_seconds = watch_.seconds();
}

}  // namespace cellm

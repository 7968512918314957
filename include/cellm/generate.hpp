// Generation in the C++ interface: how tokens are chosen and when an answer ends. Included by
// cellm.hpp. Details are in generate.h.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <cellm/cellm.h>
#include <cellm/error.hpp>

namespace cellm {
inline namespace v1 {

inline constexpr std::size_t kAsManyAsFit = std::numeric_limits<std::size_t>::max();

// The constraint on an answer. Texts are copied; they are compiled, and refused, by generate().
struct Constraint {
  cellm_constraint kind = CELLM_CONSTRAINT_NONE;
  std::vector<std::string> texts = {};

  static Constraint json_schema(std::string schema) {  // a schema as JSON
    return {CELLM_CONSTRAINT_JSON_SCHEMA, {std::move(schema)}};
  }
  static Constraint json_object() { return {CELLM_CONSTRAINT_JSON_OBJECT, {}}; }
  static Constraint regex(std::string expression) {
    return {CELLM_CONSTRAINT_REGEX, {std::move(expression)}};
  }
  static Constraint choice(std::vector<std::string> texts) {
    return {CELLM_CONSTRAINT_CHOICE, std::move(texts)};
  }
  static Constraint grammar(std::string gbnf) {
    return {CELLM_CONSTRAINT_GRAMMAR, {std::move(gbnf)}};
  }
};

struct GenerateOptions {
  std::size_t max_tokens = kAsManyAsFit;
  float temperature = 0.0F;  // 0: greedy, the most probable token
  std::size_t top_k = 0;     // 0: all tokens
  float top_p = 1.0F;
  float min_p = 0.0F;           // relative to the most probable token
  float repeat_penalty = 1.0F;  // divides the logits of recent tokens
  std::size_t repeat_window = 64;
  std::uint64_t seed = 0;
  bool ignore_end = false;         // go on after the end of the answer
  const Cancel* cancel = nullptr;  // asked between batches of the prompt and tokens
  float presence_penalty = 0.0F;   // subtracted from the logits of recent tokens
  float frequency_penalty = 0.0F;  // the same, for each occurrence
  float top_n_sigma = 0.0F;        // only logits within so many standard deviations; 0: all
  float typical_p = 1.0F;          // locally typical sampling
  float xtc_probability = 0.0F;    // of leaving out all top choices but the last
  float xtc_threshold = 0.1F;      // the probability of a top choice
  float dry_multiplier = 0.0F;     // 0: no DRY; 0.8 is usual
  float dry_base = 1.75F;
  std::size_t dry_allowed_length = 2;  // 0: 2
  std::size_t dry_window = 0;          // latest tokens in which repetitions are looked for; 0: all
  std::vector<std::string> dry_breakers = {"\n", ":", "\"", "*"};
  std::vector<cellm_logit_bias> logit_bias = {};
  std::size_t min_tokens = 0;                  // before so many, no token ends the answer
  std::vector<std::string> stop_strings = {};  // end the answer and are left out of its text
  cellm_on_loop on_loop = CELLM_LOOP_IGNORE;
  // Report the log probability of each token, and of so many of the most probable in its place.
  std::optional<std::size_t> top_logprobs = {};
  bool split_thinking = false;  // report reasoning and answer apart
  // After so many tokens of reasoning </think> is forced; nothing: never.
  std::optional<std::size_t> thinking_budget = {};
  Constraint constraint = {};  // holds behind the reasoning if that is told apart or has a budget
  bool no_reasoning = false;   // under a constraint: none begins that the prompt has not begun
  cellm_lookup lookup = CELLM_LOOKUP_AUTO;
  std::size_t draft_max = 16;               // tokens read ahead by lookup at most, up to 63; 0: 16
  std::shared_ptr<cellm_tools> tools = {};  // functions that it may call: Tools::handle()
};

// A token and the most probable ones in its place, best first.
struct TokenLogprobs {
  cellm_logprob chosen;
  std::vector<cellm_logprob> top;
};

struct GenerateResult : cellm_generate_result {
  // In place of what the base points to, which has none.
  std::vector<TokenLogprobs> token_logprobs = {};
  std::string reasoning_text = {};
  std::string answer_text = {};
};

// Called for each token with the text that it completes; returns whether to go on. See
// cellm_on_token for the last call.
using OnToken = std::function<bool(std::uint32_t id, std::string_view text)>;

// The sampling that a model asks for. Other fields are not set.
struct Sampling {
  std::optional<float> temperature = {};  // 0: greedy
  std::optional<std::size_t> top_k = {};  // 0: all tokens
  std::optional<float> top_p = {};
  std::optional<float> min_p = {};
  std::optional<float> repeat_penalty = {};
  std::optional<float> presence_penalty = {};
  std::optional<float> frequency_penalty = {};
};

namespace detail {

inline Sampling sampling_of(const cellm_model* model, cellm_sampling_source source) {
  cellm_sampling plain{};
  plain.size = sizeof(plain);
  check(cellm_model_get_sampling(model, source, &plain));
  const auto said = [](float value) {
    return std::isnan(value) ? std::nullopt : std::optional<float>(value);
  };
  Sampling sampling{.temperature = said(plain.temperature),
                    .top_p = said(plain.top_p),
                    .min_p = said(plain.min_p),
                    .repeat_penalty = said(plain.repeat_penalty),
                    .presence_penalty = said(plain.presence_penalty),
                    .frequency_penalty = said(plain.frequency_penalty)};
  if (plain.top_k != std::numeric_limits<std::size_t>::max()) sampling.top_k = plain.top_k;
  return sampling;
}

// 0, which is the default in C, is an error in C++.
inline float nonzero(float value) {
  return value == 0.0F ? -1.0F : value;
}

inline std::vector<const char*> pointers(const std::vector<std::string>& texts) {
  std::vector<const char*> result;
  for (const std::string& text : texts) result.push_back(text.c_str());
  return result;
}

// Options of C and the arrays that they point to.
struct PlainOptions {
  std::vector<const char*> breakers;
  std::vector<const char*> stops;
  std::vector<const char*> constraint;
  cellm_generate_options options{};
};

inline void set_sampling(const GenerateOptions& from, cellm_generate_options& o) {
  o.temperature = from.temperature;
  o.top_k = from.top_k;
  o.top_p = nonzero(from.top_p);
  o.min_p = from.min_p;
  // Without recent tokens none is penalized.
  const bool recent = from.repeat_window != 0;
  o.repeat_penalty = recent ? nonzero(from.repeat_penalty) : 1.0F;
  o.presence_penalty = recent ? from.presence_penalty : 0.0F;
  o.frequency_penalty = recent ? from.frequency_penalty : 0.0F;
  o.repeat_window = from.repeat_window;
  o.seed = from.seed;
  o.top_n_sigma = from.top_n_sigma;
  o.typical_p = nonzero(from.typical_p);
  o.xtc_probability = from.xtc_probability;
  o.xtc_threshold = nonzero(from.xtc_threshold);
  o.dry_multiplier = from.dry_multiplier;
  o.dry_base = nonzero(from.dry_base);
  o.dry_allowed_length = from.dry_allowed_length;
  o.dry_window = from.dry_window;
  o.logit_bias = from.logit_bias.data();
  o.logit_bias_count = from.logit_bias.size();
}

inline PlainOptions plain(const GenerateOptions& options) {
  PlainOptions result{pointers(options.dry_breakers), pointers(options.stop_strings),
                      pointers(options.constraint.texts)};
  cellm_generate_options& o = result.options;
  o.size = sizeof(o);
  o.max_tokens = options.max_tokens == kAsManyAsFit ? 0 : options.max_tokens;
  o.no_tokens = options.max_tokens == 0 ? 1 : 0;
  set_sampling(options, o);
  static constexpr const char* kNone[] = {nullptr};
  o.dry_breakers = result.breakers.empty() ? kNone : result.breakers.data();
  o.dry_breakers_count = result.breakers.size();
  o.ignore_end = options.ignore_end ? 1 : 0;
  o.cancel = options.cancel == nullptr ? nullptr : options.cancel->handle();
  o.min_tokens = options.min_tokens;
  o.stop_strings = result.stops.data();
  o.stop_strings_count = result.stops.size();
  o.on_loop = options.on_loop;
  o.logprobs = options.top_logprobs ? 1 : 0;
  o.top_logprobs = options.top_logprobs.value_or(0);
  o.split_thinking = options.split_thinking ? 1 : 0;
  o.thinking_budget = options.thinking_budget.value_or(0);
  o.constraint = options.constraint.kind;
  o.constraint_texts = result.constraint.data();
  o.constraint_texts_count = result.constraint.size();
  o.no_reasoning = options.no_reasoning ? 1 : 0;
  o.lookup = options.lookup;
  o.draft_max = options.draft_max;
  o.tools = options.tools.get();
  return result;
}

// Moves what a result of C points to.
inline void take_parts(GenerateResult& result) {
  for (const auto& [part, text] : {std::pair(&result.reasoning, &result.reasoning_text),
                                   std::pair(&result.answer, &result.answer_text)}) {
    if (*part == nullptr) continue;
    const std::unique_ptr<char, void (*)(void*)> owner(*part, cellm_free);
    *part = nullptr;
    *text = owner.get();
  }
  if (result.logprobs == nullptr) return;
  const std::unique_ptr<cellm_logprob, void (*)(void*)> owner(result.logprobs, cellm_free);
  result.logprobs = nullptr;
  const cellm_logprob* row = owner.get();
  for (std::size_t i = 0; i < result.generated_tokens; ++i, row += result.logprobs_per_token) {
    result.token_logprobs.push_back({row[0], {row + 1, row + result.logprobs_per_token}});
  }
}

inline GenerateResult generate(cellm_session* session, std::span<const std::uint32_t> prompt,
                               const GenerateOptions& options, const OnToken& on_token) {
  const PlainOptions o = plain(options);
  GenerateResult result{};
  result.size = sizeof(cellm_generate_result);
  struct Call {
    const OnToken& on_token;
    std::exception_ptr failure;
  } call{on_token, nullptr};
  const cellm_on_token forward = [](void* user, std::uint32_t id, const char* text,
                                    std::size_t bytes) -> int {
    Call& c = *static_cast<Call*>(user);
    try {
      return !c.on_token || c.on_token(id, {text, bytes}) ? 0 : 1;
    } catch (...) {
      c.failure = std::current_exception();
      return 1;
    }
  };
  check(cellm_generate(session, prompt.data(), prompt.size(), &o.options, forward, &call, &result));
  take_parts(result);
  if (call.failure) std::rethrow_exception(call.failure);
  return result;
}

}  // namespace detail

}  // namespace v1
}  // namespace cellm

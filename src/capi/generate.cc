#include "engine/generate.h"

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>

#include "capi/handles.h"
#include "capi/tools.h"
#include "engine/answer_ids.h"
#include "engine/reasoning_tags.h"

using namespace cellm;

namespace {

float or_default(float value, float default_value) {
  return value == 0.0F ? default_value : value;
}

DryOptions dry_options(const cellm_generate_options& o) {
  DryOptions dry{.multiplier = o.dry_multiplier, .window = o.dry_window};
  dry.base = or_default(o.dry_base, dry.base);
  if (o.dry_allowed_length != 0) dry.allowed_length = o.dry_allowed_length;
  if (o.dry_breakers != nullptr) {
    dry.breakers = texts_of(o.dry_breakers, o.dry_breakers_count, "dry_breakers");
  }
  return dry;
}

SamplerOptions sampler_options(const LoadedModel& model, const cellm_generate_options& o) {
  SamplerOptions sampler{.temperature = o.temperature,
                         .top_k = o.top_k,
                         .top_p = or_default(o.top_p, 1.0F),
                         .min_p = o.min_p,
                         .repeat_penalty = or_default(o.repeat_penalty, 1.0F),
                         .seed = o.seed,
                         .presence_penalty = o.presence_penalty,
                         .frequency_penalty = o.frequency_penalty,
                         .top_n_sigma = o.top_n_sigma,
                         .typical_p = or_default(o.typical_p, 1.0F),
                         .xtc_probability = o.xtc_probability,
                         .dry = dry_options(o)};
  if (o.repeat_window != 0) sampler.repeat_window = o.repeat_window;
  sampler.xtc_threshold = or_default(o.xtc_threshold, sampler.xtc_threshold);
  const std::size_t vocab = model.engine.config().vocab_size;
  for (const cellm_logit_bias& one :
       required_array(o.logit_bias, o.logit_bias_count, "logit_bias")) {
    // Before the prompt is fed.
    if (one.id >= vocab) {
      throw usage_error("the logit bias of token {} is beyond the vocabulary of {}", one.id, vocab);
    }
    sampler.logit_bias.push_back({one.id, one.bias});
  }
  return sampler;
}

OnLoop on_loop_of(int value) {
  switch (value) {
    case CELLM_LOOP_IGNORE:
      return OnLoop::kIgnore;
    case CELLM_LOOP_STOP:
      return OnLoop::kStop;
    case CELLM_LOOP_RESAMPLE:
      return OnLoop::kResample;
    default:
      throw usage_error("on_loop {} is unknown", value);
  }
}

LookupOptions lookup_of(const cellm_generate_options& o) {
  LookupOptions lookup;
  switch (o.lookup) {
    case CELLM_LOOKUP_AUTO:
      break;
    case CELLM_LOOKUP_ON:
      lookup.use = UseLookup::kOn;
      break;
    case CELLM_LOOKUP_OFF:
      lookup.use = UseLookup::kOff;
      break;
    default:
      throw usage_error("lookup {} is unknown", o.lookup);
  }
  if (o.draft_max != 0) lookup.max_draft = o.draft_max;
  return lookup;
}

ConstraintPtr constraint_of(const LoadedModel& model, const cellm_generate_options& o) {
  const std::vector<std::string> texts =
      texts_of(o.constraint_texts, o.constraint_texts_count, "constraint_texts");
  const auto get = [&](ConstraintKind kind) { return model.constraints.get(kind, texts); };
  switch (o.constraint) {
    case CELLM_CONSTRAINT_NONE:
      if (!texts.empty()) throw usage_error("constraint_texts without a constraint");
      return nullptr;
    case CELLM_CONSTRAINT_JSON_SCHEMA:
      return get(ConstraintKind::kJsonSchema);
    case CELLM_CONSTRAINT_JSON_OBJECT:
      return get(ConstraintKind::kJsonObject);
    case CELLM_CONSTRAINT_REGEX:
      return get(ConstraintKind::kRegex);
    case CELLM_CONSTRAINT_CHOICE:
      return get(ConstraintKind::kChoice);
    case CELLM_CONSTRAINT_GRAMMAR:
      return get(ConstraintKind::kGbnf);
    default:
      throw usage_error("constraint {} is unknown", o.constraint);
  }
}

GenerateOptions generate_options(const LoadedModel& model, const cellm_generate_options& o,
                                 std::size_t fitting) {
  GenerateOptions options;
  // One more than fits: then the context ends the answer, and is the reason.
  options.max_tokens = o.max_tokens != 0 ? o.max_tokens : fitting + 1;
  if (o.no_tokens != 0) options.max_tokens = 0;
  options.sampler = sampler_options(model, o);
  if (o.ignore_end == 0) options.stop_ids = end_of_answer_ids(model.engine, model.tokenizer);
  options.unusable_ids = model.unusable_ids;
  options.min_tokens = o.min_tokens;
  options.tokenizer = model.tokenizer;
  options.stop_strings = texts_of(o.stop_strings, o.stop_strings_count, "stop_strings");
  options.on_loop = on_loop_of(o.on_loop);
  if (o.logprobs != 0) options.top_logprobs = o.top_logprobs;
  if (o.split_thinking != 0 || o.thinking_budget != 0) options.thinking.emplace();
  if (o.thinking_budget != 0) options.thinking_budget = o.thinking_budget;
  options.lookup = lookup_of(o);
  options.constraint = constraint_of(model, o);
  if (o.tools != nullptr) hold_to_tools(model, *o.tools, options);
  if (options.constraint && options.thinking) {
    options.may_reason = o.no_reasoning == 0 && reasons(model.engine.opened());
  }
  return options;
}

int stop_reason_of(StopReason reason) {
  switch (reason) {
    case StopReason::kEos:
      return CELLM_STOP_END;
    case StopReason::kLength:
      return CELLM_STOP_LENGTH;
    case StopReason::kContext:
      return CELLM_STOP_CONTEXT;
    case StopReason::kStopString:
      return CELLM_STOP_STRING;
    case StopReason::kLoop:
      return CELLM_STOP_LOOP;
    case StopReason::kInterrupted:
      break;
  }
  return CELLM_STOP_CALLER;
}

// Hands tokens with their text to the caller.
class TokenStream {
 public:
  TokenStream(cellm_on_token on_token, void* user) : on_token_(on_token), user_(user) {}

  bool stopped() const { return stopped_; }
  void push(std::uint32_t id, std::string_view text) {
    const std::string ended(text);  // with a zero behind it
    reported_ += text.size();
    stopped_ = on_token_ != nullptr && on_token_(user_, id, ended.c_str(), ended.size()) != 0;
  }
  // Reports the part of the text that was not reported yet.
  void finish(std::string_view text) {
    if (!stopped_ && text.size() > reported_) push(CELLM_NO_TOKEN, text.substr(reported_));
  }

 private:
  cellm_on_token on_token_;
  void* user_;
  std::size_t reported_ = 0;  // bytes
  bool stopped_ = false;
};

// Rows of a token and `top` others, to be freed with cellm_free(); null for none.
cellm_logprob* logprob_rows(const std::vector<TokenLogprobs>& logprobs, std::size_t top) {
  if (logprobs.empty()) return nullptr;
  const std::size_t width = top + 1;
  auto* rows =
      static_cast<cellm_logprob*>(std::malloc(logprobs.size() * width * sizeof(cellm_logprob)));
  if (rows == nullptr) throw std::bad_alloc();
  cellm_logprob* next = rows;
  for (const TokenLogprobs& one : logprobs) {
    *next++ = {one.chosen.id, one.chosen.logprob};
    for (const Logprob& other : one.top) *next++ = {other.id, other.logprob};
  }
  return rows;
}

// Whether the caller's struct has the fields up to `end`, so that it can free what they point to.
bool has_fields(const cellm_generate_result* result, std::size_t end) {
  return result != nullptr && result->size >= end;
}

// A copy to be freed with cellm_free().
char* text_copy(const std::string& text) {
  auto* copy = static_cast<char*>(std::malloc(text.size() + 1));
  if (copy == nullptr) throw std::bad_alloc();
  std::memcpy(copy, text.c_str(), text.size() + 1);
  return copy;
}

}  // namespace

cellm_status cellm_generate(cellm_session* session, const std::uint32_t* prompt, std::size_t count,
                            const cellm_generate_options* options, cellm_on_token on_token,
                            void* user, cellm_generate_result* result) {
  return guarded([&] {
    cellm_session& on = required(session, "session");
    const auto ids = required_array(prompt, count, "prompt");
    const auto o = options_of(options, "cellm_generate_options");
    checked_result(result, "cellm_generate_result");
    TokenStream stream(on_token, user);
    const auto ended = [&] {
      return stream.stopped() || (o.cancel != nullptr && o.cancel->token.cancelled());
    };
    const GenerateResult generated = generate(
        on.session, ids, generate_options(*on.loaded, o, on.session.max_tokens()),
        [&](std::uint32_t id, std::string_view text) { stream.push(id, text); }, ended);
    stream.finish(generated.text);
    const bool split = o.split_thinking != 0 &&
                       has_fields(result, offsetof(cellm_generate_result, thinking_tokens));
    const std::size_t top = generated.logprobs.empty() ? 0 : generated.logprobs[0].top.size();
    give_result(
        cellm_generate_result{
            .size = 0,
            .stop_reason = stop_reason_of(generated.reason),
            .prompt_tokens = generated.prompt_tokens,
            .generated_tokens = generated.ids.size(),
            .decoded_tokens = generated.decoded_tokens,
            .prompt_seconds = generated.prompt_seconds,
            .decode_seconds = generated.decode_seconds,
            .logprobs = has_fields(result, offsetof(cellm_generate_result, reasoning))
                            ? logprob_rows(generated.logprobs, top)
                            : nullptr,
            .logprobs_per_token = generated.logprobs.empty() ? 0 : top + 1,
            .reasoning = split ? text_copy(generated.reasoning) : nullptr,
            .answer = split ? text_copy(generated.answer) : nullptr,
            .thinking_tokens = generated.thinking_tokens,
            .drafted_tokens = generated.drafted_tokens,
            .accepted_tokens = generated.accepted_tokens},
        result);
  });
}

cellm_status cellm_model_get_sampling(const cellm_model* model, int source,
                                      cellm_sampling* sampling) {
  return guarded([&] {
    const Engine& engine = required(model, "model").loaded->engine;
    required(sampling, "sampling");
    checked_result(sampling, "cellm_sampling");
    if (source != CELLM_SAMPLING_FILE && source != CELLM_SAMPLING_CARD) {
      throw usage_error("source {} of sampling is unknown", source);
    }
    const SamplingDefaults defaults =
        source == CELLM_SAMPLING_FILE
            ? engine.opened().generation_sampling()
            : card_sampling(engine.config().model_type, engine.config().vocab_size);
    constexpr float kNothing = std::numeric_limits<float>::quiet_NaN();
    give_result(
        cellm_sampling{.size = 0,
                       .temperature = defaults.temperature.value_or(kNothing),
                       .top_k = defaults.top_k.value_or(std::numeric_limits<std::size_t>::max()),
                       .top_p = defaults.top_p.value_or(kNothing),
                       .min_p = defaults.min_p.value_or(kNothing),
                       .repeat_penalty = defaults.repeat_penalty.value_or(kNothing),
                       .presence_penalty = defaults.presence_penalty.value_or(kNothing),
                       .frequency_penalty = defaults.frequency_penalty.value_or(kNothing)},
        sampling);
  });
}

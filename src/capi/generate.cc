#include "engine/generate.h"

#include <optional>

#include "capi/handles.h"
#include "engine/answer_ids.h"
#include "tokenizer/stream_decoder.h"

using namespace cellm;

namespace {

GenerateOptions generate_options(const LoadedModel& model, const cellm_generate_options& o,
                                 std::size_t fitting) {
  GenerateOptions options;
  options.max_tokens = o.max_tokens != 0 ? o.max_tokens : fitting;
  if (o.no_tokens != 0) options.max_tokens = 0;
  options.sampler = {.temperature = o.temperature,
                     .top_k = o.top_k,
                     .top_p = o.top_p == 0.0F ? 1.0F : o.top_p,
                     .min_p = o.min_p,
                     .repeat_penalty = o.repeat_penalty == 0.0F ? 1.0F : o.repeat_penalty,
                     .seed = o.seed};
  if (o.repeat_window != 0) options.sampler.repeat_window = o.repeat_window;
  if (o.ignore_end == 0) options.stop_ids = end_of_answer_ids(model.engine, model.tokenizer);
  options.unusable_ids = model.unusable_ids;
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
    case StopReason::kInterrupted:
      break;
  }
  return CELLM_STOP_CALLER;
}

// Hands tokens with their text to the caller.
class TokenStream {
 public:
  TokenStream(const Tokenizer* tokenizer, cellm_on_token on_token, void* user)
      : on_token_(on_token), user_(user) {
    if (tokenizer != nullptr) decoder_.emplace(*tokenizer, true);
  }

  bool stopped() const { return stopped_; }
  void push(std::uint32_t id) { report(id, decoder_ ? decoder_->push(id) : std::string()); }
  void finish() {
    if (!decoder_ || stopped_) return;
    const std::string rest = decoder_->finish();
    if (!rest.empty()) report(CELLM_NO_TOKEN, rest);
  }

 private:
  void report(std::uint32_t id, const std::string& text) {
    stopped_ = on_token_ != nullptr && on_token_(user_, id, text.c_str(), text.size()) != 0;
  }

  std::optional<StreamDecoder> decoder_;
  cellm_on_token on_token_;
  void* user_;
  bool stopped_ = false;
};

}  // namespace

cellm_status cellm_generate(cellm_session* session, const std::uint32_t* prompt, std::size_t count,
                            const cellm_generate_options* options, cellm_on_token on_token,
                            void* user, cellm_generate_result* result) {
  return guarded([&] {
    cellm_session& on = required(session, "session");
    const auto ids = required_array(prompt, count, "prompt");
    const auto o = options_of(options, "cellm_generate_options");
    checked_result(result, "cellm_generate_result");
    TokenStream stream(on.loaded->tokenizer, on_token, user);
    const auto ended = [&] {
      return stream.stopped() || (o.cancel != nullptr && o.cancel->token.cancelled());
    };
    const GenerateResult generated = generate(
        on.session, ids, generate_options(*on.loaded, o, on.session.max_tokens()),
        [&](std::uint32_t id) { stream.push(id); }, ended);
    stream.finish();
    give_result(cellm_generate_result{.size = 0,
                                      .stop_reason = stop_reason_of(generated.reason),
                                      .prompt_tokens = generated.prompt_tokens,
                                      .generated_tokens = generated.ids.size(),
                                      .decoded_tokens = generated.decoded_tokens,
                                      .prompt_seconds = generated.prompt_seconds,
                                      .decode_seconds = generated.decode_seconds},
                result);
  });
}

#include "engine/generate.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <stdexcept>
#include <thread>

#include "capi/test_generate.h"

namespace cellm {
namespace {

using test::expect_failure;
using test::expect_ok;
using test::Generate;
using test::Heard;
using test::Ids;
using test::kTokens;
using test::sized;

TEST_F(Generate, GreedyIsTheBestTokenOfTheTokenizer) {
  const auto session = test::new_session(model_);
  Heard heard;
  auto options = sized<cellm_generate_options>();
  options.max_tokens = 12;
  options.ignore_end = 1;
  const auto result = generate(session, heard, options);
  EXPECT_EQ(result.stop_reason, CELLM_STOP_LENGTH);
  EXPECT_EQ(result.prompt_tokens, prompt_.size());
  EXPECT_EQ(result.decoded_tokens, 11U);
  EXPECT_GT(result.prompt_seconds, 0.0);
  EXPECT_GT(result.decode_seconds, 0.0);

  const auto alone = test::new_session(model_);
  Ids want;
  Ids next = prompt_;
  while (want.size() < 12) {
    const auto logits = test::advance(model_, alone, next);
    const auto best = std::max_element(logits.begin(), logits.begin() + kTokens);
    want.push_back(static_cast<std::uint32_t>(best - logits.begin()));
    next = {want.back()};
  }
  EXPECT_EQ(heard.ids, want);
  EXPECT_EQ(heard.text, text_of(want));
}

TEST_F(Generate, TextIsWholeCharacters) {
  auto options = sized<cellm_generate_options>();
  options.max_tokens = 10;
  options.temperature = 5.0F;
  options.ignore_end = 1;
  std::size_t broken_off = 0;
  for (options.seed = 1; options.seed <= 30; ++options.seed) {
    Heard heard;
    generate(test::new_session(model_), heard, options);
    EXPECT_EQ(heard.text, text_of(heard.ids)) << options.seed;
    if (!heard.last.empty()) ++broken_off;
    Heard again;
    generate(test::new_session(model_), again, options);
    EXPECT_EQ(again.ids, heard.ids) << options.seed;
  }
  EXPECT_GT(broken_off, 0U);
  EXPECT_LT(broken_off, 30U);
}

TEST_F(Generate, LookupChangesNothing) {
  auto options = sized<cellm_generate_options>();
  options.max_tokens = 90;
  options.ignore_end = 1;
  options.lookup = CELLM_LOOKUP_OFF;
  Heard want;
  EXPECT_EQ(generate(test::new_session(model_), want, options).drafted_tokens, 0U);
  for (const int lookup : {CELLM_LOOKUP_AUTO, CELLM_LOOKUP_ON}) {
    options.lookup = lookup;
    options.draft_max = 5;
    Heard heard;
    const auto session = test::new_session(model_);
    const auto result = generate(session, heard, options);
    EXPECT_EQ(heard.ids, want.ids);
    EXPECT_EQ(heard.text, want.text);
    EXPECT_EQ(result.decoded_tokens, 89U);
    EXPECT_EQ(cellm_session_position(session.get()), prompt_.size() + 89);
    EXPECT_LE(result.accepted_tokens, result.drafted_tokens);
    if (lookup == CELLM_LOOKUP_ON) {
      EXPECT_GT(result.accepted_tokens, 0U);
    }
  }
  const auto session = test::new_session(model_);
  const auto refuse = [&](const char* message) {
    expect_failure(cellm_generate(session.get(), prompt_.data(), prompt_.size(), &options, nullptr,
                                  nullptr, nullptr),
                   CELLM_ERROR_USAGE, message);
    EXPECT_EQ(cellm_session_position(session.get()), 0U);
  };
  options.draft_max = 64;
  refuse("1 to 63 are possible");
  options.lookup = 3;
  refuse("lookup 3 is unknown");
}

TEST_F(Generate, EndsWhenTheCallbackSaysSo) {
  auto options = sized<cellm_generate_options>();
  options.ignore_end = 1;
  const auto session = test::new_session(model_);
  Heard heard;
  heard.most = 3;
  const auto result = generate(session, heard, options);
  EXPECT_EQ(result.stop_reason, CELLM_STOP_CALLER);
  EXPECT_EQ(heard.ids.size(), 3U);
  EXPECT_EQ(cellm_session_position(session.get()), prompt_.size() + 2);
}

TEST_F(Generate, EndsWhenTheSessionIsFull) {
  auto options = sized<cellm_generate_options>();
  options.ignore_end = 1;
  Heard heard;
  EXPECT_EQ(generate(test::new_session(model_, 32), heard, options).stop_reason,
            CELLM_STOP_CONTEXT);
  EXPECT_EQ(heard.ids.size(), 13U);
}

TEST_F(Generate, EndsAtTheEndOfTheAnswer) {
  auto options = sized<cellm_generate_options>();
  options.max_tokens = 4;
  options.ignore_end = 1;
  Heard first;
  generate(test::new_session(model_), first, options);
  folder_.write("llama/generation_config.json",
                "{\"eos_token_id\": [" + std::to_string(first.ids[2]) + "]}");
  const auto model = test::open_handle(path_);
  Heard heard;
  options.ignore_end = 0;
  EXPECT_EQ(generate(test::new_session(model), heard, options).stop_reason, CELLM_STOP_END);
  EXPECT_EQ(heard.ids,
            Ids(first.ids.begin(), std::find(first.ids.begin(), first.ids.end(), first.ids[2])));
}

TEST_F(Generate, FeedsThePromptAloneIfNoTokensAreWanted) {
  auto options = sized<cellm_generate_options>();
  options.max_tokens = 5;
  options.no_tokens = 1;
  const auto session = test::new_session(model_);
  Heard heard;
  EXPECT_EQ(generate(session, heard, options).prompt_tokens, prompt_.size());
  EXPECT_EQ(heard.ids, Ids());
  EXPECT_EQ(cellm_session_position(session.get()), prompt_.size());
  // The least that a caller can give.
  expect_ok(cellm_generate(session.get(), prompt_.data(), 1, &options, nullptr, nullptr, nullptr));
}

TEST_F(Generate, IsCancelledFromAnotherThread) {
  cellm_cancel* token = nullptr;
  expect_ok(cellm_cancel_new(&token));
  const test::CancelHandle cancel(token);
  auto options = sized<cellm_generate_options>();
  options.ignore_end = 1;
  options.cancel = token;
  struct Call {
    cellm_cancel* cancel;
    std::size_t tokens = 0;
  } call{token};
  // The other thread is done before the callback returns.
  const cellm_on_token on_token = [](void* user, std::uint32_t id, const char*, std::size_t) {
    auto& c = *static_cast<Call*>(user);
    if (id == CELLM_NO_TOKEN) return 0;
    if (++c.tokens == 3) std::thread([&c] { cellm_cancel_request(c.cancel); }).join();
    return 0;
  };
  auto result = sized<cellm_generate_result>();
  const auto session = test::new_session(model_);
  expect_ok(cellm_generate(session.get(), prompt_.data(), prompt_.size(), &options, on_token, &call,
                           &result));
  EXPECT_EQ(result.stop_reason, CELLM_STOP_CALLER);
  EXPECT_EQ(call.tokens, 3U);
  // Before the first token of the prompt.
  expect_ok(cellm_generate(session.get(), prompt_.data(), prompt_.size(), &options, on_token, &call,
                           &result));
  EXPECT_EQ(result.prompt_tokens, 0U);
  EXPECT_EQ(call.tokens, 3U);
}

TEST_F(Generate, AnExceptionOfTheCallbackIsAnError) {
  const auto session = test::new_session(model_);
  const cellm_on_token on_token = [](void*, std::uint32_t, const char*, std::size_t) -> int {
    throw std::runtime_error("thrown by the callback");
  };
  expect_failure(cellm_generate(session.get(), prompt_.data(), prompt_.size(), nullptr, on_token,
                                nullptr, nullptr),
                 CELLM_ERROR, "thrown by the callback");
  const cellm_on_token no_exception = [](void*, std::uint32_t, const char*, std::size_t) -> int {
    throw 1;
  };
  expect_failure(cellm_generate(session.get(), prompt_.data(), prompt_.size(), nullptr,
                                no_exception, nullptr, nullptr),
                 CELLM_ERROR, "unknown failure");
  // A long message is cut between characters.
  const cellm_on_token long_message = [](void*, std::uint32_t, const char*, std::size_t) -> int {
    std::string message = "x";
    for (int i = 0; i < 4000; ++i) message += "\u00e9";
    throw std::runtime_error(message);
  };
  expect_failure(cellm_generate(session.get(), prompt_.data(), prompt_.size(), nullptr,
                                long_message, nullptr, nullptr),
                 CELLM_ERROR, "x\u00e9");
  EXPECT_EQ(std::string(cellm_last_error()).size(), 2047U);
  EXPECT_TRUE(std::string(cellm_last_error()).ends_with("\u00e9"));
}

TEST_F(Generate, WrongOptionsAreUsage) {
  const auto session = test::new_session(model_);
  const auto refuse = [&](auto&& change, std::string_view part) {
    auto options = sized<cellm_generate_options>();
    change(options);
    expect_failure(cellm_generate(session.get(), prompt_.data(), prompt_.size(), &options, nullptr,
                                  nullptr, nullptr),
                   CELLM_ERROR_USAGE, part);
  };
  refuse([](auto& o) { o.temperature = -1.0F; }, "temperature");
  refuse([](auto& o) { o.top_p = 2.0F; }, "top-p");
  refuse([](auto& o) { o.min_p = 1.0F; }, "min-p");
  refuse([](auto& o) { o.repeat_penalty = -1.0F; }, "repeat penalty");
  refuse([](auto& o) { o.temperature = NAN; }, "temperature is not a number");
  refuse([](auto& o) { o.typical_p = -1.0F; }, "typical-p");
  refuse([](auto& o) { o.dry_multiplier = -1.0F; }, "DRY's multiplier");
  refuse([](auto& o) { o.on_loop = 3; }, "on_loop 3 is unknown");
  refuse([](auto& o) { o.stop_strings_count = 1; }, "stop_strings is null");
  static const char* const kTexts[] = {"", nullptr};
  refuse([](auto& o) { o.stop_strings = kTexts, o.stop_strings_count = 1; }, "string is empty");
  refuse([](auto& o) { o.stop_strings = kTexts, o.stop_strings_count = 2; },
         "stop_strings is null");
  static const cellm_logit_bias kBias{100'000, 1.0F};
  refuse([](auto& o) { o.logit_bias = &kBias, o.logit_bias_count = 1; }, "beyond the vocabulary");
  refuse([](auto& o) { o.logprobs = 1, o.top_logprobs = 1001; }, "alternatives");
  expect_failure(cellm_generate(session.get(), nullptr, 0, nullptr, nullptr, nullptr, nullptr),
                 CELLM_ERROR_USAGE, "the prompt is empty");
  EXPECT_EQ(cellm_session_position(session.get()), 0U);
}

// Without a limit of its own the answer ends with the context, and that is the reason.
TEST_F(Generate, EndsWithTheContext) {
  auto session_options = sized<cellm_session_options>();
  session_options.max_tokens = 32;
  cellm_session* made = nullptr;
  ASSERT_EQ(cellm_session_new(model_.get(), &session_options, &made), CELLM_OK);
  const std::unique_ptr<cellm_session, void (*)(cellm_session*)> session(made, cellm_session_free);
  auto options = sized<cellm_generate_options>();
  options.ignore_end = 1;
  auto result = sized<cellm_generate_result>();
  const std::uint32_t prompt = 1;
  ASSERT_EQ(cellm_generate(made, &prompt, 1, &options, nullptr, nullptr, &result), CELLM_OK);
  EXPECT_EQ(result.stop_reason, CELLM_STOP_CONTEXT);
  EXPECT_EQ(result.generated_tokens, 32U);
}

// The options of the sampler reach it.
TEST_F(Generate, SamplesAsTheEngine) {
  auto options = sized<cellm_generate_options>();
  options.max_tokens = 20;
  options.temperature = 2.0F;
  options.top_k = 30;
  options.top_p = 0.9F;
  options.min_p = 0.01F;
  options.repeat_penalty = 1.3F;
  options.repeat_window = 8;
  options.seed = 5;
  options.ignore_end = 1;
  Heard heard;
  generate(test::new_session(model_), heard, options);

  const Engine engine(open_model(path_), {"", 1});
  Session session(engine, {});
  GenerateOptions internal;
  internal.max_tokens = 20;
  internal.sampler = {2.0F, 30, 0.9F, 0.01F, 1.3F, 8, 5};
  for (std::uint32_t id = kTokens; id < engine.config().vocab_size; ++id)
    internal.unusable_ids.push_back(id);
  const auto want = cellm::generate(
      session, prompt_, internal, [](auto, auto) {}, [] { return false; });
  EXPECT_EQ(heard.ids, want.ids);
}

}  // namespace
}  // namespace cellm

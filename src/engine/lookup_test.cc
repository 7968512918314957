// Generation with prompt lookup gives what it gives without.
#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/test_files.h"
#include "constrain/constraint.h"
#include "engine/answer_ids.h"
#include "engine/generate.h"
#include "engine/session.h"

namespace cellm {
namespace {

using Ids = std::vector<std::uint32_t>;

LookupOptions use(UseLookup lookup, std::size_t most = 16) {
  return {lookup, most};
}

// All that can be seen of a generation: the result, the calls, and the state it leaves behind.
struct Seen {
  GenerateResult result;
  Ids ids;
  std::string text;
  Ids session;
  std::vector<float> next;  // logits after one more token
};

struct Counts {
  std::size_t drafted = 0;
  std::size_t accepted = 0;
};

Seen run(const Engine& engine, const Ids& prompt, GenerateOptions options, LookupOptions lookup,
         std::size_t interrupt_after = 1000, const SequenceOptions& sequence = {}) {
  Seen seen;
  options.lookup = lookup;
  Session session(engine, sequence);
  seen.result = generate(
      session, prompt, options,
      [&](std::uint32_t id, std::string_view text) {
        seen.ids.push_back(id);
        seen.text += text;
      },
      [&] { return seen.ids.size() >= interrupt_after; });
  seen.session.assign(session.tokens().begin(), session.tokens().end());
  if (session.position() < session.max_tokens()) {
    const Ids more{5};
    const auto logits = session.advance(more);
    seen.next.assign(logits.begin(), logits.end());
  }
  return seen;
}

std::vector<std::pair<std::uint32_t, float>> plain(const std::vector<TokenLogprobs>& all) {
  std::vector<std::pair<std::uint32_t, float>> result;
  for (const TokenLogprobs& one : all) {
    result.emplace_back(one.chosen.id, one.chosen.logprob);
    for (const Logprob& top : one.top) result.emplace_back(top.id, top.logprob);
  }
  return result;
}

void expect_same(const Seen& got, const Seen& want) {
  EXPECT_EQ(got.result.ids, want.result.ids);
  EXPECT_EQ(got.result.reason, want.result.reason);
  EXPECT_EQ(got.result.text, want.result.text);
  EXPECT_EQ(got.result.reasoning, want.result.reasoning);
  EXPECT_EQ(got.result.answer, want.result.answer);
  EXPECT_EQ(got.result.thinking_tokens, want.result.thinking_tokens);
  EXPECT_EQ(got.result.prompt_tokens, want.result.prompt_tokens);
  EXPECT_EQ(got.result.decoded_tokens, want.result.decoded_tokens);
  EXPECT_EQ(got.result.end_id, want.result.end_id);
  EXPECT_EQ(plain(got.result.logprobs), plain(want.result.logprobs));
  EXPECT_EQ(got.ids, want.ids);
  EXPECT_EQ(got.text, want.text);
  EXPECT_EQ(got.session, want.session);
  EXPECT_EQ(got.next, want.next);
}

// Without lookup and with it; adds what was drafted.
void compare(const Engine& engine, const Ids& prompt, const GenerateOptions& options,
             Counts& counts, std::size_t interrupt_after = 1000,
             const SequenceOptions& sequence = {}) {
  const Seen want = run(engine, prompt, options, use(UseLookup::kOff), interrupt_after, sequence);
  EXPECT_EQ(want.result.drafted_tokens, 0U);
  for (const LookupOptions lookup : {use(UseLookup::kOn), use(UseLookup::kOn, 1),
                                     use(UseLookup::kOn, kMaxDraftTokens), use(UseLookup::kAuto)}) {
    const Seen got = run(engine, prompt, options, lookup, interrupt_after, sequence);
    expect_same(got, want);
    if (lookup.use != UseLookup::kOn) continue;
    counts.drafted += got.result.drafted_tokens;
    counts.accepted += got.result.accepted_tokens;
  }
}

// Random weights, which choose among three tokens only, so that most ends of the text occur before.
class LookupOfModel : public testing::TestWithParam<const char*> {
 protected:
  LookupOfModel()
      : engine_(open_model(std::filesystem::path(CELLM_TESTDATA) / "models" / GetParam()),
                EngineOptions{"", 2}) {}

  static GenerateOptions options(std::size_t max_tokens) {
    GenerateOptions options;
    options.max_tokens = max_tokens;
    options.sampler.temperature = 0.0F;
    options.sampler.repeat_penalty = 1.0F;
    options.sampler.logit_bias = {{17, 100.0F}, {18, 100.0F}, {200, 100.0F}};
    return options;
  }

  // Repeats a span with a change.
  Ids prompt(std::size_t tokens, std::size_t period) const {
    Ids ids(tokens);
    for (std::size_t i = 0; i < tokens; ++i) {
      const std::size_t at = i % period;
      ids[i] = static_cast<std::uint32_t>((at * 37 + at * at * 7 + (i % 41 == 0 ? i : 0)) %
                                          engine_.config().vocab_size);
    }
    return ids;
  }

  Engine engine_;
};

TEST_P(LookupOfModel, GreedyTextIsTheSame) {
  Counts counts;
  GenerateOptions how = options(70);
  how.top_logprobs = 2;
  for (const std::size_t tokens : {1U, 5U, 31U, 63U, 100U}) {
    compare(engine_, prompt(tokens, 12), how, counts);
  }
  EXPECT_GT(counts.accepted, 50U);
}

TEST_P(LookupOfModel, SampledTextIsTheSame) {
  Counts counts;
  GenerateOptions how = options(60);
  how.top_logprobs = 0;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    how.sampler.seed = seed;
    how.sampler.temperature = seed % 2 == 0 ? 0.05F : 1.0F;
    how.sampler.top_k = seed % 2 == 0 ? 4 : 0;
    how.sampler.repeat_penalty = seed < 2 ? 1.0F : 1.1F;
    how.sampler.frequency_penalty = seed < 2 ? 0.0F : 0.1F;
    how.sampler.dry.multiplier = seed == 3 ? 0.8F : 0.0F;
    how.sampler.xtc_probability = seed == 1 ? 0.5F : 0.0F;
    compare(engine_, prompt(50 + seed, 9), how, counts);
  }
  EXPECT_GT(counts.drafted, counts.accepted);
}

TEST_P(LookupOfModel, AnswersEndWhereTheyWould) {
  Counts counts;
  GenerateOptions how = options(60);
  const Ids ids = prompt(40, 10);
  const Ids whole = run(engine_, ids, how, use(UseLookup::kOff)).ids;
  for (const std::size_t most : {1U, 2U, 9U, 33U}) {
    how.max_tokens = most;
    compare(engine_, ids, how, counts);
  }
  how.max_tokens = 60;
  for (const std::size_t after : {1U, 7U, 30U}) {
    compare(engine_, ids, how, counts, after);
    how.stop_ids = {whole[after]};
    how.min_tokens = after - 1;
    compare(engine_, ids, how, counts);
    how.stop_ids = {};
    how.min_tokens = 0;
  }
  how.max_tokens = 1000;
  compare(engine_, ids, how, counts, 1000, {KvEncoding::kTurboQuant, 4, 17});  // it is full
  how.on_loop = OnLoop::kStop;
  compare(engine_, ids, how, counts);
  how.on_loop = OnLoop::kResample;
  how.max_tokens = 200;
  compare(engine_, ids, how, counts);
  EXPECT_GT(counts.accepted, 100U);
}

// The session is where it would be without a draft.
TEST_P(LookupOfModel, AnExceptionOfTheCallerLeavesNoDraft) {
  GenerateOptions how = options(40);
  const Ids ids = prompt(40, 10);
  std::size_t drafts = 0;
  for (std::size_t after = 1; after < 20; ++after) {
    std::vector<Ids> read;
    for (const UseLookup lookup : {UseLookup::kOff, UseLookup::kOn}) {
      how.lookup = use(lookup);
      Session session(engine_, {});
      std::size_t tokens = 0;
      const auto on_token = [&](auto, auto) {
        if (++tokens == after) throw std::runtime_error("enough");
      };
      EXPECT_THROW(generate(session, ids, how, on_token, [] { return false; }), std::runtime_error);
      read.emplace_back(session.tokens().begin(), session.tokens().end());
      session.advance(ids);  // it can be used
    }
    EXPECT_EQ(read[0], read[1]);
    drafts += run(engine_, ids, how, use(UseLookup::kOn), after).result.drafted_tokens;
  }
  EXPECT_GT(drafts, 0U);
}

INSTANTIATE_TEST_SUITE_P(Models, LookupOfModel,
                         testing::Values("qwen3_5_text", "llama", "qwen3_mlx_4bit"));

// cellm-tiny, which answers.
class LookupOfText : public testing::Test {
 protected:
  static const Engine& engine() {
    static const Engine engine(open_model(CELLM_TESTDATA "/../models/cellm-tiny"),
                               EngineOptions{"", 2});
    return engine;
  }
  static const Tokenizer& tokenizer() { return *engine().opened().tokenizer(); }

  static GenerateOptions options(float temperature) {
    GenerateOptions options;
    options.max_tokens = 36;
    options.tokenizer = &tokenizer();
    options.sampler.temperature = temperature;
    options.sampler.repeat_penalty = 1.0F;
    options.stop_ids = end_of_answer_ids(engine(), &tokenizer());
    options.unusable_ids = unusable_ids(engine(), tokenizer());
    return options;
  }
  static Ids question(const std::string& text) {
    return engine().opened().chat()->prompt(tokenizer(), std::vector<ChatMessage>{{"user", text}});
  }
};

constexpr const char* kQuestions[] = {
    "Say it again: the lighthouse stands on the rock. The lighthouse stands on the rock.",
    "red green blue, red green blue, red green"};

TEST_F(LookupOfText, StopStringsThinkingAndLogprobs) {
  Counts counts;
  for (const char* text : kQuestions) {
    for (const float temperature : {0.0F, 8.0F}) {
      GenerateOptions how = options(temperature);
      how.top_logprobs = 3;
      how.thinking.emplace();
      for (const std::uint32_t id : tokenizer().encode("lighthouse stands", true)) {
        how.sampler.logit_bias.push_back({id, 100.0F});
      }
      compare(engine(), question(text), how, counts);
      how.stop_strings = {"standsstandsstands", "lighthousestandslighthousestands", "hthth"};
      compare(engine(), question(text), how, counts);
      how.stop_strings = {};
      how.thinking_budget = 13;
      Ids thinks = question(text);
      for (const std::uint32_t id : tokenizer().encode("<think>\nthe lighthouse stands", true)) {
        thinks.push_back(id);
      }
      compare(engine(), thinks, how, counts);
    }
  }
  EXPECT_GT(counts.accepted, 100U);
  EXPECT_GT(counts.drafted, counts.accepted);
}

TEST_F(LookupOfText, Constraints) {
  Counts counts;
  const ConstraintPtr constraints[] = {
      constrain_to_regex("(red green blue, )*red"),
      constrain_to_json_schema(nlohmann::ordered_json::parse(
          R"({"type": "array", "items": {"enum": ["lighthouse", "light"]}, "minItems": 9})"))};
  for (const ConstraintPtr& constraint : constraints) {
    for (const char* text : kQuestions) {
      for (const float temperature : {0.0F, 1.0F}) {
        GenerateOptions how = options(temperature);
        how.max_tokens = 40;
        how.constraint = constraint;
        compare(engine(), question(text), how, counts);
      }
    }
  }
  EXPECT_GT(counts.accepted, 20U);
  EXPECT_GT(counts.drafted, counts.accepted);
}

TEST(LookupOptions, AreChecked) {
  const Ids prompt{1, 2};
  for (const std::size_t most : {std::size_t{0}, kMaxDraftTokens + 1}) {
    GenerateOptions options;
    options.lookup.max_draft = most;
    expect_error(ErrorKind::kUsage, "1 to 63 are possible", [&] { Generation(prompt, options); });
  }
}

}  // namespace
}  // namespace cellm

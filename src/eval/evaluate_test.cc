#include "eval/evaluate.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/test_files.h"
#include "eval/report.h"
#include "eval/test_models.h"

namespace cellm {
namespace {

using test::TestModel;

const EvalProgress kNoProgress = [](std::size_t, std::size_t) {};

EvalTokens text_of(std::vector<std::uint32_t> ids, std::size_t begin_tokens = 0) {
  return {"text", std::move(ids), begin_tokens};
}

// The exact engine, without a reference.
Evaluation perplexity_of(const Engine& engine, std::vector<EvalTokens> texts,
                         const EvalOptions& options) {
  const EvalSubject subject{&engine, KvEncoding::kF32};
  return evaluate({&subject, 1}, nullptr, texts, options, kNoProgress).front();
}

Evaluation compare(const Engine& engine, const Engine& reference, std::vector<EvalTokens> texts,
                   const EvalOptions& options) {
  const EvalSubject subject{&engine, KvEncoding::kF32};
  return evaluate({&subject, 1}, &reference, texts, options, kNoProgress).front();
}

double mean_nll(const TestModel& model, std::size_t first) {
  long double sum = 0.0L;
  for (std::size_t i = first; i + 1 < model.tokens.size(); ++i)
    sum -= model.log_probabilities(i)[model.tokens[i + 1]];
  return static_cast<double>(sum) / static_cast<double>(model.tokens.size() - 1 - first);
}

TEST(Evaluate, PerplexityIsThatOfTheLogitsOfTransformers) {
  for (const char* name : {"llama", "qwen3", "qwen3_5_text_untied", "qwen3_untied_f16"}) {
    const TestModel model(name);
    const auto engine = model.engine();
    EvalOptions options{.window = model.tokens.size()};
    const Evaluation half = perplexity_of(*engine, {text_of(model.tokens)}, options);
    EXPECT_EQ(half.predictions, model.tokens.size() / 2 - 1);
    EXPECT_NEAR(std::log(half.perplexity.value), mean_nll(model, model.tokens.size() / 2), 2e-4)
        << name;
    options.scored = ScoredPart::kAll;
    const Evaluation all = perplexity_of(*engine, {text_of(model.tokens)}, options);
    EXPECT_EQ(all.predictions, model.tokens.size() - 1);
    EXPECT_NEAR(std::log(all.perplexity.value), mean_nll(model, 0), 2e-4) << name;
    EXPECT_FALSE(all.comparison.has_value());
  }
}

// Two models of the same tokens, with known logits from transformers.
TEST(Evaluate, DivergenceIsThatOfTheLogitsOfTransformers) {
  const TestModel reference("qwen3");
  const TestModel model("qwen3_mlx_4bit");
  ASSERT_EQ(reference.tokens, model.tokens);
  std::vector<double> klds;
  double same_top = 0.0;
  double delta_p = 0.0;
  double delta_p_squared = 0.0;
  for (std::size_t i = 0; i + 1 < model.tokens.size(); ++i) {
    const auto p = reference.log_probabilities(i);
    const auto q = model.log_probabilities(i);
    long double kld = 0.0L;
    for (std::size_t v = 0; v < p.size(); ++v) kld += std::exp(p[v]) * (p[v] - q[v]);
    klds.push_back(static_cast<double>(kld));
    same_top += std::max_element(p.begin(), p.end()) - p.begin() ==
                        std::max_element(q.begin(), q.end()) - q.begin()
                    ? 1.0
                    : 0.0;
    const std::uint32_t next = model.tokens[i + 1];
    const auto difference = static_cast<double>(std::exp(q[next]) - std::exp(p[next]));
    delta_p += difference;
    delta_p_squared += difference * difference;
  }
  const auto count = static_cast<double>(klds.size());
  double mean = 0.0;
  for (const double kld : klds) mean += kld / count;
  std::sort(klds.begin(), klds.end());

  const auto engine = model.engine();
  const auto exact = reference.engine();
  const Evaluation evaluation =
      compare(*engine, *exact, {text_of(model.tokens)},
              {.window = model.tokens.size(), .scored = ScoredPart::kAll});
  ASSERT_TRUE(evaluation.comparison.has_value());
  const Comparison& c = *evaluation.comparison;
  EXPECT_GT(mean, 1e-3);  // otherwise the test would be vacuous
  EXPECT_NEAR(c.kld_mean.value, mean, 1e-3 * mean);
  EXPECT_NEAR(c.kld_median.value, quantile_of_sorted(klds, 0.5), 1e-3 * mean);
  EXPECT_NEAR(c.kld_p90.value, quantile_of_sorted(klds, 0.9), 1e-3 * mean);
  EXPECT_NEAR(c.kld_p99.value, quantile_of_sorted(klds, 0.99), 1e-3 * klds.back());
  EXPECT_NEAR(c.kld_p999.value, quantile_of_sorted(klds, 0.999), 1e-3 * klds.back());
  EXPECT_NEAR(c.kld_max, klds.back(), 1e-3 * klds.back());
  EXPECT_NEAR(c.top1.value, same_top / count, 1e-9);
  EXPECT_LT(c.top1.value, 1.0);
  EXPECT_NEAR(c.delta_p_mean.value, delta_p / count, 1e-6);
  EXPECT_NEAR(c.delta_p_rms.value, std::sqrt(delta_p_squared / count), 1e-6);
  EXPECT_NEAR(c.ln_perplexity_ratio.value, mean_nll(model, 0) - mean_nll(reference, 0), 1e-4);
  EXPECT_NEAR(c.perplexity_ratio.value, std::exp(c.ln_perplexity_ratio.value), 1e-12);
  EXPECT_NEAR(std::log(c.reference_perplexity.value), mean_nll(reference, 0), 1e-4);
  EXPECT_NEAR(*evaluation.texts.front().kld_mean, c.kld_mean.value, 1e-15);
}

TEST(Evaluate, AModelDoesNotDivergeFromItself) {
  for (const char* name : {"qwen3", "qwen3_5_text"}) {
    const TestModel model(name);
    const auto engine = model.engine();
    const auto same = model.engine(Activations::kF32, 1);
    const Evaluation evaluation = compare(*engine, *same, {text_of(model.tokens)}, {.window = 20});
    EXPECT_EQ(evaluation.comparison->kld_max, 0.0);
    EXPECT_EQ(evaluation.comparison->top1.value, 1.0);
    EXPECT_EQ(evaluation.comparison->delta_p_rms.value, 0.0);
    EXPECT_EQ(evaluation.comparison->ln_perplexity_ratio.value, 0.0);
  }
}

TEST(Evaluate, WindowsStartAnewAndLeaveOutTheRest) {
  const TestModel model("qwen3_5_text");  // a recurrent state must be gone as well
  const auto engine = model.engine();
  const EvalOptions options{.window = 40, .scored = ScoredPart::kAll};
  const Evaluation all = perplexity_of(*engine, {text_of(model.tokens)}, options);
  EXPECT_EQ(all.windows, 3U);  // of 150 tokens
  EXPECT_EQ(all.tokens, 120U);
  EXPECT_EQ(all.predictions, 3U * 39U);
  double nll = 0.0;
  for (std::size_t w = 0; w < 3; ++w) {
    const std::vector<std::uint32_t> ids(model.tokens.begin() + static_cast<long>(w) * 40,
                                         model.tokens.begin() + static_cast<long>(w + 1) * 40);
    nll += std::log(perplexity_of(*engine, {text_of(ids)}, options).perplexity.value);
  }
  EXPECT_NEAR(std::log(all.perplexity.value), nll / 3.0, 1e-12);
}

TEST(Evaluate, EveryWindowBeginsWithTheTemplatesTokens) {
  const TestModel model("llama");
  const auto engine = model.engine();
  const EvalOptions options{.window = 20, .scored = ScoredPart::kAll};
  std::vector<std::uint32_t> ids = model.tokens;
  ids[0] = 299;
  ids[1] = 298;
  std::vector<EvalTokens> windows;
  for (std::size_t w = 0; w < 5; ++w) {
    std::vector<std::uint32_t> window(ids.begin() + static_cast<long>(w) * 20,
                                      ids.begin() + static_cast<long>(w + 1) * 20);
    window[0] = 299;
    window[1] = 298;
    windows.push_back(text_of(window, 2));
  }
  const Evaluation one = perplexity_of(*engine, {text_of(ids, 2)}, options);
  const Evaluation five = perplexity_of(*engine, windows, options);
  EXPECT_EQ(one.perplexity.value, five.perplexity.value);
  EXPECT_EQ(one.predictions, 5U * 18U);  // the second of the two is given, not predicted
  EXPECT_NE(one.perplexity.value, perplexity_of(*engine, {text_of(ids)}, options).perplexity.value);
}

TEST(Evaluate, ALimitTakesFromAllTextsInTurn) {
  const TestModel model("llama");
  const auto engine = model.engine();
  const std::vector<EvalTokens> texts{text_of(model.tokens), text_of(model.tokens)};
  const auto windows = [&](std::size_t limit) {
    std::vector<std::size_t> counts;
    const auto result = perplexity_of(*engine, texts, {.window = 20, .max_tokens = limit});
    for (const auto& text : result.texts) counts.push_back(text.windows);
    return counts;
  };
  EXPECT_EQ(windows(79), (std::vector<std::size_t>{2, 1}));
  EXPECT_EQ(windows(20), (std::vector<std::size_t>{1}));
  EXPECT_EQ(windows(0), (std::vector<std::size_t>{5, 5}));
  EXPECT_EQ(windows(100'000), (std::vector<std::size_t>{5, 5}));
}

// The parts' scores give every figure bit by bit.
TEST(Evaluate, PartsGiveTheFiguresOfOneRun) {
  const TestModel model("qwen3_mlx_4bit");
  const TestModel reference("qwen3");
  const auto engine = model.engine();
  const auto exact = reference.engine();
  const std::vector<EvalTokens> texts{text_of(model.tokens), text_of(model.tokens)};
  const EvalOptions options{.window = 12};
  const EvalSubject subject{engine.get(), KvEncoding::kF32};
  const auto whole = evaluate({&subject, 1}, exact.get(), texts, options, kNoProgress).front();
  const std::size_t windows = count_windows(texts, options);
  ASSERT_EQ(windows, whole.windows);
  for (const std::size_t size : {std::size_t{1}, std::size_t{5}, windows}) {
    EvalScores scores;
    for (std::size_t first = 0; first < windows; first += size) {
      const auto part = score_windows(subject, exact.get(), texts, options, first,
                                      std::min(size, windows - first), kNoProgress);
      scores.insert(scores.end(), part.begin(), part.end());
    }
    Evaluation merged = evaluation_of(scores, texts, options, true);
    merged.seconds = whole.seconds;
    merged.reference_seconds = whole.reference_seconds;
    EXPECT_EQ(to_json(merged).dump(), to_json(whole).dump()) << size;
    scores.pop_back();
    expect_error(ErrorKind::kData, "scores", [&] { evaluation_of(scores, texts, options, true); });
  }
}

TEST(Evaluate, ManyTextsAreDrawnWholeFewAreNot) {
  const TestModel model("llama");
  const auto engine = model.engine();
  const EvalOptions options{.window = 20};
  const auto few =
      perplexity_of(*engine, std::vector<EvalTokens>(2, text_of(model.tokens)), options);
  EXPECT_EQ(few.unit, ResampledUnit::kWindows);
  EXPECT_EQ(few.units, 10U);
  EXPECT_LT(few.perplexity.low, few.perplexity.value);
  EXPECT_GT(few.perplexity.high, few.perplexity.value);
  const auto many =
      perplexity_of(*engine, std::vector<EvalTokens>(8, text_of(model.tokens)), options);
  EXPECT_EQ(many.unit, ResampledUnit::kTexts);
  EXPECT_EQ(many.units, 8U);
  EXPECT_NEAR(many.perplexity.low, many.perplexity.value,
              1e-12 * many.perplexity.value);  // the texts are the same
}

TEST(Evaluate, NothingDependsOnThreadsNorOnWhatRunsBeside) {
  const TestModel model("qwen3_mlx_4bit");
  const TestModel reference("qwen3");
  const auto exact = reference.engine();
  const auto one = model.engine(Activations::kInt8, 1);
  const auto three = model.engine(Activations::kInt8, 3);
  const std::vector<EvalTokens> texts{text_of(model.tokens)};
  const EvalOptions options{.window = 12};
  const std::vector<EvalSubject> subjects{{one.get(), KvEncoding::kF16},
                                          {three.get(), KvEncoding::kF16},
                                          {exact.get(), KvEncoding::kF32}};
  const auto together = evaluate(subjects, exact.get(), texts, options, kNoProgress);
  ASSERT_EQ(together.size(), 3U);
  const auto alone = evaluate({&subjects[1], 1}, exact.get(), texts, options, kNoProgress).front();
  for (const auto* result : {&together[0], &together[1]}) {
    EXPECT_EQ(result->perplexity.value, alone.perplexity.value);
    EXPECT_EQ(result->perplexity.low, alone.perplexity.low);
    EXPECT_EQ(result->comparison->kld_mean.value, alone.comparison->kld_mean.value);
    EXPECT_EQ(result->comparison->kld_p99.high, alone.comparison->kld_p99.high);
  }
  EXPECT_EQ(together[2].comparison->kld_max, 0.0);
  EXPECT_GT(alone.comparison->kld_mean.value, 0.0);
  EXPECT_LE(alone.comparison->kld_mean.low, alone.comparison->kld_mean.value);
  EXPECT_GE(alone.comparison->kld_mean.high, alone.comparison->kld_mean.value);
}

TEST(Evaluate, ProgressCountsEveryTokenOnceAndMayBreakOff) {
  const TestModel model("qwen3");
  const auto engine = model.engine();
  const EvalSubject subject{engine.get(), KvEncoding::kF32};
  const std::vector<EvalTokens> texts{text_of(model.tokens)};
  std::vector<std::size_t> seen;
  std::size_t total = 0;
  evaluate({&subject, 1}, engine.get(), texts, {.window = 50},
           [&](std::size_t done, std::size_t all) {
             seen.push_back(done);
             total = all;
           });
  EXPECT_EQ(seen, (std::vector<std::size_t>{0, 49, 98, 147, 196}));
  EXPECT_EQ(total, 196U);
  EXPECT_THROW(evaluate({&subject, 1}, nullptr, texts, {.window = 50},
                        [](std::size_t done, std::size_t) {
                          if (done > 0) throw usage_error("stop");
                        }),
               Error);
}

TEST(Evaluate, RefusesWhatCannotBeMeasured) {
  const TestModel model("llama_rope_linear");  // context 512, vocabulary 180
  const auto engine = model.engine();
  const auto refuse = [&](std::string_view part, const std::vector<std::uint32_t>& ids,
                          const EvalOptions& options) {
    expect_error(ErrorKind::kUsage, part, [&] { perplexity_of(*engine, {text_of(ids)}, options); });
  };
  refuse("text: the text has 100 tokens, a window needs 101", model.tokens, {.window = 101});
  refuse("a window of 513 tokens does not fit into the context of 512", model.tokens,
         {.window = 513});
  refuse("a limit of 99 tokens is less than one window of 100", model.tokens,
         {.window = 100, .max_tokens = 99});
  refuse("a window of 2 tokens leaves nothing to score", model.tokens, {.window = 2});
  refuse("a window of 1 tokens leaves nothing to score", model.tokens,
         {.window = 1, .scored = ScoredPart::kAll});
  const Evaluation smallest =
      perplexity_of(*engine, {text_of(model.tokens)}, {.window = 2, .scored = ScoredPart::kAll});
  EXPECT_EQ(smallest.predictions, 50U);
  std::vector<std::uint32_t> beyond = model.tokens;
  beyond[3] = 180;
  refuse("token 180 is beyond the vocabulary of 180", beyond, {.window = 100});

  const auto other = TestModel("llama").engine();
  expect_error(ErrorKind::kUsage, "the reference's vocabulary is 320, that of",
               [&] { compare(*engine, *other, {text_of(model.tokens)}, {.window = 100}); });
}

}  // namespace
}  // namespace cellm

#include "eval/coherence.h"

#include <cmath>
#include <filesystem>
#include <limits>
#include <numeric>
#include <set>

#include <gtest/gtest.h>

#include "engine/session.h"

namespace cellm {
namespace {

using Ids = std::vector<std::uint32_t>;

Ids counting(std::size_t count) {
  Ids ids(count);
  std::iota(ids.begin(), ids.end(), 100U);
  return ids;
}

Ids repeated(const Ids& span, std::size_t times) {
  Ids ids;
  for (std::size_t i = 0; i < times; ++i) ids.insert(ids.end(), span.begin(), span.end());
  return ids;
}

TEST(DistinctSpans, CountsDifferentOnes) {
  EXPECT_EQ(distinct_spans(Ids{1, 2, 3, 1, 2, 3}, 3), 3.0 / 4.0);  // 123 231 312 123
  EXPECT_EQ(distinct_spans(Ids(10, 7), 3), 1.0 / 8.0);
  EXPECT_EQ(distinct_spans(counting(20), 3), 1.0);
  EXPECT_EQ(distinct_spans(Ids{1, 2}, 3), 1.0);
  EXPECT_EQ(distinct_spans(Ids{}, 3), 1.0);
}

TEST(LongestRepeat, FindsTheLongestSpanThatStandsTwice) {
  EXPECT_EQ(longest_repeat(Ids{}), 0U);
  EXPECT_EQ(longest_repeat(counting(30)), 0U);
  EXPECT_EQ(longest_repeat(Ids{1, 2, 3, 9, 1, 2, 3, 8, 2, 3}), 3U);
  EXPECT_EQ(longest_repeat(Ids{5, 1, 5}), 1U);
}

TEST(LongestRepeat, DoesNotOverlapItself) {
  EXPECT_EQ(longest_repeat(Ids(7, 4)), 3U);
  EXPECT_EQ(longest_repeat(Ids(8, 4)), 4U);
  EXPECT_EQ(longest_repeat(repeated({1, 2, 3}, 3)), 3U);  // two of three copies, not six tokens
}

// Compared with the definition, on texts of few different tokens.
TEST(LongestRepeat, AgreesWithTryingAllPairs) {
  std::uint32_t state = 1;
  for (int round = 0; round < 200; ++round) {
    Ids ids(3 + static_cast<std::size_t>(round) % 20);
    for (auto& id : ids) {
      state = state * 1664525U + 1013904223U;
      id = state >> 30;
    }
    std::size_t expected = 0;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      for (std::size_t j = i + 1; j < ids.size(); ++j) {
        std::size_t length = 0;
        while (j + length < ids.size() && i + length < j && ids[i + length] == ids[j + length])
          ++length;
        expected = std::max(expected, length);
      }
    }
    EXPECT_EQ(longest_repeat(ids), expected) << round;
  }
}

TEST(Loops, NeedThreeTimesAndSixteenTokens) {
  EXPECT_TRUE(loops(Ids(kLoopTokens, 4)));
  EXPECT_FALSE(loops(Ids(kLoopTokens - 1, 4)));
  EXPECT_TRUE(loops(repeated(counting(10), 3)));
  EXPECT_FALSE(loops(repeated(counting(10), 2)));
  EXPECT_FALSE(loops(repeated(counting(5), 3)));  // 15 tokens
  EXPECT_TRUE(loops(repeated(counting(42), 3)));
  EXPECT_FALSE(loops(counting(128)));
}

TEST(Loops, AreFoundInTheMiddleAndAcrossCuts) {
  Ids ids = counting(30);
  const Ids loop = repeated({1, 2, 3, 4, 5, 6}, 3);
  ids.insert(ids.begin() + 11, loop.begin(), loop.end());
  EXPECT_TRUE(loops(ids));
  // The same span three times, but not in a row.
  Ids apart;
  for (std::uint32_t i = 0; i < 3; ++i) {
    const Ids span = counting(10);
    apart.insert(apart.end(), span.begin(), span.end());
    apart.push_back(i);
  }
  EXPECT_FALSE(loops(apart));
}

CoherenceSample sample(std::size_t tokens, double nll, bool looping, bool invalid) {
  CoherenceSample s;
  s.ids.resize(tokens);
  s.nll = nll;
  s.looping = looping;
  s.invalid = invalid;
  s.distinct3 = 0.5;
  s.repeat = tokens;
  return s;
}

TEST(Summarize, WeighsTokensForNllAndTextsForTheRest) {
  const std::vector<CoherenceSample> samples{
      sample(10, 20.0, true, false), sample(30, 20.0, true, true), sample(0, 0.0, false, false)};
  const CoherenceSummary summary = summarize(samples);
  EXPECT_EQ(summary.texts, 3U);
  EXPECT_EQ(summary.tokens, 40U);
  EXPECT_DOUBLE_EQ(summary.nll, 1.0);
  EXPECT_DOUBLE_EQ(summary.looping, 2.0 / 3.0);
  EXPECT_DOUBLE_EQ(summary.invalid, 1.0 / 3.0);
  EXPECT_DOUBLE_EQ(summary.bad, 2.0 / 3.0);
  EXPECT_DOUBLE_EQ(summary.longest_repeat, 40.0 / 3.0);
}

CoherenceSummary speech(double nll, double bad) {
  CoherenceSummary summary;
  summary.nll = nll;
  summary.bad = bad;
  return summary;
}

TEST(Judge, GivesTheBestWordAllOfWhoseLimitsAreKept) {
  const CoherenceSummary own = speech(2.0, 0.1);
  EXPECT_EQ(judge(0.0, own, own), Judgement::kExcellent);
  for (const JudgementLimits& limits : judgement_limits()) {
    const auto at = [&](double kld, double nll, double bad) {
      return judge(kld, speech(own.nll + nll, own.bad + bad), own);
    };
    const double tiny = 1e-9;
    EXPECT_EQ(at(limits.kld, 0, 0), limits.judgement);
    EXPECT_GT(at(limits.kld + tiny, 0, 0), limits.judgement);
    EXPECT_GT(at(0, limits.excess_nll + tiny, 0), limits.judgement);
    EXPECT_GT(at(0, 0, limits.excess_bad + tiny), limits.judgement);
  }
  EXPECT_EQ(judge(18.0, own, own), Judgement::kIncoherent);
  const CoherenceSummary silent = speech(std::numeric_limits<double>::quiet_NaN(), 0.0);
  EXPECT_EQ(judge(0.0, silent, own), Judgement::kIncoherent);
}

TEST(Prompts, AreTwentyDifferentOnes) {
  std::set<std::string_view> texts;
  for (const auto& prompt : coherence_prompts()) texts.insert(prompt.text);
  EXPECT_EQ(texts.size(), 20U);
}

// A tokenizer of the 256 bytes, id = byte, and one control token.
Tokenizer byte_tokenizer() {
  std::string json = R"({"added_tokens":[{"id":256,"content":"<|end|>","single_word":false,)"
                     R"("lstrip":false,"rstrip":false,"normalized":false,"special":true}],)"
                     R"("normalizer":null,"pre_tokenizer":{"type":"ByteLevel",)"
                     R"("add_prefix_space":false,"trim_offsets":true,"use_regex":false},)"
                     R"("post_processor":null,"decoder":{"type":"ByteLevel",)"
                     R"("add_prefix_space":false,"trim_offsets":true,"use_regex":false},)"
                     R"("model":{"type":"BPE","dropout":null,"unk_token":null,)"
                     R"("continuing_subword_prefix":null,"end_of_word_suffix":null,)"
                     R"("fuse_unk":false,"byte_fallback":false,"ignore_merges":false,"vocab":{)";
  unsigned next = 256;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const bool printable_byte = (byte >= 33 && byte <= 126) || (byte >= 161 && byte != 173);
    const unsigned code = printable_byte ? byte : next++;
    std::string spelling;
    if (code == '"' || code == '\\') spelling += '\\';
    if (code < 0x80) {
      spelling += static_cast<char>(code);
    } else {
      spelling += static_cast<char>(0xC0 | (code >> 6));
      spelling += static_cast<char>(0x80 | (code & 0x3F));
    }
    json += (byte == 0 ? "\"" : ",\"") + spelling + "\":" + std::to_string(byte);
  }
  json += R"(},"merges":[]}})";
  return load_tokenizer(TokenizerJson{json, "test"}, "test");
}

Ids bytes_of(std::string_view text) {
  Ids ids;
  for (const char c : text) ids.push_back(static_cast<unsigned char>(c));
  return ids;
}

TEST(InvalidText, IsWhatNobodyCanRead) {
  const Tokenizer tokenizer = byte_tokenizer();
  const auto invalid = [&](std::string_view text) {
    return holds_invalid_text(tokenizer, bytes_of(text));
  };
  EXPECT_FALSE(invalid(""));
  EXPECT_FALSE(invalid("Two lines,\n\tand caf\xC3\xA9."));
  EXPECT_FALSE(invalid("cut off: \xE2\x82"));  // by the end of the text
  EXPECT_TRUE(invalid("not cut off: \xE2\x82."));
  EXPECT_TRUE(invalid("\x80 alone"));
  EXPECT_TRUE(invalid("replaced \xEF\xBF\xBD"));
  EXPECT_TRUE(invalid(std::string_view("a\0b", 3)));
  EXPECT_TRUE(invalid("bell \x07"));
  EXPECT_TRUE(holds_invalid_text(tokenizer, Ids{65, 256}));  // a control token
  EXPECT_TRUE(holds_invalid_text(tokenizer, Ids{65, 999}));  // not a token
}

TEST(Coherence, IsRepeatableAndTheTeachersOwnLikelihood) {
  const auto path = std::filesystem::path(CELLM_TESTDATA) / "models" / "qwen3";
  const Tokenizer tokenizer = byte_tokenizer();
  CoherenceOptions options;
  options.tokens = 12;
  const auto run = [&](unsigned threads) {
    const Engine engine(open_model(path),
                        {.target = "", .threads = threads, .activations = Activations::kF32});
    std::size_t last = 0;
    Coherence result =
        measure_coherence(engine, engine, tokenizer, options, [&](auto done, auto total) {
          EXPECT_LE(last, done);
          EXPECT_LE(done, total);
          last = done;
        });
    EXPECT_EQ(last, 2 * 2 * coherence_prompts().size() * options.tokens);
    return result;
  };
  const Coherence one = run(1);
  const Coherence two = run(2);
  ASSERT_EQ(one.samples.size(), 40U);
  bool differs = false;
  for (std::size_t i = 0; i < 40; ++i) {
    EXPECT_EQ(one.samples[i].ids, two.samples[i].ids);
    EXPECT_EQ(one.samples[i].nll, two.samples[i].nll);
    EXPECT_EQ(one.samples[i].prompt, i % 20);
    EXPECT_EQ(one.samples[i].sampled, i >= 20);
    if (i < 20 && one.samples[i].ids != one.samples[i + 20].ids) differs = true;
  }
  EXPECT_TRUE(differs);

  // The likelihood of a greedy text, from the logits one token at a time.
  const Engine engine(open_model(path),
                      {.target = "", .threads = 1, .activations = Activations::kF32});
  const auto& prompt = coherence_prompts()[1];
  const CoherenceSample& greedy = one.samples[1];
  Session session(engine, {KvEncoding::kF32, 16, 0});
  std::span<const float> logits = session.advance(tokenizer.encode(prompt.text, false));
  double nll = 0.0;
  for (const std::uint32_t id : greedy.ids) {
    double sum = 0.0;
    for (const float logit : logits) sum += std::exp(static_cast<double>(logit));
    nll += std::log(sum) - static_cast<double>(logits[id]);
    logits = session.advance({&id, 1});
  }
  EXPECT_NEAR(greedy.nll, nll, 1e-3);
}

}  // namespace
}  // namespace cellm

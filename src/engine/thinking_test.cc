#include "engine/thinking.h"

#include <gtest/gtest.h>

#include "engine/generation.h"
#include "tokenizer/test_tokenizers.h"

namespace cellm {
namespace {

using test::published_tokenizer;
using Ids = std::vector<std::uint32_t>;

struct Parts {
  std::string reasoning;
  std::string answer;
  bool operator==(const Parts&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Parts& parts) {
  return out << "[" << parts.reasoning << "|" << parts.answer << "]";
}

// The text in pieces of `size` bytes, as tokens would divide it.
Parts split(std::string_view text, std::size_t size, std::string_view prompt = "x") {
  const Tokenizer& tokenizer = published_tokenizer("qwen3");
  Thinking thinking(tokenizer, {}, tokenizer.encode(prompt, true));
  std::string seen;
  for (std::size_t at = 0; at < text.size(); at += size) {
    thinking.push(text.substr(at, size));
    seen.assign(thinking.reasoning());
  }
  thinking.finish("");
  EXPECT_TRUE(thinking.reasoning().starts_with(seen));
  return {std::string(thinking.reasoning()), std::string(thinking.answer())};
}

TEST(Thinking, SplitsReasoningFromTheAnswer) {
  for (const std::size_t size : {1U, 2U, 3U, 5U, 100U}) {
    EXPECT_EQ(split("<think>\nLet me see.\n</think>\n\nYes.", size),
              (Parts{"Let me see.", "Yes."}));
    EXPECT_EQ(split("\n<think>a</think>b", size), (Parts{"a", "b"}));
    EXPECT_EQ(split("Yes <think>a</think>", size), (Parts{"", "Yes <think>a</think>"}));
    EXPECT_EQ(split("<thin king", size), (Parts{"", "<thin king"}));
    EXPECT_EQ(split("<thin<think>a</think>", size), (Parts{"", "<thin<think>a</think>"}));
    EXPECT_EQ(split("<think>a </thin </think>b</think>", size), (Parts{"a </thin", "b</think>"}));
    EXPECT_EQ(split("<think>a\n\nb", size), (Parts{"a\n\nb", ""}));
    EXPECT_EQ(split("<think>\n\n</think>\n\nHi\n", size).answer, "Hi\n");
    EXPECT_EQ(split("<think>a</thi", size), (Parts{"a</thi", ""}));
    EXPECT_EQ(split("a</think>\n\nb", size, "<think>\n"), (Parts{"a", "b"}));
    EXPECT_EQ(split("b", size, "<think>\n\n</think>\n\n"), (Parts{"", "b"}));
    // Some models begin anew what the prompt has closed. Behind the first block tags are text.
    EXPECT_EQ(split("<think>a</think>b", size, "<think>\n\n</think>\n\n"), (Parts{"a", "b"}));
    EXPECT_EQ(split("a</think>b<think>c</think>d", size, "<think>"),
              (Parts{"a", "b<think>c</think>d"}));
    EXPECT_EQ(split(" \n", size), (Parts{"", " \n"}));
  }
}

// At the end of the budget the closing tag comes, whatever the logits say.
TEST(Thinking, EndsWithItsBudget) {
  const Tokenizer& tokenizer = published_tokenizer("qwen3");
  const std::uint32_t word = tokenizer.encode(" word", false).front();
  std::vector<float> logits(tokenizer.vocab_size(), 0.0F);
  logits[word] = 10.0F;
  GenerateOptions options;
  options.max_tokens = 9;
  options.sampler.temperature = 0.0F;
  options.tokenizer = &tokenizer;
  options.thinking.emplace();
  options.thinking_budget = 3;
  Generation generation(tokenizer.encode("<think>\n", true), options);
  generation.read(generation.pending().size());
  while (!generation.ended()) {
    if (generation.choose(logits, 100)) generation.read(generation.pending().size());
  }
  const GenerateResult& result = generation.result();
  EXPECT_EQ(result.ids[3], tokenizer.token_to_id("</think>"));
  EXPECT_EQ(result.reasoning, " word word word");
  EXPECT_EQ(result.answer, " word word word word word");
  EXPECT_EQ(result.thinking_tokens, 4U);  // with the tag
}

}  // namespace
}  // namespace cellm

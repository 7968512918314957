// The sets of tokens against each token's bytes one by one.
#include "constrain/token_masks.h"

#include <chrono>
#include <random>
#include <thread>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "constrain/constraint_cache.h"
#include "constrain/test_constraints.h"
#include "tokenizer/test_tokenizers.h"

namespace cellm {
namespace {

constexpr const char* kTree = R"({
  "$defs": {"node": {"type": "object", "properties": {
      "name": {"type": "string", "maxLength": 40},
      "id": {"type": "string", "pattern": "^[a-z]{2,60}-[0-9]+$"},
      "size": {"type": "integer", "minimum": -20, "maximum": 1500},
      "tags": {"type": "array", "items": {"enum": ["red", "green", 1.5, null]}, "maxItems": 5},
      "left": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
      "other": {"type": "object", "additionalProperties": {"type": "number"}}},
    "required": ["name", "left"]}},
  "$ref": "#/$defs/node"})";

constexpr const char* kExpressions =
    "root ::= sum \"\\n\"\nsum ::= product ((\" + \" | \" - \") product)*\n"
    "product ::= atom (\" * \" atom)*\natom ::= name | number | \"(\" sum \")\"\n"
    "name ::= letter (letter | digit)*\nnumber ::= digit+ (\".\" digit+)?\n"
    "letter ::= [a-zA-Zäöü_]\ndigit ::= [0-9]";

std::vector<ConstraintPtr> constraints() {
  return {test::schema(kTree),
          constrain_to_json_object(),
          constrain_to_gbnf(kExpressions),
          constrain_to_regex("(?:[^\\d\\s]+ ){3,500}(?:\\p{L}|[0-9]{2,4})*"),
          text_until("</tool_call>"),
          test::schema(R"({"type": "string", "minLength": 3, "maxLength": 9})")};
}

// Walks along allowed tokens and compares all tokens at each step.
void compare(const Tokenizer& tokenizer, std::size_t steps, std::size_t stride) {
  std::mt19937 random(5);
  std::vector<std::string> bytes(tokenizer.vocab_size());
  for (std::uint32_t id = 0; id < bytes.size(); ++id) {
    if (tokenizer.contains(id) && !tokenizer.is_special(id)) bytes[id] = tokenizer.token_bytes(id);
  }
  for (const ConstraintPtr& constraint : constraints()) {
    ConstrainedText text(constraint, tokenizer.trie());
    std::string so_far;
    for (std::size_t step = 0; step < steps && text.may_go_on(); ++step) {
      const auto allowed = text.allowed();
      std::vector<std::uint32_t> ids;
      for (std::uint32_t id = 0; id < bytes.size(); ++id) {
        const bool is = (allowed[id / 64] >> id % 64 & 1) != 0;
        if (is) ids.push_back(id);
        if (id % stride != step % stride && !(is && ids.size() < 50)) continue;
        ASSERT_EQ(is, !bytes[id].empty() && text.allows(bytes[id]))
            << "token " << id << " \"" << bytes[id] << "\" after " << so_far;
      }
      ASSERT_FALSE(ids.empty()) << so_far;
      // Short tokens, so that texts get far.
      std::uint32_t id = ids[random() % ids.size()];
      for (int i = 0; i < 8; ++i) {
        const std::uint32_t other = ids[random() % ids.size()];
        if (bytes[other].size() < bytes[id].size()) id = other;
      }
      so_far += bytes[id];
      ASSERT_TRUE(text.push(bytes[id]));
    }
  }
}

TEST(TokenMasks, SmallVocabulary) {
  compare(test::make_tokenizer(test::small_json()), 400, 1);
}

TEST(TokenMasks, PublishedVocabularies) {
  compare(test::published_tokenizer("smollm2"), 60, 41);
  compare(test::published_tokenizer("qwen3_5"), 25, 211);
}

TEST(TokenMasks, SpecialTokensAreNeverAllowed) {
  const Tokenizer& tokenizer = test::published_tokenizer("qwen3_5");
  const auto all = constrain_to_regex("(?:.|\\n)*");
  ConstrainedText text(all, tokenizer.trie());
  const auto allowed = text.allowed();
  std::size_t special = 0;
  for (std::uint32_t id = 0; id < tokenizer.vocab_size(); ++id) {
    if (!tokenizer.is_special(id)) continue;
    ++special;
    EXPECT_EQ(allowed[id / 64] >> id % 64 & 1, 0U) << id;
  }
  EXPECT_GT(special, 5U);
}

// Each thread takes other tokens, and has the sets that it would have alone.
TEST(TokenMasks, ServesThreadsAtOnce) {
  const Tokenizer tokenizer = test::make_tokenizer(test::small_json());
  using Sets = std::vector<std::vector<std::uint64_t>>;
  const auto walk = [&](const ConstraintCache& cache, unsigned seed) {
    Sets sets;
    std::mt19937 random(seed);
    for (const ConstraintKind kind : {ConstraintKind::kJsonSchema, ConstraintKind::kGbnf}) {
      const std::string texts[] = {kind == ConstraintKind::kGbnf ? kExpressions : kTree};
      ConstrainedText text(cache.get(kind, texts), tokenizer.trie());
      for (int step = 0; step < 60 && text.may_go_on(); ++step) {
        const auto allowed = text.allowed();
        sets.emplace_back(allowed.begin(), allowed.end());
        std::size_t id = random() % tokenizer.vocab_size();
        while ((allowed[id / 64] >> id % 64 & 1) == 0) id = (id + 1) % tokenizer.vocab_size();
        text.push(tokenizer.token_bytes(static_cast<std::uint32_t>(id)));
      }
    }
    return sets;
  };
  const ConstraintCache shared;
  std::vector<Sets> together(4);
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < together.size(); ++i) {
    threads.emplace_back([&, i] { together[i] = walk(shared, i); });
  }
  for (std::thread& thread : threads) thread.join();
  for (unsigned i = 0; i < together.size(); ++i) {
    EXPECT_EQ(together[i], walk(ConstraintCache(), i)) << i;
    EXPECT_GT(together[i].size(), 20U);
  }
}

TEST(TokenMasks, AmbiguousGrammarsAreRefusedInTime) {
  // Places multiply: each a may end any of the repetitions.
  std::string grammar = "root ::= r0{1,99999}\n";
  for (int i = 0; i < 30; ++i) {
    grammar += "r" + std::to_string(i) + " ::= r" + std::to_string(i + 1) + "{1,99999}\n";
  }
  grammar += "r30 ::= \"a\"+\n";
  const auto constraint = constrain_to_gbnf(grammar);
  ConstrainedText text(constraint, test::published_tokenizer("smollm2").trie());
  const std::string error = test::error_of([&] {
    for (int i = 0; i < 100000; ++i) {
      text.allowed();
      text.push("a");
    }
  });
  EXPECT_EQ(error.substr(0, 35), "resources: the grammar is too ambig");
}

}  // namespace
}  // namespace cellm

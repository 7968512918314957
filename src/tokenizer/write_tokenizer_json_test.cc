#include "tokenizer/write_tokenizer_json.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tokenizer/test_tokenizers.h"
#include "tokenizer/tokenizer_json.h"

namespace cellm {
namespace {

void expect_again(TokenizerSpec spec) {
  spec.has_repeats = false;
  const TokenizerSpec again = read_tokenizer_json(write_tokenizer_json(spec), "tokenizer.json");
  EXPECT_TRUE(again == spec);
}

TEST(WriteTokenizerJson, IsReadBack) {
  for (const char* name : {"qwen3", "qwen3_5", "smollm2"}) {
    SCOPED_TRACE(name);
    expect_again(test::published_tokenizer(name).spec());
  }
}

TEST(WriteTokenizerJson, KeepsEveryField) {
  TokenizerSpec spec = test::make_tokenizer(test::small_json()).spec();
  AddedToken token;
  token.content = "<begin>";
  token.id = 300;
  for (bool AddedToken::*flag :
       {&AddedToken::special, &AddedToken::single_word, &AddedToken::lstrip, &AddedToken::rstrip,
        &AddedToken::normalized}) {
    spec.added = {token};
    spec.added.front().*flag = true;
    expect_again(spec);
  }
  spec.bos_from_template = {300};
  spec.ignore_merges = true;
  spec.nfc = true;
  for (const SplitBehavior behavior :
       {SplitBehavior::kRemoved, SplitBehavior::kIsolated, SplitBehavior::kMergedWithPrevious,
        SplitBehavior::kMergedWithNext, SplitBehavior::kContiguous}) {
    spec.steps = {SplitStep{"a+", behavior != SplitBehavior::kRemoved, behavior, true},
                  DigitsStep{true}, ByteLevelStep{true, false}};
    expect_again(spec);
  }
}

}  // namespace
}  // namespace cellm

#include "tokenizer/compact.h"

#include <cstring>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tokenizer/test_tokenizers.h"

namespace cellm {
namespace {

using test::thrown_by;

TokenizerSpec small_spec() {
  auto document = test::small_json();
  auto odd = test::added_token(310, " odd ", true);
  odd["lstrip"] = odd["normalized"] = odd["single_word"] = true;
  document["added_tokens"].push_back(odd);
  document["normalizer"] = {{"type", "NFC"}};
  document["model"]["ignore_merges"] = true;
  document["pre_tokenizer"] = {
      {"type", "Sequence"},
      {"pretokenizers",
       {{{"type", "Split"},
         {"pattern", {{"Regex", "\\p{N}{1,3}"}}},
         {"behavior", "MergedWithNext"},
         {"invert", true}},
        {{"type", "Split"}, {"pattern", {{"String", "+"}}}, {"behavior", "Removed"}},
        {{"type", "Digits"}, {"individual_digits", true}},
        {{"type", "ByteLevel"}, {"add_prefix_space", true}, {"use_regex", false}}}}};
  TokenizerSpec spec = test::make_tokenizer(document).spec();
  spec.bos_from_template = {300};
  return spec;
}

TEST(CompactTokenizer, KeepsEverything) {
  const TokenizerSpec spec = small_spec();
  const auto bytes = serialize_tokenizer(spec);
  EXPECT_EQ(parse_compact_tokenizer(bytes, "compact"), spec);
  EXPECT_EQ(serialize_tokenizer(parse_compact_tokenizer(bytes, "compact")), bytes);
}

TEST(CompactTokenizer, KeepsHoles) {
  auto document = test::small_json();
  document["model"]["vocab"]["hello"] = 280;
  const TokenizerSpec spec = test::make_tokenizer(document).spec();
  EXPECT_EQ(parse_compact_tokenizer(serialize_tokenizer(spec), "compact"), spec);
}

TEST(CompactTokenizer, RefusesTruncation) {
  const auto bytes = serialize_tokenizer(small_spec());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto error =
        thrown_by([&] { parse_compact_tokenizer(std::span(bytes).first(size), "compact"); });
    EXPECT_EQ(error.kind, ErrorKind::kData) << size;
  }
}

// Every byte changed in several ways: an Error, or another tokenizer that works.
TEST(CompactTokenizer, SurvivesDamage) {
  auto bytes = serialize_tokenizer(small_spec());
  std::size_t valid = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const unsigned change : {0x01u, 0x80u, 0xFFu}) {
      const std::byte saved = bytes[at];
      bytes[at] ^= static_cast<std::byte>(change);
      try {
        const Tokenizer tokenizer(parse_compact_tokenizer(bytes, "compact"), "compact");
        const auto ids = tokenizer.encode("hello <end> 12+3 \u00E9 odd ", true);
        tokenizer.decode(ids, false);
        ++valid;
      } catch (const Error&) {
      }
      bytes[at] = saved;
    }
  }
  EXPECT_GT(valid, 0u);
}

TEST(CompactTokenizer, RefusesHugeCounts) {
  for (const std::size_t field : {12u}) {  // ids in the vocabulary
    auto bytes = serialize_tokenizer(small_spec());
    const std::uint32_t huge = 0xFFFFFFFF;
    std::memcpy(bytes.data() + field, &huge, sizeof(huge));
    EXPECT_EQ(thrown_by([&] { parse_compact_tokenizer(bytes, "compact"); }).kind, ErrorKind::kData);
  }
}

TEST(CompactTokenizer, RefusesOtherVersions) {
  auto bytes = serialize_tokenizer(small_spec());
  bytes[4] = std::byte{2};
  const auto error = thrown_by([&] { parse_compact_tokenizer(bytes, "compact"); });
  EXPECT_EQ(error.kind, ErrorKind::kUnsupported);
  EXPECT_EQ(error.message, "compact: the tokenizer has version 2, this cellm reads 1");
}

TEST(CompactTokenizer, RefusesWhatFollows) {
  auto bytes = serialize_tokenizer(small_spec());
  bytes.push_back(std::byte{0});
  EXPECT_EQ(thrown_by([&] { parse_compact_tokenizer(bytes, "compact"); }).kind, ErrorKind::kData);
}

}  // namespace
}  // namespace cellm

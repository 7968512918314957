#include "tokenizer/tokenizer.h"

#include <chrono>
#include <deque>
#include <thread>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tokenizer/compact.h"
#include "tokenizer/gguf_tokenizer.h"
#include "tokenizer/stream_decoder.h"
#include "tokenizer/test_tokenizers.h"

namespace cellm {
namespace {

using test::make_tokenizer;
using test::published_tokenizer;
using test::published_vectors;
using test::small_json;
using test::thrown_by;
using Ids = std::vector<std::uint32_t>;

void expect_vectors(const Tokenizer& tokenizer, const std::string& name) {
  for (const test::Vector& vector : published_vectors(name)) {
    EXPECT_EQ(tokenizer.encode(vector.text, true), vector.ids) << vector.text;
    EXPECT_EQ(tokenizer.encode(vector.text, false), vector.ids_as_plain_text) << vector.text;
    EXPECT_EQ(tokenizer.decode(vector.ids, false), vector.decoded) << vector.text;
  }
}

// The GGUF form of a published tokenizer, padded as converters pad it.
GgufTokenizer to_gguf(const TokenizerSpec& spec, const std::string& pre) {
  GgufTokenizer gguf;
  gguf.model = "gpt2";
  gguf.pre = pre;
  const auto texts = std::make_shared<std::deque<std::string>>();
  gguf.owner = texts;
  std::size_t size = spec.vocab.size();
  for (const AddedToken& token : spec.added) size = std::max(size, std::size_t{token.id} + 1);
  size += 7;
  for (std::size_t id = 0; id < size; ++id) {
    const std::string_view piece = spec.vocab[id];
    gguf.tokens.push_back(
        texts->emplace_back(piece.empty() ? fmt::format("[PAD{}]", id) : std::string(piece)));
    gguf.token_types.push_back(piece.empty() ? 5 : 1);
  }
  for (const AddedToken& token : spec.added) {
    gguf.tokens[token.id] = texts->emplace_back(token.content);
    gguf.token_types[token.id] = token.special ? 3 : 4;
  }
  for (const MergePair& pair : spec.merges) {
    gguf.merges.push_back(
        texts->emplace_back(fmt::format("{} {}", spec.vocab[pair.left], spec.vocab[pair.right])));
  }
  return gguf;
}

struct Published {
  const char* name;
  const char* pre;  // its name in GGUF files
};

class PublishedTokenizer : public testing::TestWithParam<Published> {};

TEST_P(PublishedTokenizer, JsonGivesTheVectors) {
  ASSERT_EQ(published_vectors(GetParam().name).size(), 298u);
  expect_vectors(published_tokenizer(GetParam().name), GetParam().name);
}

TEST_P(PublishedTokenizer, CompactFormGivesTheVectors) {
  const TokenizerSpec& spec = published_tokenizer(GetParam().name).spec();
  const auto bytes = serialize_tokenizer(spec);
  const Tokenizer tokenizer(parse_compact_tokenizer(bytes, "compact"), "compact");
  EXPECT_EQ(tokenizer.spec(), spec);
  expect_vectors(tokenizer, GetParam().name);
}

TEST_P(PublishedTokenizer, GgufFormGivesTheVectors) {
  const GgufTokenizer gguf = to_gguf(published_tokenizer(GetParam().name).spec(), GetParam().pre);
  const Tokenizer tokenizer = load_tokenizer(gguf, "a.gguf");
  expect_vectors(tokenizer, GetParam().name);
  const auto padding = static_cast<std::uint32_t>(gguf.tokens.size() - 1);
  EXPECT_FALSE(tokenizer.contains(padding));
  EXPECT_EQ(tokenizer.token_to_id(gguf.tokens.back()), std::nullopt);
}

TEST_P(PublishedTokenizer, StreamGivesTheSameText) {
  const Tokenizer& tokenizer = published_tokenizer(GetParam().name);
  for (const bool skip_special : {false, true}) {
    StreamDecoder stream(tokenizer, skip_special);
    for (const test::Vector& vector : published_vectors(GetParam().name)) {
      std::string text;
      for (const std::uint32_t id : vector.ids) {
        const std::string piece = stream.push(id);
        // Only a token's own broken bytes may turn into U+FFFD, never a character cut in two.
        if (vector.decoded.find("\uFFFD") == std::string::npos) {
          EXPECT_EQ(piece.find("\uFFFD"), std::string::npos);
        }
        text += piece;
      }
      text += stream.finish();
      EXPECT_EQ(text, tokenizer.decode(vector.ids, skip_special));
    }
  }
}

// Every text here takes well under a second; quadratic work would take minutes.
TEST_P(PublishedTokenizer, LongRunsTakeLinearTime) {
  const Tokenizer& tokenizer = published_tokenizer(GetParam().name);
  constexpr std::size_t kSize = 1'000'000;
  const auto repeated = [](std::string_view part) {
    std::string text;
    while (text.size() < kSize) text += part;
    return text;
  };
  const std::string texts[] = {
      repeated("a"),
      repeated(" "),
      repeated("\n"),
      repeated("<"),
      repeated("!"),
      repeated("\r\n \t"),
      repeated(" ") + "x",
      repeated("0"),
      repeated("\u0301\u0323"),
      repeated("\U0001F600"),
      repeated("\u4F60\u597D"),
      repeated("<|im_"),
      repeated("It was the best of times, it was the worst of times, 1859.\n")};
  for (const std::string& text : texts) {
    const auto start = std::chrono::steady_clock::now();
    const Ids ids = tokenizer.encode(text, true);
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    EXPECT_LT(time.count(), 20.0) << text.substr(0, 20);  // room for sanitizers on a busy machine
    if (text.find("\u0301") == std::string::npos) {
      EXPECT_EQ(tokenizer.decode(ids, false), text);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, PublishedTokenizer,
                         testing::Values(Published{"qwen3_5", "qwen35"},
                                         Published{"qwen3", "qwen2"},
                                         Published{"smollm2", "smollm"}),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Tokenizer, MergesByRank) {
  const Tokenizer tokenizer = make_tokenizer(small_json());
  EXPECT_EQ(tokenizer.encode("hello hello", true), (Ids{259, 260}));
  EXPECT_EQ(tokenizer.encode("hellllo", true), (Ids{256, 257, 258}));
  EXPECT_EQ(tokenizer.encode("", true), Ids{});
  std::string word;
  Ids expected;
  for (int i = 0; i < 100; ++i) {  // long enough for the heap
    word += "hello";
    expected.push_back(259);
  }
  EXPECT_EQ(tokenizer.encode(word, true), expected);
}

TEST(Tokenizer, AddedTokensAreTextUnlessParsed) {
  const Tokenizer tokenizer = make_tokenizer(small_json());
  EXPECT_EQ(tokenizer.encode("hello<end><tool>", true), (Ids{259, 300, 301}));
  EXPECT_EQ(tokenizer.encode("<end>", false), (Ids{'<', 'e', 'n', 'd', '>'}));
  EXPECT_EQ(tokenizer.encode("<tool>", false), (Ids{'<', 't', 'o', 'o', 'l', '>'}));
}

TEST(Tokenizer, Lookups) {
  const Tokenizer tokenizer = make_tokenizer(small_json());
  EXPECT_EQ(tokenizer.vocab_size(), 302u);
  EXPECT_TRUE(tokenizer.contains(260));
  EXPECT_FALSE(tokenizer.contains(261));
  EXPECT_FALSE(tokenizer.contains(1'000'000));
  EXPECT_EQ(tokenizer.token_to_id("\u0120hello"), 260u);
  EXPECT_EQ(tokenizer.token_to_id("<end>"), 300u);
  EXPECT_EQ(tokenizer.token_to_id("nothing"), std::nullopt);
  EXPECT_TRUE(tokenizer.is_special(300));
  EXPECT_FALSE(tokenizer.is_special(301));
  EXPECT_FALSE(tokenizer.is_special(1'000'000));
  EXPECT_EQ(tokenizer.token_bytes(260), " hello");
  EXPECT_EQ(tokenizer.token_bytes(0xE2), "\xE2");
}

TEST(Tokenizer, DecodesLossily) {
  const Tokenizer tokenizer = make_tokenizer(small_json());
  EXPECT_EQ(tokenizer.decode(Ids{0xE2, 0x82, 0xAC}, false), "\u20AC");
  EXPECT_EQ(tokenizer.decode(Ids{0xE2, 0x82, 'a'}, false), "\uFFFDa");
  EXPECT_EQ(tokenizer.decode(Ids{0xE2, 0x28, 0xFF, 0xFF}, false), "\uFFFD(\uFFFD\uFFFD");
  EXPECT_EQ(tokenizer.decode(Ids{0xF0, 0x9F, 0x98}, false), "\uFFFD");
  EXPECT_EQ(tokenizer.decode(Ids{259, 300, 301}, true), "hello<tool>");
}

TEST(Tokenizer, StreamHoldsBackHalfCharacters) {
  const Tokenizer tokenizer = make_tokenizer(small_json());
  StreamDecoder stream(tokenizer, true);
  EXPECT_EQ(stream.push(0xF0), "");
  EXPECT_EQ(stream.push(0x9F), "");
  EXPECT_EQ(stream.push(300), "");  // a special token has no text
  EXPECT_EQ(stream.push(0x98), "");
  EXPECT_EQ(stream.push(0x80), "\U0001F600");
  EXPECT_EQ(stream.push(0xE2), "");
  EXPECT_EQ(stream.push('a'), "\uFFFDa");
  EXPECT_EQ(stream.push(0xE2), "");
  EXPECT_EQ(stream.finish(), "\uFFFD");
  EXPECT_EQ(stream.finish(), "");
}

TEST(Tokenizer, RefusesWhatIsNoText) {
  const Tokenizer tokenizer = make_tokenizer(small_json());
  const auto error = thrown_by([&] { tokenizer.encode("abc\xC0", true); });
  EXPECT_EQ(error.kind, ErrorKind::kUsage);
  EXPECT_EQ(error.message, "the text is not valid UTF-8 at byte 3 (0xc0)");
  EXPECT_EQ(thrown_by([&] { tokenizer.encode("\xED\xA0\x80", false); }).kind, ErrorKind::kUsage);
  EXPECT_EQ(thrown_by([&] { tokenizer.decode(Ids{261}, false); }).kind, ErrorKind::kUsage);
  EXPECT_EQ(thrown_by([&] { StreamDecoder(tokenizer, false).push(999); }).kind, ErrorKind::kUsage);
}

TEST(Tokenizer, RefusesAModelWithoutOne) {
  EXPECT_EQ(thrown_by([] { load_tokenizer(std::monostate(), "a"); }).kind, ErrorKind::kUnsupported);
}

TEST(Tokenizer, ServesThreadsAtOnce) {
  const Tokenizer& tokenizer = published_tokenizer("smollm2");
  ASSERT_FALSE(published_vectors("smollm2").empty());  // read before the threads share them
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { expect_vectors(tokenizer, "smollm2"); });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace cellm

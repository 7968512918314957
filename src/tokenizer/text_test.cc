// UTF-8, normalization, character properties, regular expressions and added tokens, each tested
// separately.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/utf8.h"
#include "tokenizer/added_tokens.h"
#include "tokenizer/byte_level.h"
#include "tokenizer/nfc.h"
#include "tokenizer/regex.h"
#include "tokenizer/test_tokenizers.h"
#include "tokenizer/unicode.h"

namespace cellm {
namespace {

using test::thrown_by;

TEST(Utf8, FindsInvalidBytes) {
  EXPECT_EQ(find_invalid_utf8("plain text, long enough"), std::string_view::npos);
  EXPECT_EQ(find_invalid_utf8("\u00E9\u20AC\U0001F600"), std::string_view::npos);
  EXPECT_EQ(find_invalid_utf8("a\x80"), 1u);
  EXPECT_EQ(find_invalid_utf8("\xC0\xAF"), 0u);          // overlong
  EXPECT_EQ(find_invalid_utf8("ab\xED\xA0\x80"), 2u);    // a surrogate
  EXPECT_EQ(find_invalid_utf8("\xF4\x90\x80\x80"), 0u);  // beyond U+10FFFF
  EXPECT_EQ(find_invalid_utf8("12345678\xE2\x82"), 8u);  // cut
}

TEST(Utf8, ReplacesTheLongestParts) {
  const auto lossy = [](std::string_view bytes) {
    std::string out;
    append_lossy_utf8(out, bytes, true);
    return out;
  };
  EXPECT_EQ(lossy("a\xF0\x9F\x98z"), "a\uFFFDz");
  EXPECT_EQ(lossy("\xE0\x80\x80"), "\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(lossy("\xF1\x80\xC3\xA9"), "\uFFFD\u00E9");
  std::string out;
  EXPECT_EQ(append_lossy_utf8(out, "a\xF0\x9F\x98", false), 1u);
  EXPECT_EQ(out, "a");
}

TEST(Utf8, DecodesAndAppends) {
  for (const char32_t code : {U'a', U'\u00E9', U'\u20AC', U'\U0001F600', U'\U0010FFFF'}) {
    std::string text = "x";
    append_utf8(text, code);
    std::size_t length = 0;
    EXPECT_EQ(decode_utf8(text.substr(1), length), code);
    EXPECT_EQ(decode_last_utf8(text, length), code);
    EXPECT_EQ(length + 1, text.size());
  }
}

TEST(ByteLevel, MapsEveryByteBack) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  std::string back;
  append_piece_bytes(back, to_byte_level(bytes));
  EXPECT_EQ(back, bytes);
  EXPECT_EQ(to_byte_level(" \n"), "\u0120\u010A");
  back.clear();
  append_piece_bytes(back, "<a b>");  // the space is outside of the alphabet
  EXPECT_EQ(back, "<a b>");
}

TEST(Nfc, Normalizes) {
  EXPECT_TRUE(is_trivially_nfc("\u00E9 abc"));
  EXPECT_FALSE(is_trivially_nfc("e\u0301"));
  EXPECT_EQ(normalize_nfc("e\u0301"), "\u00E9");
  EXPECT_EQ(normalize_nfc("q\u0307\u0323"), "q\u0323\u0307");
  EXPECT_EQ(normalize_nfc("\u1112\u1161\u11AB"), "\uD55C");
  EXPECT_EQ(normalize_nfc("\u212B\u0344"), "\u00C5\u0308\u0301");
  EXPECT_EQ(normalize_nfc("\u0958"), "\u0915\u093C");  // excluded from composition
}

// Marks and compositions in later versions of Unicode, unassigned in that of the reference.
TEST(Nfc, IsThatOfTheReference) {
  EXPECT_EQ(normalize_nfc("a\u07FD\u0301"), "a\u07FD\u0301");
  EXPECT_EQ(normalize_nfc("\U00011935\U00011930"), "\U00011935\U00011930");
  EXPECT_EQ(normalize_nfc("\U00011938"), "\U00011938");
}

TEST(Unicode, Properties) {
  EXPECT_TRUE(is_white_space(0x3000));
  EXPECT_FALSE(is_white_space(0x180E));
  EXPECT_TRUE(is_numeric(0xBD));
  EXPECT_TRUE(is_numeric(0x11DE0));
  EXPECT_FALSE(is_numeric('a'));
  EXPECT_TRUE(is_word('_'));
  EXPECT_TRUE(is_word(0x24D0));
  EXPECT_FALSE(is_word(0x2460));
  EXPECT_TRUE(is_word(0x1C89));  // new in Unicode 16
  EXPECT_EQ(stand_in(0x1C89), char32_t{0x2C00});
  EXPECT_EQ(stand_in('a'), U'a');
  EXPECT_EQ(with_stand_ins("abc\u4F60"), std::nullopt);
  EXPECT_EQ(with_stand_ins("a\u1C89b"), "a\u2C00b");
}

TEST(Regex, TranslatesWhatDiffers) {
  EXPECT_EQ(translate_pattern(R"(\s\S[\s]\d\v\u00e9)", "f"),
            R"(\p{wspace}\P{wspace}[\p{wspace}]\p{Nd}\x{0b}\x{00e9})");
  EXPECT_EQ(translate_pattern(R"(\p{Han}\p{^L}\P{^Lu})", "f"), R"(\p{sc:Han}\P{L}\p{Lu})");
  const std::string same = R"((?i:'s|'t)|[^\r\n\p{L}]?\p{L}+|a{1,3}|(?<!b)c*?|d++(?=e)(?>f)\.\/)";
  EXPECT_EQ(translate_pattern(same, "f"), same);
}

TEST(Regex, RefusesWhatItCannotTranslate) {
  for (const char* pattern : {"^a",      "a$",     "\\w",   "\\b",     "\\A",         "\\z",
                              "\\h",     "\\1",    "\\K",   "\\R",     "\\X",         "[[:alpha:]]",
                              "[a[b]]",  "[a&&b]", "[]a]",  "(?m:a)",  "(?<n>a)",     "(?i)a",
                              "(*UTF)a", "a{,3}",  "a{2}?", "a{1,2}+", "a{x}",        "\\p{Letter}",
                              "\\pL",    "\\x{}",  "\\xff", "(?i:ss)", "(?i:\u00E9)", "\\"}) {
    const auto error = thrown_by([&] { Regex(pattern, "f"); });
    EXPECT_EQ(error.kind, ErrorKind::kUnsupported) << pattern;
  }
  for (const char* pattern : {"(a", "a)", "*a", "[b-a]", "[a", "(?<=a+)b"}) {
    EXPECT_EQ(thrown_by([&] { Regex(pattern, "f"); }).kind, ErrorKind::kData) << pattern;
  }
}

std::string matches(const std::string& pattern, const std::string& text) {
  std::vector<TextRange> found;
  Regex(pattern, "f").find_all(text, *make_regex_scratch(), found);
  std::string list;
  for (const TextRange& range : found) {
    list += text.substr(range.begin, range.end - range.begin) + "|";
  }
  return list;
}

TEST(Regex, FindsAll) {
  EXPECT_EQ(matches("\\p{L}+|\\s+(?!\\S)|\\s+", "ab   cd \u00E9"), "ab|  | |cd| |\u00E9|");
  EXPECT_EQ(matches("x*", "axxb"), "|xx||");
  EXPECT_EQ(matches("(?i:s)", "sS\u017F"), "s|S|\u017F|");
  EXPECT_EQ(matches("\\s", "\u180E\u0085"), "\u0085|");
  EXPECT_EQ(matches("a", ""), "");
}

TEST(Regex, StopsRunawayMatches) {
  std::vector<TextRange> found;
  const auto error = thrown_by([&] {
    Regex("(a|aa)+[bc]", "f").find_all(std::string(5000, 'a'), *make_regex_scratch(), found);
  });
  EXPECT_EQ(error.kind, ErrorKind::kData);
  EXPECT_NE(error.message.find("limit"), std::string::npos) << error.message;
}

TEST(Regex, FindsRareMatchesInLongTexts) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += i % 333 == 0 ? "x\u4F60" : "\u4F60\u4F60\u4F60";
  EXPECT_EQ(matches("x", text), "x|x|x|x|");
  EXPECT_EQ(matches("(?<=x)\u4F60", text), "\u4F60|\u4F60|\u4F60|\u4F60|");
}

// Each start position scans the whole rest: quadratic time, with and without matches.
TEST(Regex, StopsQuadraticSearches) {
  for (const char* pattern : {"\\s*[xy]", "\\s(?=\\s*x)|\\s"}) {
    std::vector<TextRange> found;
    const auto error = thrown_by([&] {
      Regex(pattern, "f").find_all(std::string(1'000'000, ' '), *make_regex_scratch(), found);
    });
    EXPECT_EQ(error.kind, ErrorKind::kData);
    EXPECT_NE(error.message.find("takes too long"), std::string::npos) << error.message;
  }
}

TEST(Regex, LongMatchesHaveRoom) {
  const std::string text(1'000'000, 'a');
  std::vector<TextRange> found;
  Regex("(?:a|b)*c|(?:a|b)+", "f").find_all(text.substr(0, 100'000), *make_regex_scratch(), found);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].end, 100'000u);
}

AddedToken token(std::uint32_t id, const std::string& content) {
  AddedToken added;
  added.id = id;
  added.content = content;
  return added;
}

std::string parts(const std::vector<AddedToken>& tokens, const std::string& text) {
  std::string list;
  for (const TextPart& part : AddedTokenMatcher(tokens).split(text)) {
    if (part.token) list += std::to_string(*part.token) + ":";
    list += text.substr(part.begin, part.end - part.begin) + "|";
  }
  return list;
}

TEST(AddedTokens, LeftmostLongest) {
  const std::vector<AddedToken> tokens = {token(1, "<a>"), token(2, "<a><b>"), token(3, "<a><c"),
                                          token(4, "\u00E9")};
  EXPECT_EQ(parts(tokens, "x<a><a><b><a><cy"), "x|1:<a>|2:<a><b>|3:<a><c|y|");
  EXPECT_EQ(parts(tokens, "<a\u00E9"), "<a|4:\u00E9|");
  EXPECT_EQ(parts(tokens, ""), "");
  EXPECT_EQ(parts({}, "abc"), "abc|");
}

TEST(AddedTokens, TakeWhiteSpace) {
  AddedToken left = token(1, "<l>");
  left.lstrip = true;
  AddedToken right = token(2, "<r>");
  right.rstrip = true;
  EXPECT_EQ(parts({left, right}, "a \u3000<l> b <r> \n<l>  c"),
            "a|1: \u3000<l>| b |2:<r> \n|1:<l>|  c|");
  EXPECT_EQ(parts({left}, "  <l>"), "1:  <l>|");
  const std::string many(200'000, ' ');
  AddedToken space = token(3, " ");
  space.rstrip = true;
  EXPECT_EQ(AddedTokenMatcher({space}).split(many).size(), many.size());
}

TEST(AddedTokens, SingleWords) {
  AddedToken word = token(1, "cat");
  word.single_word = true;
  EXPECT_EQ(parts({word}, "cat cats acat _cat \u00E9cat cat."),
            "1:cat| cats acat _cat \u00E9cat |1:cat|.|");
}

}  // namespace
}  // namespace cellm

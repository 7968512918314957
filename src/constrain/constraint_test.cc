// Languages that are known by other means: all short texts are compared.
#include "constrain/constraint.h"

#include <functional>
#include <random>
#include <regex>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/utf8.h"
#include "constrain/char_set.h"
#include "constrain/decimal.h"
#include "constrain/test_constraints.h"

namespace cellm {
namespace {

using test::all_texts;
using test::error_of;

// A random pattern of letters of {a, b}, classes, groups and counts, and what it matches.
class RandomPattern {
 public:
  RandomPattern(std::mt19937& random, int depth) {
    const auto pick = [&](unsigned n) { return static_cast<unsigned>(random()) % n; };
    kind_ = depth == 0 ? 0 : pick(4);
    if (kind_ == 0) {
      static const std::pair<const char*, const char*> leaves[] = {
          {"a", "a"}, {"b", "b"}, {"[ab]", "ab"}, {"[^a]", "b"}, {"[^b]", "a"}};
      std::tie(text, letters_) = leaves[pick(5)];
      return;
    }
    for (unsigned i = 0; i < (kind_ == 3 ? 1U : 2U); ++i) parts_.emplace_back(random, depth - 1);
    if (kind_ == 1) text = parts_[0].text + parts_[1].text;
    if (kind_ == 2) {
      text = "(" + parts_[0].text + "|" + parts_[1].text + (pick(4) == 0 ? "|)" : ")");
      may_be_empty_ = text.ends_with("|)");
    }
    if (kind_ != 3) return;
    struct Count {
      const char* text;
      std::size_t min;
      std::size_t max;
    };
    static const Count counts[] = {{"*", 0, 99},     {"+", 1, 99},    {"?", 0, 1},
                                   {"{2}", 2, 2},    {"{1,2}", 1, 2}, {"{2,}", 2, 99},
                                   {"{0,3}?", 0, 3}, {"{0}", 0, 0},   {"{1,40}", 1, 40}};
    const Count& count = counts[pick(9)];
    text = "(?:" + parts_[0].text + ")" + count.text;
    min_ = count.min;
    max_ = count.max;
  }

  // The ends of matches that begin at one of `begins`.
  std::set<std::size_t> ends(std::string_view in, const std::set<std::size_t>& begins) const {
    std::set<std::size_t> result;
    if (kind_ == 0) {
      for (const std::size_t i : begins) {
        if (i < in.size() && letters_.find(in[i]) != std::string::npos) result.insert(i + 1);
      }
    } else if (kind_ == 1) {
      result = parts_[1].ends(in, parts_[0].ends(in, begins));
    } else if (kind_ == 2) {
      result = parts_[0].ends(in, begins);
      result.merge(parts_[1].ends(in, begins));
      if (may_be_empty_) result.insert(begins.begin(), begins.end());
    } else {
      std::set<std::size_t> now = begins;
      for (std::size_t i = 0; i <= max_ && i < 50 && !now.empty(); ++i) {
        if (i >= min_) result.insert(now.begin(), now.end());
        now = parts_[0].ends(in, now);
      }
    }
    return result;
  }

  std::string text;

 private:
  unsigned kind_;
  std::string letters_;
  std::vector<RandomPattern> parts_;
  bool may_be_empty_ = false;
  std::size_t min_ = 0;
  std::size_t max_ = 0;
};

TEST(Regex, MatchesAsAWhole) {
  std::mt19937 random(1);
  const auto texts = all_texts("ab", 7);
  std::size_t matches = 0;
  for (int i = 0; i < 300; ++i) {
    const RandomPattern pattern(random, 4);
    ConstraintPtr constraint;
    const std::string error = error_of([&] { constraint = constrain_to_regex(pattern.text); });
    ASSERT_TRUE(constraint) << pattern.text << " " << error;
    for (const std::string& text : texts) {
      const bool is = pattern.ends(text, {0}).count(text.size()) != 0;
      matches += is ? 1 : 0;
      ASSERT_EQ(satisfies(constraint, text), is) << pattern.text << " on " << text;
    }
  }
  EXPECT_GT(matches, 5000U);
}

// As a schema's pattern: a search, in a string of limited length.
TEST(Schema, PatternsWithLengths) {
  std::mt19937 random(2);
  const auto texts = all_texts("ab", 6);
  for (int i = 0; i < 200; ++i) {
    const RandomPattern pattern(random, 3);
    const bool from_begin = random() % 3 == 0;
    const bool to_end = random() % 3 == 0;
    const auto min = static_cast<std::size_t>(random() % 4);
    const std::size_t max = min + random() % 4;
    const bool limited = random() % 2 == 0;
    // The parentheses keep alternatives together.
    nlohmann::ordered_json schema{
        {"type", "string"},
        {"pattern", (from_begin ? "^(" : "(") + pattern.text + (to_end ? ")$" : ")")}};
    if (limited) schema.update({{"minLength", min}, {"maxLength", max}});
    ConstraintPtr constraint;
    const std::string error = error_of([&] { constraint = constrain_to_json_schema(schema); });
    for (const std::string& text : texts) {
      std::set<std::size_t> begins{0};
      for (std::size_t at = 1; at <= text.size() && !from_begin; ++at) begins.insert(at);
      const auto ends = pattern.ends(text, begins);
      const bool fits = !limited || (min <= text.size() && text.size() <= max);
      const bool is = fits && (to_end ? ends.count(text.size()) != 0 : !ends.empty());
      ASSERT_FALSE(is && !constraint) << schema << " " << error;
      if (constraint) {
        ASSERT_EQ(satisfies(constraint, "\"" + text + "\""), is) << schema << " on " << text;
      }
    }
  }
}

struct Language {
  const char* grammar;
  const char* alphabet;
  std::size_t longest;
  std::function<bool(std::string_view)> has;
};

bool is_balanced(std::string_view text) {
  int open = 0;
  for (const char c : text) {
    open += c == '(' ? 1 : -1;
    if (open < 0) return false;
  }
  return open == 0;
}

TEST(Gbnf, Languages) {
  const Language languages[] = {
      {"root ::= (\"(\" root \")\")*", "()", 10, is_balanced},
      {"root ::= \"(\" root \")\" root |", "()", 10, is_balanced},
      {"root ::= \"a\" root \"b\" | # nothing\n", "ab", 10,
       [](std::string_view t) {
         const std::size_t n = t.size() / 2;
         return t == std::string(n, 'a') + std::string(n, 'b');
       }},
      // Palindromes: ambiguous until the end.
      {"root ::= \"a\" root \"a\" | \"b\" root \"b\" | [ab]?", "ab", 9,
       [](std::string_view t) { return std::equal(t.begin(), t.end(), t.rbegin()); }},
      // Ways to read it grow exponentially.
      {"root ::= \"a\" root \"b\" | \"a\" root \"c\" | \"a\"", "abc", 8,
       [](std::string_view t) {
         const std::size_t n = (t.size() + 1) / 2;
         return t.size() % 2 == 1 && t.substr(0, n) == std::string(n, 'a') &&
                t.find('a', n) == std::string_view::npos;
       }},
      {"root ::= item (\",\" item){1,2}\nitem ::= \"a\" item?", "a,", 8,
       [](std::string_view t) {
         return std::regex_match(std::string(t), std::regex("a+(,a+){1,2}"));
       }},
      // Nullable rules in front of others, and repeated ones.
      {"root ::= x y x\nx ::= \"a\"{0,2}\ny ::= (x \"b\"?){3}", "ab", 9,
       [](std::string_view t) {
         return std::regex_match(std::string(t), std::regex("a{0,2}(a{0,2}b?){3}a{0,2}"));
       }},
      {"root ::= [^a-c\\x22] .", "abd", 3,
       [](std::string_view t) { return t.size() == 2 && t[0] == 'd'; }},
  };
  for (const Language& language : languages) {
    const auto constraint = constrain_to_gbnf(language.grammar);
    for (const std::string& text : all_texts(language.alphabet, language.longest)) {
      ASSERT_EQ(satisfies(constraint, text), language.has(text)) << language.grammar << "\n"
                                                                 << text;
    }
  }
}

TEST(Gbnf, LongAmbiguousTextsTakeLittle) {
  const auto constraint = constrain_to_gbnf("root ::= \"a\" root \"b\" | \"a\" root \"c\" | \"a\"");
  std::string text(2000, 'a');
  for (int i = 0; i < 1999; ++i) text += i % 3 == 0 ? 'b' : 'c';
  EXPECT_TRUE(satisfies(constraint, text));
}

TEST(Gbnf, Errors) {
  const auto gbnf = [](const char* text) { return error_of([&] { constrain_to_gbnf(text); }); };
  EXPECT_EQ(gbnf("root ::= root \"a\" | \"a\""),
            "unsupported: the rule \"root\" can begin with itself (left recursion); write it so "
            "that something stands before");
  EXPECT_NE(gbnf("root ::= x \"a\"\nx ::= y?\ny ::= \"b\"? root").find("left recursion"),
            std::string::npos);
  EXPECT_EQ(gbnf("root ::= \"a\" root"), "usage: no text of finite length satisfies the grammar");
  EXPECT_EQ(gbnf("root ::= x"), "usage: the grammar has no rule \"x\"");
  EXPECT_EQ(gbnf("a ::= \"b\""), "usage: the grammar has no rule \"root\"");
  EXPECT_EQ(gbnf("root ::= \"a"), "usage: the grammar, line 1: a literal without its end");
  EXPECT_EQ(gbnf("root ::= [a"), "usage: the grammar, line 1: [ without ]");
  EXPECT_EQ(gbnf("root ::= (\"a\"\n"), "usage: the grammar, line 2: ( without )");
  EXPECT_EQ(gbnf("root ::= *"), "usage: the grammar, line 1: nothing to repeat");
  EXPECT_EQ(gbnf("\nroot = \"a\""), "usage: the grammar, line 2: ::= is missing");
  EXPECT_EQ(gbnf("root ::= <think>"),
            "unsupported: the grammar, line 1: tokens (<...>) are not supported");
  EXPECT_EQ(gbnf("root ::= \"\\q\""), "usage: the grammar, line 1: an unknown escape");
  EXPECT_NE(gbnf("root ::= \"a\"{3,2}").find("out of order"), std::string::npos);
  EXPECT_NE(gbnf((std::string(200, '(') + "a").insert(0, "root ::= ").c_str()).find("too deeply"),
            std::string::npos);
}

TEST(Decimal, Ranges) {
  std::mt19937 random(3);
  const auto bound = [&](int value, bool exclusive) {
    return DecimalBound{*Decimal::parse(fmt::format("{}", value / 10.0)), exclusive};
  };
  for (int i = 0; i < 100; ++i) {
    const int min = static_cast<int>(random() % 2400) - 1200;
    const int max = min + static_cast<int>(random() % 1500);
    const bool has_min = random() % 4 != 0;
    const bool has_max = random() % 4 != 0;
    const bool open_min = random() % 2 == 0;
    const bool open_max = random() % 2 == 0;
    DecimalRange range{.max_digits = 6, .fractions = random() % 2 == 0};
    if (has_min) range.min = bound(min, open_min);
    if (has_max) range.max = bound(max, open_max);
    GrammarBuilder builder;
    const std::uint32_t rule = builder.rule("a number");
    builder.end(rule, append_decimal(builder, builder.start(rule), range));
    ConstraintPtr constraint;
    const std::string error =
        error_of([&] { constraint = std::make_shared<const Constraint>(builder.finish(rule)); });
    for (int tenths = -1500; tenths <= 1500; ++tenths) {
      const bool in = (!has_min || (open_min ? tenths > min : tenths >= min)) &&
                      (!has_max || (open_max ? tenths < max : tenths <= max));
      const bool whole = tenths % 10 == 0;
      const std::string text =
          whole ? fmt::format("{}", tenths / 10) : fmt::format("{:.1f}", tenths / 10.0);
      const bool expected = in && (whole || range.fractions);
      ASSERT_EQ(constraint && satisfies(constraint, text), expected)
          << text << " " << min << " " << max << " " << has_min << has_max << open_min << open_max
          << error;
      if (whole && tenths != 0 && constraint) {
        ASSERT_EQ(satisfies(constraint, text + ".00"), in && range.fractions) << text;
      }
    }
  }
}

TEST(CharSet, SetsAndUtf8) {
  CharSet set{{'a', 'f'}, {0x70, 0x7FF}, {0xFFFF, 0x10001}};
  EXPECT_EQ(set.complement().complement(), set);
  EXPECT_EQ(set.without(set), CharSet());
  EXPECT_FALSE(CharSet::all().contains(0xD800));
  const auto constraint = constrain_to_regex("[a-f\\u0070-\\u07ff\\uffff-\\u{10001}]");
  for (char32_t code = 0; code <= 0x10FFFF; code += code < 0x3000 ? 1 : 97) {
    if (code >= 0xD800 && code <= 0xDFFF) continue;
    std::string text;
    append_utf8(text, code);
    ASSERT_EQ(satisfies(constraint, text), set.contains(code)) << std::uint32_t{code};
  }
  EXPECT_FALSE(satisfies(constrain_to_regex("[^a]"), "\xED\xA0\x80"));
  EXPECT_FALSE(satisfies(constrain_to_regex("[^a]"), "\xC0\x80"));
  EXPECT_FALSE(satisfies(constrain_to_regex("[^a]"), "\xF5\x80\x80\x80"));
}

TEST(Regex, ClassesAreWhatLanguagesAgreeOn) {
  EXPECT_TRUE(satisfies(constrain_to_regex("\\d\\w\\s\\p{Lu}\\P{L}"), "1_ Ä1"));
  EXPECT_FALSE(satisfies(constrain_to_regex("\\d"), "٣"));
  EXPECT_FALSE(satisfies(constrain_to_regex("\\D"), "٣"));
  EXPECT_FALSE(satisfies(constrain_to_regex("[^\\w]"), "ä"));
  EXPECT_TRUE(satisfies(constrain_to_regex("\\x41\\u0042\\u{43}\\ud83d\\ude00\\/"), "ABC😀/"));
  EXPECT_TRUE(satisfies(constrain_to_regex("^(?:^a|b$)$"), "b"));
  for (const char* pattern : {"(?=a)", "a\\b", "(a)\\1", "a++", "(?i)a", "a^b", "\\p{Greek}"}) {
    EXPECT_EQ(error_of([&] { constrain_to_regex(pattern); }).substr(0, 12), "unsupported:")
        << pattern;
  }
  for (const char* pattern : {"(", ")", "[a", "a{2", "*", "a{3,2}", "[b-a]", "\\", "\\u12"}) {
    EXPECT_EQ(error_of([&] { constrain_to_regex(pattern); }).substr(0, 6), "usage:") << pattern;
  }
}

TEST(Constraint, Combinators) {
  const auto constraint = sequence(std::vector<ConstraintPtr>{
      literal("<"), alternatives(std::vector<ConstraintPtr>{literal("x"), literal("yy")}),
      repeat(literal("!"), 2, 3), text_until("</a>")});
  EXPECT_TRUE(satisfies(constraint, "<yy!!!any <text> </a>"));
  EXPECT_TRUE(satisfies(constraint, "<x!!<</</a</a>"));
  EXPECT_FALSE(satisfies(constraint, "<x!!</a></a>"));
  EXPECT_FALSE(satisfies(constraint, "<x!\xC3</a>"));
  EXPECT_FALSE(satisfies(constraint, "<x!</a>"));
  const std::vector<std::string> choices{"no", "not", "yes", ""};
  const auto choice = constrain_to_choice(choices);
  for (const std::string& text : all_texts("notyes", 3)) {
    EXPECT_EQ(satisfies(choice, text),
              std::find(choices.begin(), choices.end(), text) != choices.end());
  }
}

TEST(TextUntil, EndsAtTheFirstEnd) {
  for (const char* end : {"a", "ab", "aab", "abab", "aabaa"}) {
    const auto constraint = text_until(end);
    for (const std::string& text : all_texts("ab", 9)) {
      const bool is =
          text.ends_with(end) && text.find(end) + std::string(end).size() == text.size();
      EXPECT_EQ(satisfies(constraint, text), is) << end << " " << text;
    }
  }
}

TEST(Constraint, AfterThinking) {
  const auto answer = literal("{}");
  const auto outside = answer->after_thinking("<think>", "</think>", false);
  const auto inside = answer->after_thinking("<think>", "</think>", true);
  EXPECT_EQ(outside, answer->after_thinking("<think>", "</think>", false));
  EXPECT_TRUE(satisfies(outside, "{}"));
  EXPECT_TRUE(satisfies(outside, " \n<think>{</think>\n\n{}"));
  EXPECT_FALSE(satisfies(outside, "<think>"));
  EXPECT_FALSE(satisfies(outside, "x<think></think>{}"));
  EXPECT_TRUE(satisfies(inside, "{}</think>{}"));
  EXPECT_FALSE(satisfies(inside, "{}"));
  EXPECT_FALSE(satisfies(inside, "</think>\n\n\n{}"));
}

}  // namespace
}  // namespace cellm

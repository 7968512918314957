// llama.cpp's GBNF (grammars/README.md there): rules of literals, character classes, groups,
// alternatives and repetitions. A rule ends with its line, except in parentheses and behind ::= and
// |.
#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "constrain/constraint.h"
#include "constrain/pattern.h"

namespace cellm {
namespace {

bool is_name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

Pattern set_pattern(CharSet set) {
  return {Pattern::Kind::kSet, std::move(set)};
}

class GbnfParser {
 public:
  explicit GbnfParser(std::string_view text) : text_(text) {
    if (text.size() > kMaxConstraintBytes) {
      throw usage_error("a grammar of {} bytes is longer than {}", text.size(),
                        kMaxConstraintBytes);
    }
    if (find_invalid_utf8(text) != std::string_view::npos) {
      throw usage_error("the grammar is not UTF-8");
    }
  }

  Grammar parse() {
    skip_space(true);
    while (at_ < text_.size()) parse_rule();
    for (const auto& [name, rule] : rules_) {
      if (defined_.count(name) == 0) {
        throw usage_error("the grammar has no rule \"{}\"", printable(std::string(name)));
      }
    }
    const auto root = rules_.find("root");
    if (root == rules_.end()) throw usage_error("the grammar has no rule \"root\"");
    return builder_.finish(root->second);
  }

 private:
  Error malformed(std::string_view what) const {
    return usage_error("the grammar, line {}: {}", line(), what);
  }
  std::size_t line() const {
    std::size_t lines = 1;
    for (const char c : text_.substr(0, at_)) lines += c == '\n' ? 1 : 0;
    return lines;
  }
  char next() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(std::string_view what) {
    if (!text_.substr(at_).starts_with(what)) return false;
    at_ += what.size();
    return true;
  }
  void skip_space(bool lines) {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#') {
        at_ = std::min(text_.find_first_of("\r\n", at_), text_.size());
      } else if (c == ' ' || c == '\t' || (lines && (c == '\r' || c == '\n'))) {
        ++at_;
      } else {
        return;
      }
    }
  }
  std::string_view take_name() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_name_byte(text_[at_])) ++at_;
    if (at_ == begin) throw malformed("a name of a rule is missing");
    return text_.substr(begin, at_ - begin);
  }
  std::uint32_t rule_of(std::string_view name) {
    const auto [found, is_new] = rules_.try_emplace(name, 0);
    if (is_new) found->second = builder_.rule("the rule \"" + std::string(name) + "\"");
    return found->second;
  }

  void parse_rule() {
    const std::string_view name = take_name();
    skip_space(false);
    if (!take("::=")) throw malformed("::= is missing");
    skip_space(true);
    if (!defined_.insert(name).second) {
      throw malformed("the rule \"" + std::string(name) + "\" is there already");
    }
    const std::uint32_t rule = rule_of(name);
    const Pattern pattern = parse_alternatives(0);
    const std::uint32_t last = append_pattern(builder_, builder_.start(rule), pattern,
                                              [this](std::uint32_t from, const CharSet& set) {
                                                return append_character(builder_, from, set);
                                              });
    builder_.end(rule, last);
    if (at_ < text_.size() && next() != '\r' && next() != '\n') {
      throw malformed("the rule goes on with what is not understood");
    }
    skip_space(true);
  }

  Pattern parse_alternatives(std::size_t depth) {
    if (depth > kMaxGrammarNesting) throw malformed("groups are nested too deeply");
    Pattern result{Pattern::Kind::kAlternatives};
    result.parts.push_back(parse_sequence(depth));
    while (take("|")) {
      skip_space(true);
      result.parts.push_back(parse_sequence(depth));
    }
    return result;
  }

  Pattern parse_sequence(std::size_t depth) {
    Pattern result{Pattern::Kind::kSequence};
    while (at_ < text_.size()) {
      if (next() == '*' || next() == '+' || next() == '?' || next() == '{') {
        if (result.parts.empty()) throw malformed("nothing to repeat");
        repeat(result.parts.back());
      } else if (take("\"")) {
        result.parts.push_back(parse_literal());
      } else if (take("[")) {
        result.parts.push_back(parse_class());
      } else if (take("(")) {
        skip_space(true);
        result.parts.push_back(parse_alternatives(depth + 1));
        if (!take(")")) throw malformed("( without )");
      } else if (take(".")) {
        result.parts.push_back(set_pattern(CharSet::all()));
      } else if (is_name_byte(next())) {
        Pattern call{Pattern::Kind::kRule};
        call.rule = rule_of(take_name());
        result.parts.push_back(std::move(call));
      } else if (next() == '<' || next() == '!') {
        throw unsupported_error("the grammar, line {}: tokens (<...>) are not supported", line());
      } else {
        break;
      }
      skip_space(depth > 0);
    }
    return result;
  }

  void repeat(Pattern& part) {
    Pattern result{Pattern::Kind::kRepeat};
    if (take("+")) {
      result.min = 1;
    } else if (take("?")) {
      result.max = 1;
    } else if (take("{")) {
      skip_space(true);
      result.min = take_count();
      result.max = result.min;
      skip_space(true);
      if (take(",")) {
        skip_space(true);
        result.max.reset();
        if (next() != '}') result.max = take_count();
        skip_space(true);
      }
      if (!take("}")) throw malformed("{ without }");
      if (result.max && *result.max < result.min) throw malformed("counts are out of order");
    } else {
      take("*");
    }
    if (part.kind == Pattern::Kind::kRepeat) throw malformed("a repetition is repeated");
    result.parts.push_back(std::move(part));
    part = std::move(result);
  }

  std::uint32_t take_count() {
    std::uint32_t value = 0;
    const char* begin = text_.data() + at_;
    const auto [end, failed] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (end == begin) throw malformed("a count is missing");
    if (failed != std::errc() || value > kMaxGrammarRepeat) throw malformed("a count is too large");
    at_ += static_cast<std::size_t>(end - begin);
    return value;
  }

  Pattern parse_literal() {
    Pattern result{Pattern::Kind::kSequence};
    while (!take("\"")) {
      const char32_t code = take_character("a literal without its end");
      result.parts.push_back(set_pattern(CharSet{{code, code}}));
    }
    return result;
  }

  Pattern parse_class() {
    const bool negated = take("^");
    CharSet set;
    while (!take("]")) {
      const char32_t first = take_character("[ without ]");
      char32_t last = first;
      const bool is_range = next() == '-' && at_ + 1 < text_.size() && text_[at_ + 1] != ']';
      if (is_range) {
        ++at_;
        last = take_character("[ without ]");
        if (last < first) throw malformed("a range is out of order");
      }
      set.add(first, last);
    }
    if (set.empty() && !negated) throw malformed("a class without characters");
    return set_pattern(negated ? set.complement() : set);
  }

  char32_t take_character(std::string_view without) {
    if (at_ == text_.size()) throw malformed(without);
    if (take("\\")) return take_escape();
    std::size_t length = 0;
    const char32_t code = decode_utf8(text_.substr(at_), length);
    at_ += length;
    return code;
  }

  char32_t take_escape() {
    const char c = next();
    ++at_;
    switch (c) {
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 't':
        return '\t';
      case '\\':
      case '"':
      case '[':
      case ']':
        return static_cast<char32_t>(c);
      case 'x':
        return take_hex(2);
      case 'u':
        return take_hex(4);
      case 'U':
        return take_hex(8);
      default:
        --at_;
        throw malformed("an unknown escape");
    }
  }

  char32_t take_hex(std::size_t digits) {
    std::uint32_t value = 0;
    const std::string_view text = text_.substr(std::min(at_, text_.size()), digits);
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (text.size() < digits || failed != std::errc() || end != text.data() + digits) {
      throw malformed("an escape needs hexadecimal digits");
    }
    at_ += digits;
    if (value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) {
      throw malformed("an escape that is no character");
    }
    return value;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  GrammarBuilder builder_;
  std::map<std::string_view, std::uint32_t> rules_;
  std::set<std::string_view> defined_;
};

}  // namespace

ConstraintPtr constrain_to_gbnf(std::string_view grammar) {
  return std::make_shared<const Constraint>(GbnfParser(grammar).parse());
}

}  // namespace cellm

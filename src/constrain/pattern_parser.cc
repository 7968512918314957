#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "constrain/pattern.h"

namespace cellm {
namespace {

// A class of an escape, or one character.
struct Atom {
  CharClass set;
  bool is_character = false;
  char32_t code = 0;
};

Atom character(char32_t code) {
  return {{CharSet{{code, code}}, CharSet{{code, code}}}, true, code};
}

Atom complement(const CharClass& set) {
  return {{set.most.complement(), set.least.complement()}};
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {
    if (text.size() > kMaxPatternBytes) {
      throw usage_error("a pattern of {} bytes is longer than {}", text.size(), kMaxPatternBytes);
    }
    if (find_invalid_utf8(text) != std::string_view::npos) {
      throw usage_error("the pattern is not UTF-8");
    }
  }

  Pattern parse() {
    Pattern pattern = parse_alternatives(0);
    if (at_ < text_.size()) throw malformed("a ) without (");
    return pattern;
  }

 private:
  Error malformed(std::string_view what) const {
    return usage_error("pattern \"{}\", byte {}: {}", printable(std::string(text_)), at_, what);
  }
  Error unsupported(std::string_view what) const {
    return unsupported_error("pattern \"{}\", byte {}: {} is not supported",
                             printable(std::string(text_)), at_, what);
  }
  bool has(std::string_view next) const { return text_.substr(at_).starts_with(next); }
  bool take(std::string_view next) {
    if (!has(next)) return false;
    at_ += next.size();
    return true;
  }
  char32_t take_character() {
    if (at_ == text_.size()) throw malformed("the pattern ends early");
    std::size_t length = 0;
    const char32_t code = decode_utf8(text_.substr(at_), length);
    at_ += length;
    return code;
  }

  Pattern parse_alternatives(std::size_t depth) {
    if (depth > kMaxGrammarNesting) throw malformed("groups are nested too deeply");
    Pattern result{Pattern::Kind::kAlternatives};
    do {
      result.parts.push_back(parse_sequence(depth));
    } while (take("|"));
    if (result.parts.size() > 1) return result;
    Pattern only = std::move(result.parts.front());
    return only;
  }

  Pattern parse_sequence(std::size_t depth) {
    Pattern result{Pattern::Kind::kSequence};
    while (at_ < text_.size() && !has("|") && !has(")")) {
      result.parts.push_back(parse_quantified(depth));
    }
    return result;
  }

  Pattern parse_quantified(std::size_t depth) {
    Pattern part = parse_part(depth);
    Pattern repeat{Pattern::Kind::kRepeat};
    if (take("*")) {
      repeat.min = 0;
    } else if (take("+")) {
      repeat.min = 1;
    } else if (take("?")) {
      repeat.max = 1;
    } else if (has("{")) {
      parse_counts(repeat);
    } else {
      return part;
    }
    if (part.kind == Pattern::Kind::kBegin || part.kind == Pattern::Kind::kEnd) {
      throw unsupported("a repeated anchor");
    }
    take("?");  // lazy: the same texts
    if (has("+")) throw unsupported("a possessive quantifier");
    if (has("*") || has("?") || has("{")) throw malformed("nothing to repeat");
    repeat.parts.push_back(std::move(part));
    return repeat;
  }

  void parse_counts(Pattern& repeat) {
    ++at_;
    const auto number = [&] {
      std::uint32_t value = 0;
      const char* begin = text_.data() + at_;
      const auto [end, failed] = std::from_chars(begin, text_.data() + text_.size(), value);
      if (end == begin) throw malformed("{ without a number");
      if (failed != std::errc() || value > kMaxGrammarRepeat) {
        throw malformed("the number of repetitions is too large");
      }
      at_ += static_cast<std::size_t>(end - begin);
      return value;
    };
    repeat.min = number();
    repeat.max = repeat.min;
    if (take(",")) {
      repeat.max.reset();
      if (!has("}")) repeat.max = number();
    }
    if (!take("}")) throw malformed("{ without }");
    if (repeat.max && *repeat.max < repeat.min) throw malformed("the counts are out of order");
  }

  Pattern parse_part(std::size_t depth) {
    if (take("(")) {
      parse_group_kind();
      Pattern inner = parse_alternatives(depth + 1);
      if (!take(")")) throw malformed("( without )");
      return inner;
    }
    if (take("^")) return {Pattern::Kind::kBegin};
    if (take("$")) return {Pattern::Kind::kEnd};
    if (take(".")) {
      // ECMAScript's; Python's ends at \n only.
      return {Pattern::Kind::kSet,
              CharSet{{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}}.complement()};
    }
    if (take("[")) return {Pattern::Kind::kSet, parse_class()};
    if (has("*") || has("+") || has("?")) throw malformed("nothing to repeat");
    if (has("{") || has("}") || has("]")) throw malformed("{, } and ] stand behind a backslash");
    if (take("\\")) {
      if (has("A")) return ++at_, Pattern{Pattern::Kind::kBegin};
      if (has("Z") || has("z")) return ++at_, Pattern{Pattern::Kind::kEnd};
      if (has("b") || has("B")) throw unsupported("a word boundary");
      return {Pattern::Kind::kSet, parse_escape(false).set.least};
    }
    const char32_t code = take_character();
    return {Pattern::Kind::kSet, CharSet{{code, code}}};
  }

  void parse_group_kind() {
    if (!has("?")) return;
    if (take("?:")) return;
    if (has("?=") || has("?!") || has("?<=") || has("?<!")) throw unsupported("lookaround");
    if (take("?P<") || take("?<")) {
      const std::size_t end = text_.find('>', at_);
      if (end == std::string_view::npos || end == at_) throw malformed("a group without a name");
      at_ = end + 1;
      return;
    }
    throw unsupported("a group with flags");
  }

  // Behind "[". Negated, the largest sets are taken away.
  CharSet parse_class() {
    const bool negated = take("^");
    CharSet least;
    CharSet most;
    if (has("]")) throw unsupported("an empty class, or ] as its first character");
    while (!take("]")) {
      if (at_ == text_.size()) throw malformed("[ without ]");
      if (has("[")) throw malformed("[ in a class stands behind a backslash");
      const Atom first = parse_class_atom();
      const bool is_range = has("-") && !has("-]");
      if (!is_range) {
        least.add(first.set.least);
        most.add(first.set.most);
        continue;
      }
      ++at_;
      const Atom last = parse_class_atom();
      if (!first.is_character || !last.is_character) throw malformed("a range ends in a class");
      if (last.code < first.code) throw malformed("a range is out of order");
      least.add(first.code, last.code);
      most.add(first.code, last.code);
    }
    return negated ? most.complement() : least;
  }

  Atom parse_class_atom() {
    if (take("\\")) return parse_escape(true);
    return character(take_character());
  }

  // Behind a backslash.
  Atom parse_escape(bool in_class) {
    const char32_t code = take_character();
    switch (code) {
      case 'd':
        return {digit_class()};
      case 'D':
        return complement(digit_class());
      case 'w':
        return {word_class()};
      case 'W':
        return complement(word_class());
      case 's':
        return {space_class()};
      case 'S':
        return complement(space_class());
      case 'p':
        return parse_property(false);
      case 'P':
        return parse_property(true);
      case 'n':
        return character('\n');
      case 'r':
        return character('\r');
      case 't':
        return character('\t');
      case 'f':
        return character('\f');
      case 'v':
        return character('\v');
      case 'x':
        return character(take_hex(2));
      case 'u':
        return parse_unicode();
      default:
        return parse_other_escape(code, in_class);
    }
  }

  Atom parse_other_escape(char32_t code, bool in_class) {
    if (code == 'b' && in_class) return character('\b');
    const bool digit_follows =
        at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_])) != 0;
    if (code == '0' && !digit_follows) return character(0);
    if ((code >= '0' && code <= '9') || code == 'k') throw unsupported("a reference back");
    if (code < 0x80 && std::isalnum(static_cast<int>(code)) != 0) {
      throw unsupported("the escape \\" + std::string(1, static_cast<char>(code)));
    }
    return character(code);
  }

  char32_t take_hex(std::size_t digits) {
    std::uint32_t value = 0;
    const std::string_view text = text_.substr(at_, digits);
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (failed != std::errc() || end != text.data() + digits) {
      throw malformed("an escape needs hexadecimal digits");
    }
    at_ += digits;
    return value;
  }

  Atom parse_unicode() {
    char32_t code = 0;
    if (take("{")) {
      const std::size_t end = text_.find('}', at_);
      if (end == std::string_view::npos || end == at_ || end - at_ > 6) {
        throw malformed("\\u{ without up to 6 digits and }");
      }
      code = take_hex(end - at_);
      ++at_;
    } else {
      code = take_hex(4);
      const bool high = code >= 0xD800 && code <= 0xDBFF;
      if (high && take("\\u")) {
        const char32_t low = take_hex(4);
        if (low < 0xDC00 || low > 0xDFFF) throw malformed("half a surrogate pair");
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
      }
    }
    if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
      throw malformed("an escape that is no character");
    }
    return character(code);
  }

  Atom parse_property(bool negated) {
    std::string name;
    if (take("{")) {
      const std::size_t end = text_.find('}', at_);
      if (end == std::string_view::npos) throw malformed("\\p{ without }");
      name.assign(text_.substr(at_, end - at_));
      for (const std::string_view prefix : {"gc=", "General_Category="}) {
        if (name.starts_with(prefix)) name.erase(0, prefix.size());
      }
      const CharSet set = category(name);
      if (set.empty()) throw unsupported("the property " + printable(name));
      at_ = end + 1;
      if (!negated) return {{set, set}};
      // Characters that are not assigned yet may be of any category later.
      CharSet least = set.complement().without(category("Cn"));
      return {{std::move(least), set.complement()}};
    }
    throw unsupported("a property without braces");
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Pattern parse_pattern(std::string_view text) {
  return Parser(text).parse();
}

}  // namespace cellm

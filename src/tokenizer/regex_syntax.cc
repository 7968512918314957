#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <vector>

#include "base/error.h"
#include "tokenizer/regex.h"

namespace cellm {
namespace {

// General categories have the same names and members in both dialects.
constexpr std::array<std::string_view, 37> kCategories = {
    "L",  "Lu", "Ll", "Lt", "Lm", "Lo", "M",  "Mn", "Mc", "Me", "N",  "Nd", "Nl",
    "No", "P",  "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "S",  "Sm", "Sc", "Sk",
    "So", "Z",  "Zs", "Zl", "Zp", "C",  "Cc", "Cf", "Cn", "Co", "Cs"};

constexpr std::array<std::string_view, 11> kScripts = {
    "Arabic", "Cyrillic", "Devanagari", "Greek", "Han", "Hangul",
    "Hebrew", "Hiragana", "Katakana",   "Latin", "Thai"};

// Pairs of letters that Oniguruma, but not PCRE2, also matches as one character when case does not
// matter: sharp s and the Latin ligatures.
constexpr std::array<std::string_view, 5> kFoldingPairs = {"ss", "ff", "fi", "fl", "st"};

template <std::size_t n>
bool contains(const std::array<std::string_view, n>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_ascii_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

class Translator {
 public:
  Translator(std::string_view pattern, std::string_view source)
      : pattern_(pattern), source_(source) {}

  std::string translate() {
    while (at_ < pattern_.size()) {
      const char c = pattern_[at_];
      if (c != '\\' && (in_class_ || !is_ascii_alnum(c))) previous_letter_ = 0;
      if (c == '\\') {
        previous_letter_ = 0;
        escape();
      } else if (in_class_) {
        class_member(c);
      } else {
        outside(c);
      }
    }
    return std::move(out_);
  }

 private:
  [[noreturn]] void refuse(std::string_view what) const {
    throw unsupported_error(
        "{}: pre-tokenizer regex \"{}\" uses {} at byte {}, which cellm does not "
        "support",
        source_, printable(pattern_), printable(what), at_);
  }

  std::string_view rest() const { return pattern_.substr(at_); }
  char peek(std::size_t ahead) const {
    return at_ + ahead < pattern_.size() ? pattern_[at_ + ahead] : '\0';
  }
  void copy(std::size_t count) {
    out_ += pattern_.substr(at_, count);
    at_ += count;
  }
  void replace(std::size_t count, std::string_view by) {
    out_ += by;
    at_ += count;
  }

  void outside(char c) {
    switch (c) {
      case '[':
        in_class_ = true;
        copy(peek(1) == '^' ? 2 : 1);
        if (peek(0) == ']') refuse("an empty class");
        break;
      case '(':
        open_group();
        break;
      case ')':
        if (!caseless_.empty()) caseless_.pop_back();
        copy(1);
        break;
      case '{':
        repeat();
        break;
      case '^':
      case '$':
        refuse(std::string_view(&c, 1));
      default:
        literal(c);
        copy(1);
    }
  }

  // Detects characters that case-fold to more than one character.
  void literal(char c) {
    if (caseless_.empty() || !caseless_.back()) return;
    if (static_cast<unsigned char>(c) >= 0x80) refuse("(?i) with a letter outside of ASCII");
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const char pair[] = {previous_letter_, lower};
    if (contains(kFoldingPairs, std::string_view(pair, 2))) {
      refuse(std::string("(?i) with ") + std::string(pair, 2));
    }
    previous_letter_ = lower;
  }

  void open_group() {
    const bool inherited = !caseless_.empty() && caseless_.back();
    if (peek(1) == '*') refuse("(*");
    if (peek(1) != '?') {
      caseless_.push_back(inherited);
      copy(1);
      return;
    }
    for (const std::string_view opening : {"(?:", "(?=", "(?!", "(?>", "(?<=", "(?<!"}) {
      if (!rest().starts_with(opening)) continue;
      caseless_.push_back(inherited);
      copy(opening.size());
      return;
    }
    if (rest().starts_with("(?i:")) {
      caseless_.push_back(true);
      copy(4);
    } else if (rest().starts_with("(?-i:")) {
      caseless_.push_back(false);
      copy(5);
    } else {
      refuse(rest().substr(0, 4));
    }
  }

  // {n}, {n,} or {n,m}. The suffix differs: in Ruby {n}? and {n,m}+ are a repeat of a repeat.
  void repeat() {
    std::size_t length = 1;
    const auto digits = [&] {
      const std::size_t start = length;
      while (peek(length) >= '0' && peek(length) <= '9') ++length;
      return length > start;
    };
    if (!digits()) refuse("{");
    const bool fixed = peek(length) == '}';
    if (!fixed) {
      if (peek(length) != ',') refuse("{");
      ++length;
      digits();
      if (peek(length) != '}') refuse("{");
    }
    ++length;
    if (peek(length) == '+' || (fixed && peek(length) == '?')) {
      refuse(rest().substr(0, length + 1));
    }
    copy(length);
  }

  void class_member(char c) {
    if (c == '[') refuse("a class inside a class");
    if (c == '&' && peek(1) == '&') refuse("&& in a class");
    if (c == ']') in_class_ = false;
    const bool caseless = !caseless_.empty() && caseless_.back();
    if (caseless && static_cast<unsigned char>(c) >= 0x80) {
      refuse("(?i) with a letter outside of ASCII");
    }
    copy(1);
  }

  void escape() {
    const char c = peek(1);
    switch (c) {
      case 'r':
      case 'n':
      case 't':
      case 'f':
      case 'a':
      case 'e':
        copy(2);
        return;
      case 'v':  // a class in PCRE2
        replace(2, "\\x{0b}");
        return;
      case 's':  // PCRE2's \s also has U+180E
        replace(2, "\\p{wspace}");
        return;
      case 'S':
        replace(2, "\\P{wspace}");
        return;
      case 'd':
        replace(2, "\\p{Nd}");
        return;
      case 'D':
        replace(2, "\\P{Nd}");
        return;
      case 'p':
      case 'P':
        property();
        return;
      case 'x':
      case 'u':
        code_point();
        return;
      default:
        if (c == '\0' || is_ascii_alnum(c) || static_cast<unsigned char>(c) >= 0x80) {
          refuse(rest().substr(0, 2));
        }
        copy(2);
    }
  }

  void property() {
    const std::size_t close = rest().find('}');
    if (peek(2) != '{' || close == std::string_view::npos) refuse(rest().substr(0, 2));
    std::string_view name = rest().substr(3, close - 3);
    bool negative = peek(1) == 'P';
    if (name.starts_with('^')) {
      negative = !negative;
      name.remove_prefix(1);
    }
    const bool script = contains(kScripts, name);
    if (!script && !contains(kCategories, name)) refuse(rest().substr(0, close + 1));
    out_ += negative ? "\\P{" : "\\p{";
    if (script) out_ += "sc:";  // otherwise PCRE2 uses the script extensions
    out_ += name;
    out_ += '}';
    at_ += close + 1;
  }

  // \x{H...}, \xHH below 80, \uHHHH.
  void code_point() {
    std::size_t start = 2;
    std::size_t count = 0;
    std::size_t total = 0;
    if (peek(1) == 'x' && peek(2) == '{') {
      start = 3;
      while (is_hex(peek(start + count))) ++count;
      if (count < 1 || count > 6 || peek(start + count) != '}') refuse(rest().substr(0, 3));
      total = start + count + 1;
    } else {
      count = peek(1) == 'x' ? 2 : 4;
      for (std::size_t i = 0; i < count; ++i) {
        if (!is_hex(peek(start + i))) refuse(rest().substr(0, 2));
      }
      if (count == 2 && peek(start) > '7') refuse(rest().substr(0, 4));
      total = start + count;
    }
    out_ += "\\x{";
    out_ += pattern_.substr(at_ + start, count);
    out_ += '}';
    at_ += total;
  }

  std::string_view pattern_;
  std::string_view source_;
  std::size_t at_ = 0;
  std::string out_;
  bool in_class_ = false;
  std::vector<bool> caseless_;  // for each open group
  char previous_letter_ = 0;
};

}  // namespace

std::string translate_pattern(std::string_view pattern, std::string_view source) {
  return Translator(pattern, source).translate();
}

}  // namespace cellm

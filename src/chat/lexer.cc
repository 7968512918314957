#include "chat/lexer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "base/printable.h"
#include "base/utf8.h"
#include "chat/characters.h"
#include "chat/string_literal.h"
#include "chat/syntax_fault.h"
#include "tokenizer/unicode.h"

namespace cellm::chat {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

// Line breaks as \n, and without the last one.
std::string normalized(std::string_view source) {
  std::string lines = normalize_newlines(source);
  if (!lines.empty() && lines.back() == '\n') lines.pop_back();
  return lines;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(normalized(source)), rest_(source_) {}

  std::vector<Token> run() {
    while (!rest_.empty()) lex_data();
    add(Token::Kind::kEnd, "");
    return std::move(tokens_);
  }

 private:
  struct Sign {
    char mark;         // '-', '+' or 0
    std::size_t size;  // of the opening delimiter with its mark
  };

  void add(Token::Kind kind, std::string_view text) {
    if (tokens_.size() >= kMaxTemplateTokens) throw SyntaxFault(line_, "too many tokens");
    tokens_.push_back({.kind = kind, .line = line_, .text = std::string(text)});
  }

  // Removes `size` bytes from the front, and counts lines.
  std::string_view take(std::size_t size) {
    const std::string_view taken = rest_.substr(0, size);
    line_ += static_cast<int>(std::count(taken.begin(), taken.end(), '\n'));
    if (!taken.empty()) line_starting_ = taken.back() == '\n';
    rest_.remove_prefix(size);
    return taken;
  }

  std::size_t space(std::string_view text) const {
    std::size_t at = 0;
    std::size_t size = 0;
    while (at < text.size() && is_python_space(decode_utf8(text.substr(at), size))) at += size;
    return at;
  }
  void take_space() { take(space(rest_)); }

  // The text up to a tag, cut as the tag's mark says.
  std::string_view before_tag(std::string_view text, char mark, bool is_variable) const {
    if (mark == '-') {
      std::size_t size = 0;
      while (!text.empty() && is_python_space(decode_last_utf8(text, size))) {
        text.remove_suffix(size);
      }
      return text;
    }
    if (mark == '+' || is_variable) return text;
    const std::size_t newline = text.rfind('\n');
    const std::size_t line = newline == kNone ? 0 : newline + 1;
    if (line == 0 && !line_starting_) return text;
    return space(text.substr(line)) == text.size() - line ? text.substr(0, line) : text;
  }

  static Sign sign_at(std::string_view text) {
    const char mark = text.size() > 2 && (text[2] == '-' || text[2] == '+') ? text[2] : '\0';
    return {mark, mark == '\0' ? 2U : 3U};
  }

  // The start of the next tag.
  std::size_t find_tag() const {
    for (std::size_t at = rest_.find('{'); at != kNone; at = rest_.find('{', at + 1)) {
      if (at + 1 < rest_.size() && std::string_view("{%#").find(rest_[at + 1]) != kNone) return at;
    }
    return kNone;
  }

  void lex_data() {
    const std::size_t at = find_tag();
    if (at == kNone) {
      add(Token::Kind::kData, rest_);
      take(rest_.size());
      return;
    }
    const char type = rest_[at + 1];
    const Sign sign = sign_at(rest_.substr(at));
    const std::string_view data = before_tag(rest_.substr(0, at), sign.mark, type == '{');
    if (!data.empty()) add(Token::Kind::kData, data);
    take(at);
    if (type == '#') {
      lex_comment(sign);
    } else if (type == '{') {
      add(Token::Kind::kVariableBegin, "");
      take(sign.size);
      lex_tag(Token::Kind::kVariableEnd);
    } else if (const std::size_t raw = raw_size(rest_, "raw", false); raw != 0) {
      take(raw);
      lex_raw();
    } else {
      add(Token::Kind::kBlockBegin, "");
      take(sign.size);
      lex_tag(Token::Kind::kBlockEnd);
    }
  }

  // After the closing delimiter: a mark takes the white space, a block or comment one newline.
  void end_tag(std::size_t size, bool strip, bool trim) {
    take(size);
    if (strip) {
      take_space();
    } else if (trim && rest_.starts_with('\n')) {
      take(1);
    }
  }

  void lex_comment(Sign sign) {
    const std::size_t end = rest_.find("#}", sign.size);
    if (end == kNone) throw SyntaxFault(line_, "missing end of comment tag");
    const char mark = end > sign.size ? rest_[end - 1] : '\0';
    end_tag(end + 2, mark == '-', mark != '+');
  }

  // The size of "{% raw %}" or "{% endraw %}" at the start of `text`, with the white space after
  // it where it takes any; 0 if it is another tag.
  std::size_t raw_size(std::string_view text, std::string_view name, bool ends) const {
    std::size_t at = sign_at(text).size;
    at += space(text.substr(at));
    if (!text.substr(at).starts_with(name)) return 0;
    at += name.size();
    at += space(text.substr(at));
    const std::string_view close = text.substr(at);
    if (close.starts_with("-%}")) return at + 3 + space(close.substr(3));
    if (ends && close.starts_with("+%}")) return at + 3;
    if (!close.starts_with("%}")) return 0;
    return at + 2 + (ends && close.substr(2).starts_with('\n') ? 1 : 0);
  }

  void lex_raw() {
    for (std::size_t at = rest_.find("{%"); at != kNone; at = rest_.find("{%", at + 1)) {
      const std::size_t size = raw_size(rest_.substr(at), "endraw", true);
      if (size == 0) continue;
      const std::string_view data =
          before_tag(rest_.substr(0, at), sign_at(rest_.substr(at)).mark, false);
      if (!data.empty()) add(Token::Kind::kData, data);
      take(at + size);
      return;
    }
    throw SyntaxFault(line_, "missing end of raw directive");
  }

  bool at_end_of(Token::Kind end) {
    const bool block = end == Token::Kind::kBlockEnd;
    const std::string_view close = block ? "%}" : "}}";
    const char mark = rest_.size() > 2 && (rest_[0] == '-' || (block && rest_[0] == '+')) &&
                              rest_.substr(1).starts_with(close)
                          ? rest_[0]
                          : '\0';
    if (mark == '\0' && !rest_.starts_with(close)) return false;
    add(end, "");
    end_tag(mark == '\0' ? 2 : 3, mark == '-', block && mark != '+');
    return true;
  }

  void lex_tag(Token::Kind end) {
    brackets_.clear();
    const int begin = line_;
    while (true) {
      take_space();
      if (rest_.empty()) throw SyntaxFault(begin, "the tag does not end");
      if (brackets_.empty() && at_end_of(end)) return;
      if (lex_number() || lex_name() || lex_string()) continue;
      lex_operator();
    }
  }

  // Digits with single underscores between them.
  static std::size_t digits(std::string_view text, std::size_t at, int base = 10) {
    const auto is = [base](char c) {
      if (base == 16) return is_digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'f');
      return c >= '0' && c < '0' + base;
    };
    std::size_t end = at;
    while (end < text.size() &&
           (is(text[end]) || (text[end] == '_' && end > at && end + 1 < text.size() &&
                              text[end - 1] != '_' && is(text[end + 1])))) {
      ++end;
    }
    return end;
  }

  // The size of a float at the front, 0 if there is none.
  std::size_t float_size() const {
    std::size_t at = digits(rest_, 0);
    bool is_float = false;
    if (at < rest_.size() && rest_[at] == '.') {
      const std::size_t end = digits(rest_, at + 1);
      if (end == at + 1) return 0;
      at = end;
      is_float = true;
    }
    if (at < rest_.size() && (rest_[at] | 32) == 'e') {
      const std::size_t sign =
          at + 1 < rest_.size() && (rest_[at + 1] == '+' || rest_[at + 1] == '-') ? 1 : 0;
      const std::size_t end = digits(rest_, at + 1 + sign);
      if (end > at + 1 + sign) return end;
    }
    return is_float ? at : 0;
  }

  bool lex_number() {
    if (!is_digit(rest_.front())) return false;
    // list.0.1 is an element of an element.
    const bool after_dot = rest_.data() != source_.data() && rest_.data()[-1] == '.';
    if (const std::size_t size = after_dot ? 0 : float_size(); size != 0) {
      add(Token::Kind::kFloat, "");
      tokens_.back().number = parse<double>(size, 10);
      return true;
    }
    int base = 10;
    std::size_t prefix = 0;
    if (rest_.size() > 2 && rest_[0] == '0') {
      const char letter = static_cast<char>(rest_[1] | 32);
      base = letter == 'b' ? 2 : (letter == 'o' ? 8 : (letter == 'x' ? 16 : 10));
      const std::size_t first = rest_[2] == '_' ? 3 : 2;  // as in 0x_ff
      if (base != 10 && digits(rest_, first, base) > first) prefix = first;
      if (prefix == 0) base = 10;
    }
    std::size_t size = digits(rest_, prefix, base);
    // A decimal number has no leading zeros: jinja2 reads "007" as three numbers.
    if (base == 10 && rest_[0] == '0') {
      size = std::min(size, rest_.find_first_not_of("0_"));
    }
    add(Token::Kind::kInteger, "");
    tokens_.back().integer = parse<std::int64_t>(size, base, prefix);
    return true;
  }

  template <class T>
  T parse(std::size_t size, int base, std::size_t prefix = 0) {
    const int line = line_;
    std::string spelled(take(size).substr(prefix));
    std::erase(spelled, '_');
    T value{};
    std::from_chars_result result{};
    if constexpr (std::is_same_v<T, double>) {
      result = std::from_chars(spelled.data(), spelled.data() + spelled.size(), value);
    } else {
      result = std::from_chars(spelled.data(), spelled.data() + spelled.size(), value, base);
    }
    if (result.ec != std::errc()) throw SyntaxFault(line, "a number is out of range");
    return value;
  }

  bool lex_name() {
    std::size_t at = 0;
    std::size_t size = 0;
    while (at < rest_.size() && is_word(decode_utf8(rest_.substr(at), size))) at += size;
    if (at == 0) return false;
    add(Token::Kind::kName, rest_.substr(0, at));
    take(at);
    return true;
  }

  bool lex_string() {
    const char quote = rest_.front();
    if (quote != '\'' && quote != '"') return false;
    std::size_t at = 1;
    while (at < rest_.size() && rest_[at] != quote) at += rest_[at] == '\\' ? 2U : 1U;
    if (at >= rest_.size()) throw SyntaxFault(line_, "a string does not end");
    const std::optional<std::string> value = unescape(rest_.substr(1, at - 1));
    if (!value) throw SyntaxFault(line_, "a string has an invalid escape");
    add(Token::Kind::kString, *value);
    take(at + 1);
    return true;
  }

  void lex_operator() {
    constexpr std::array<std::string_view, 25> kOperators = {
        "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[",
        "]",  "(",  ")",  "{",  "}",  ">",  "<", "=", ".", ":", "|", ","};
    const auto* found = std::find_if(kOperators.begin(), kOperators.end(),
                                     [this](std::string_view o) { return rest_.starts_with(o); });
    const bool semicolon = rest_.front() == ';';
    if (found == kOperators.end() && !semicolon) {
      std::size_t size = 0;
      decode_utf8(rest_, size);
      throw SyntaxFault(line_,
                        fmt::format("unexpected character '{}'", printable(rest_.substr(0, size))));
    }
    const std::string_view op = semicolon ? ";" : *found;
    balance(op);
    add(Token::Kind::kOperator, op);
    take(op.size());
  }

  // A closing delimiter inside of brackets is an operator.
  void balance(std::string_view op) {
    constexpr std::string_view kOpen = "{[(";
    constexpr std::string_view kClose = "}])";
    if (const std::size_t which = kOpen.find(op); which != kNone) {
      brackets_.push_back(kClose[which]);
    } else if (op.size() == 1 && kClose.find(op) != kNone) {
      if (brackets_.empty()) throw SyntaxFault(line_, fmt::format("unexpected '{}'", op));
      if (brackets_.back() != op[0]) {
        throw SyntaxFault(line_,
                          fmt::format("unexpected '{}', expected '{}'", op, brackets_.back()));
      }
      brackets_.pop_back();
    }
  }

  std::string source_;
  std::string_view rest_;
  std::vector<Token> tokens_;
  std::string brackets_;  // the closing ones that are awaited
  int line_ = 1;
  bool line_starting_ = true;
};

}  // namespace

std::vector<Token> lex(std::string_view source) {
  if (source.size() > kMaxTemplateBytes) {
    throw SyntaxFault(1, fmt::format("the template has more than {} bytes", kMaxTemplateBytes));
  }
  return Lexer(source).run();
}

}  // namespace cellm::chat

#include "chat/string_literal.h"

#include <cstddef>

#include "base/utf8.h"

namespace cellm::chat {
namespace {

// The value of up to `most` digits of `base` at the front of `text`, which are removed.
std::size_t take_digits(std::string_view& text, int base, std::size_t most, char32_t& value) {
  std::size_t count = 0;
  value = 0;
  while (count < most && !text.empty()) {
    const char c = text.front();
    int digit = base;
    if (c >= '0' && c <= '9') digit = c - '0';
    if ((c | 32) >= 'a' && (c | 32) <= 'f') digit = (c | 32) - 'a' + 10;
    if (digit >= base) break;
    value = value * static_cast<char32_t>(base) + static_cast<char32_t>(digit);
    text.remove_prefix(1);
    ++count;
  }
  return count;
}

bool append_code(std::string& out, char32_t code) {
  if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return false;
  append_utf8(out, code);
  return true;
}

// The escape after a backslash. False if it is invalid.
bool append_escape(std::string& out, std::string_view& text) {
  constexpr std::string_view kLetters = "\\'\"abfnrtv";
  constexpr std::string_view kMeanings = "\\'\"\a\b\f\n\r\t\v";
  if (text.empty()) return false;
  const char letter = text.front();
  char32_t code = 0;
  if (letter >= '0' && letter <= '7') {
    take_digits(text, 8, 3, code);
    return append_code(out, code);
  }
  text.remove_prefix(1);
  if (letter == '\n') return true;
  if (const std::size_t at = kLetters.find(letter); at != std::string_view::npos) {
    out += kMeanings[at];
    return true;
  }
  if (letter == 'N') return false;
  const std::size_t wanted = letter == 'x' ? 2 : (letter == 'u' ? 4 : (letter == 'U' ? 8 : 0));
  if (wanted == 0) {
    out += '\\';
    out += letter;
    return true;
  }
  return take_digits(text, 16, wanted, code) == wanted && append_code(out, code);
}

}  // namespace

std::string normalize_newlines(std::string_view text) {
  std::string lines;
  lines.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r') {
      lines += text[i];
      continue;
    }
    lines += '\n';
    if (i + 1 < text.size() && text[i + 1] == '\n') ++i;
  }
  return lines;
}

std::optional<std::string> unescape(std::string_view literal) {
  const std::string normal = normalize_newlines(literal);
  std::string_view rest = normal;
  std::string text;
  while (!rest.empty()) {
    const std::size_t slash = rest.find('\\');
    text += rest.substr(0, slash);
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
    if (!append_escape(text, rest)) return std::nullopt;
  }
  return text;
}

}  // namespace cellm::chat

#include "chat/text_operations.h"

#include <algorithm>
#include <limits>

#include "base/utf8.h"
#include "chat/characters.h"
#include "chat/search.h"

namespace cellm::chat {
namespace {

std::size_t limit(std::int64_t most) {
  return most < 0 ? std::numeric_limits<std::size_t>::max() : static_cast<std::size_t>(most);
}

// str.splitlines() knows more line breaks than \n.
bool is_line_break(char32_t code) {
  return (code >= 0x0A && code <= 0x0D) || (code >= 0x1C && code <= 0x1E) || code == 0x85 ||
         code == 0x2028 || code == 0x2029;
}

}  // namespace

Text replaced(const Text& text, const std::string& old, const Text& with, std::int64_t count,
              Budget& budget) {
  const std::string& bytes = text.bytes();
  const std::size_t most = limit(count);
  Text result;
  const auto insert = [&] {
    budget.spend(with.size() / 16 + 1);
    if (result.size() + with.size() > kMaxTextBytes) throw Fault("a text is too long");
    result.append(with);
  };
  budget.spend(bytes.size() / 4 + 1);
  std::size_t done = 0;
  std::size_t times = 0;
  if (old.empty()) {  // between all characters
    for (const std::size_t offset : boundaries(bytes)) {
      result.append(text, done, offset);
      done = offset;
      if (times++ < most) insert();
    }
    return result;
  }
  for (std::size_t at = find_part(bytes, old); at != std::string::npos && times < most;
       at = find_part(bytes, old, done), ++times) {
    result.append(text, done, at);
    insert();
    done = at + old.size();
  }
  result.append(text, done, bytes.size());
  return result;
}

std::vector<Text> split(const Text& text, const std::string& separator, std::int64_t most,
                        bool from_right) {
  const std::string& bytes = text.bytes();
  std::vector<Text> parts;
  std::size_t left = limit(most);
  if (!from_right) {
    std::size_t done = 0;
    for (std::size_t at = find_part(bytes, separator); at != std::string::npos && left > 0;
         --left) {
      parts.push_back(text.slice(done, at));
      done = at + separator.size();
      at = find_part(bytes, separator, done);
    }
    parts.push_back(text.slice(done, bytes.size()));
    return parts;
  }
  std::size_t end = bytes.size();
  for (const std::size_t at : parts_from_right(bytes, separator, left)) {
    parts.push_back(text.slice(at + separator.size(), end));
    end = at;
  }
  parts.push_back(text.slice(0, end));
  std::reverse(parts.begin(), parts.end());
  return parts;
}

std::vector<Text> split_space(const Text& text, std::int64_t most, bool from_right) {
  std::vector<Text> parts;
  std::size_t left = limit(most);
  Text rest = strip(text, !from_right, from_right);
  // The words lie between white space; the last part keeps its inner white space.
  std::vector<std::pair<std::size_t, std::size_t>> words;
  const std::string& bytes = rest.bytes();
  bool inside = false;
  for (std::size_t at = 0, size = 0; at < bytes.size(); at += size) {
    const bool space = is_python_space(decode_utf8(std::string_view(bytes).substr(at), size));
    if (!space && !inside) words.emplace_back(at, bytes.size());
    if (space && inside) words.back().second = at;
    inside = !space;
  }
  if (words.size() <= left) {
    for (const auto& [begin, end] : words) parts.push_back(rest.slice(begin, end));
    return parts;
  }
  if (!from_right) {
    for (std::size_t i = 0; i < left; ++i) {
      parts.push_back(rest.slice(words[i].first, words[i].second));
    }
    parts.push_back(rest.slice(words[left].first, bytes.size()));
    return parts;
  }
  const std::size_t whole = words.size() - left;
  parts.push_back(rest.slice(0, words[whole - 1].second));
  for (std::size_t i = whole; i < words.size(); ++i) {
    parts.push_back(rest.slice(words[i].first, words[i].second));
  }
  return parts;
}

std::vector<Text> split_lines(const Text& text, bool keep_ends) {
  const std::string& bytes = text.bytes();
  std::vector<Text> lines;
  std::size_t begin = 0;
  for (std::size_t at = 0, size = 0; at < bytes.size();) {
    const char32_t code = decode_utf8(std::string_view(bytes).substr(at), size);
    const std::size_t end = at;
    at += size;
    if (!is_line_break(code)) continue;
    if (code == '\r' && at < bytes.size() && bytes[at] == '\n') ++at;
    lines.push_back(text.slice(begin, keep_ends ? at : end));
    begin = at;
  }
  if (begin < bytes.size()) lines.push_back(text.slice(begin, bytes.size()));
  return lines;
}

Text strip(const Text& text, bool left, bool right, const std::string* chars, Budget& budget) {
  // Each character of the text is looked up in `chars`.
  if (chars != nullptr) budget.spend((text.size() / 16 + 1) * (chars->size() / 16));
  return strip(text, left, right, chars);
}

Text joined(const Text& separator, const std::vector<Text>& parts) {
  Text result;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) result.append(separator);
    result.append(parts[i]);
    if (result.size() > kMaxTextBytes) throw Fault("a text is too long");
  }
  return result;
}

Text repeated(std::string_view character, std::size_t count) {
  if (count > kMaxTextBytes / std::max<std::size_t>(1, character.size())) {
    throw Fault("a text is too long");
  }
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i) bytes += character;
  return {bytes, Origin::kTemplate};
}

Text escaped(const Text& text, Budget& budget) {
  if (text.is_markup()) return text;
  budget.spend(text.size());
  const auto entity = [](const char& character) -> std::string_view {
    switch (character) {
      case '&':
        return "&amp;";
      case '<':
        return "&lt;";
      case '>':
        return "&gt;";
      case '\'':
        return "&#39;";
      case '"':
        return "&#34;";
      default:
        return {&character, 1};
    }
  };
  // Whoever wrote the character wrote its entity.
  Text result;
  std::size_t at = 0;
  for (const Text::Run& run : text.runs()) {
    std::string part;
    for (; at < run.end; ++at) part += entity(text.bytes()[at]);
    result.append(part, run.origin);
    if (result.size() > kMaxTextBytes) throw Fault("a text is too long");
  }
  result.set_markup(true);
  return result;
}

Value make_like(const Text& other, Text text) {
  text.set_markup(other.is_markup());
  return make_text(std::move(text));
}

Value make_list(std::vector<Text> parts) {
  std::vector<Value> items;
  items.reserve(parts.size());
  for (Text& part : parts) items.push_back(make_text(std::move(part)));
  return make_sequence(std::move(items));
}

}  // namespace cellm::chat

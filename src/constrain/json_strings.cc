// Strings in JSON: characters, escapes and the keys of objects.
#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/utf8.h"
#include "constrain/json_grammar.h"

namespace cellm {
namespace {

// Characters that stand for themselves in a string.
const CharSet& plain_characters() {
  static const CharSet set = CharSet::all().without(CharSet{{0, 0x1F}, {'"', '"'}, {'\\', '\\'}});
  return set;
}

// Characters with an escape of two bytes that need one, and their letters.
constexpr std::array<std::pair<char32_t, char>, 7> kEscapes{
    {{'"', '"'}, {'\\', '\\'}, {'\b', 'b'}, {'\f', 'f'}, {'\n', 'n'}, {'\r', 'r'}, {'\t', 't'}}};

std::u32string to_utf32(std::string_view text) {
  std::u32string result;
  while (!text.empty()) {
    std::size_t length = 0;
    result += decode_utf8(text, length);
    text.remove_prefix(length);
  }
  return result;
}

}  // namespace

// \uXXXX, or a pair of them, but no half of a pair; and those of two bytes.
std::uint32_t JsonGrammar::escape(std::uint32_t from) {
  const auto hex = [this](std::uint32_t at, std::uint32_t to) {
    builder_.bytes(at, '0', '9', to);
    builder_.bytes(at, 'a', 'f', to);
    builder_.bytes(at, 'A', 'F', to);
  };
  const auto hexes = [&](std::uint32_t at, int count, std::uint32_t to) {
    for (int i = 1; i < count; ++i) {
      const std::uint32_t next = builder_.node();
      hex(at, next);
      at = next;
    }
    hex(at, to);
  };
  const std::uint32_t to = builder_.node();
  const std::uint32_t slash = builder_.literal(from, "\\");
  for (const char letter : std::string_view("\"\\/bfnrt")) {
    const auto byte = static_cast<std::uint8_t>(letter);
    builder_.bytes(slash, byte, byte, to);
  }
  const std::uint32_t begin = builder_.literal(slash, "u");
  const std::uint32_t others = builder_.node();
  builder_.bytes(begin, '0', '9', others);
  for (const char base : {'a', 'A'}) {
    const auto low = static_cast<std::uint8_t>(base);
    builder_.bytes(begin, low, static_cast<std::uint8_t>(base + 2), others);
    builder_.bytes(begin, static_cast<std::uint8_t>(base + 4), static_cast<std::uint8_t>(base + 5),
                   others);
  }
  hexes(others, 3, to);
  const std::uint32_t d = builder_.node();
  builder_.bytes(begin, 'd', 'd', d);
  builder_.bytes(begin, 'D', 'D', d);
  const std::uint32_t below = builder_.byte(d, '0', '7');
  hexes(below, 2, to);
  const std::uint32_t high = builder_.node();
  builder_.bytes(d, '8', '9', high);
  builder_.bytes(d, 'a', 'b', high);
  builder_.bytes(d, 'A', 'B', high);
  const std::uint32_t pair = builder_.node();
  hexes(high, 2, pair);
  const std::uint32_t second = builder_.literal(pair, "\\u");
  const std::uint32_t second_d = builder_.node();
  builder_.bytes(second, 'd', 'd', second_d);
  builder_.bytes(second, 'D', 'D', second_d);
  const std::uint32_t low = builder_.node();
  builder_.bytes(second_d, 'c', 'f', low);
  builder_.bytes(second_d, 'C', 'F', low);
  hexes(low, 2, to);
  return to;
}

std::uint32_t JsonGrammar::any_character(std::uint32_t from) {
  const std::uint32_t to = builder_.node();
  builder_.empty(append_character(builder_, from, plain_characters()), to);
  builder_.empty(escape(from), to);
  return to;
}

std::uint32_t JsonGrammar::quoted(std::uint32_t from, const AppendValue& append_content) {
  return builder_.literal(append_content(builder_.literal(from, "\"")), "\"");
}

std::uint32_t JsonGrammar::string(std::uint32_t from, const JsonLength& length) {
  if (length.min == 0 && !length.max) {
    return builder_.call(from, shared(string_, "a string", [this](std::uint32_t start) {
                           return quoted(start, [this](std::uint32_t at) {
                             return builder_.any_number(
                                 at, [this](std::uint32_t one) { return any_character(one); });
                           });
                         }));
  }
  const std::uint32_t rule = shared(character_, "a character",
                                    [this](std::uint32_t start) { return any_character(start); });
  return quoted(from, [&](std::uint32_t at) {
    return builder_.repeat(at, rule, length.min, length.max ? &*length.max : nullptr);
  });
}

std::uint32_t JsonGrammar::character(std::uint32_t from, const CharSet& set) {
  const std::uint32_t to = builder_.node();
  const CharSet plain = set.common(plain_characters());
  if (!plain.empty()) builder_.empty(append_character(builder_, from, plain), to);
  std::optional<std::uint32_t> slash;
  const auto after_slash = [&] {
    if (!slash) slash = builder_.literal(from, "\\");
    return *slash;
  };
  CharSet controls = set.common(CharSet{{0, 0x1F}});
  for (const auto& [code, letter] : kEscapes) {
    if (!set.contains(code)) continue;
    const auto byte = static_cast<std::uint8_t>(letter);
    builder_.bytes(after_slash(), byte, byte, to);
    controls = controls.without(CharSet{{code, code}});
  }
  for (const CharSet::Range& range : controls.ranges()) {
    for (char32_t code = range.first; code <= range.last; ++code) {
      const std::uint32_t zeros = builder_.literal(after_slash(), code < 16 ? "u000" : "u001");
      const auto digit = static_cast<std::uint8_t>("0123456789abcdef"[code % 16]);
      builder_.bytes(zeros, digit, digit, to);
    }
  }
  return to;
}

// A key that is none of the members', without escapes but those that must be, so that every key has
// one spelling.
std::uint32_t JsonGrammar::other_key(std::uint32_t from, const std::vector<JsonMember>& members) {
  if (members.empty()) return string(from);
  std::vector<std::u32string> keys;
  for (const JsonMember& member : members) keys.push_back(to_utf32(member.key));
  std::sort(keys.begin(), keys.end());
  const std::uint32_t to = builder_.node();
  key_rest(builder_.literal(from, "\""), keys, 0, to);
  return to;
}

// The rest of a key behind the first `depth` characters of `keys`, which are sorted.
void JsonGrammar::key_rest(std::uint32_t from, std::span<const std::u32string> keys,
                           std::size_t depth, std::uint32_t to) {
  const std::uint32_t rest = shared(key_characters_, "the rest of a key", [this](auto start) {
    const std::uint32_t end = builder_.any_number(
        start, [this](std::uint32_t at) { return character(at, CharSet::all()); });
    return builder_.literal(end, "\"");
  });
  if (keys.front().size() == depth) {
    keys = keys.subspan(1);
  } else {
    builder_.bytes(from, '"', '"', to);
  }
  CharSet others = CharSet::all();
  while (!keys.empty()) {
    const char32_t code = keys.front()[depth];
    const auto same = std::find_if(keys.begin(), keys.end(),
                                   [&](const std::u32string& key) { return key[depth] != code; });
    const auto count = static_cast<std::size_t>(same - keys.begin());
    key_rest(character(from, CharSet{{code, code}}), keys.first(count), depth + 1, to);
    others = others.without(CharSet{{code, code}});
    keys = keys.subspan(count);
  }
  builder_.empty(builder_.call(character(from, others), rest), to);
}

}  // namespace cellm

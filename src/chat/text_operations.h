// Python's operations on texts, with the origin of each byte kept.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "chat/text.h"
#include "chat/value.h"

namespace cellm::chat {

// str.replace(); count below 0: all.
Text replaced(const Text& text, const std::string& old, const Text& with, std::int64_t count,
              Budget& budget);
// str.split() and str.rsplit(): at `separator`, at most `most` times (below 0: everywhere).
std::vector<Text> split(const Text& text, const std::string& separator, std::int64_t most,
                        bool from_right);
// The same at runs of white space, without empty parts.
std::vector<Text> split_space(const Text& text, std::int64_t most, bool from_right);
// str.splitlines().
std::vector<Text> split_lines(const Text& text, bool keep_ends);
Text joined(const Text& separator, const std::vector<Text>& parts);
// str.strip() of `chars`, null for white space.
Text strip(const Text& text, bool left, bool right, const std::string* chars, Budget& budget);
// `count` characters, repeated: for padding.
Text repeated(std::string_view character, std::size_t count);

// With & < > ' and " as HTML entities, and markup from then on. Markup stays as it is.
Text escaped(const Text& text, Budget& budget);
// `text` with the mark of `other`.
Value make_like(const Text& other, Text text);
Value make_list(std::vector<Text> parts);

}  // namespace cellm::chat

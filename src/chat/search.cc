#include "chat/search.h"

#include <cstring>

namespace cellm::chat {
namespace {

std::string reversed(std::string_view text) {
  return {text.rbegin(), text.rend()};
}

}  // namespace

std::size_t find_part(std::string_view text, std::string_view part, std::size_t from) {
  if (from > text.size()) return std::string_view::npos;
  if (part.empty()) return from;
  const std::string_view rest = text.substr(from);
  // std::string::find() compares the whole part at each place.
  const void* found = memmem(rest.data(), rest.size(), part.data(), part.size());
  if (found == nullptr) return std::string_view::npos;
  return static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

std::size_t find_last_part(std::string_view text, std::string_view part) {
  if (part.empty()) return text.size();
  const std::vector<std::size_t> places = parts_from_right(text, part, 1);
  return places.empty() ? std::string_view::npos : places.front();
}

std::vector<std::size_t> parts_from_right(std::string_view text, std::string_view part,
                                          std::size_t most) {
  const std::string mirrored = reversed(text);
  const std::string mirrored_part = reversed(part);
  std::vector<std::size_t> places;
  std::size_t end = 0;
  while (places.size() < most) {
    const std::size_t at = find_part(mirrored, mirrored_part, end);
    if (at == std::string_view::npos) break;
    end = at + part.size();
    places.push_back(text.size() - end);
  }
  return places;
}

}  // namespace cellm::chat

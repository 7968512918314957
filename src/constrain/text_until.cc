#include "constrain/text_until.h"

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/string_matcher.h"

namespace cellm {
namespace {

// States of UTF-8 (Unicode 15, table 3-7).
enum Utf8 : std::uint8_t {
  kBoundary,
  kOneMore,
  kTwoMore,
  kThreeMore,
  kE0,
  kEd,
  kF0,
  kF4,
  kInvalid
};

bool within(std::uint8_t byte, int low, int high) {
  return low <= byte && byte <= high;
}

Utf8 begin_character(std::uint8_t byte) {
  if (byte < 0x80) return kBoundary;
  if (within(byte, 0xC2, 0xDF)) return kOneMore;
  if (byte == 0xE0) return kE0;
  if (byte == 0xED) return kEd;
  if (within(byte, 0xE1, 0xEF)) return kTwoMore;
  if (byte == 0xF0) return kF0;
  if (within(byte, 0xF1, 0xF3)) return kThreeMore;
  return byte == 0xF4 ? kF4 : kInvalid;
}

Utf8 next_utf8(Utf8 state, std::uint8_t byte) {
  switch (state) {
    case kBoundary:
      return begin_character(byte);
    case kOneMore:
      return within(byte, 0x80, 0xBF) ? kBoundary : kInvalid;
    case kTwoMore:
      return within(byte, 0x80, 0xBF) ? kOneMore : kInvalid;
    case kThreeMore:
      return within(byte, 0x80, 0xBF) ? kTwoMore : kInvalid;
    case kE0:
      return within(byte, 0xA0, 0xBF) ? kOneMore : kInvalid;
    case kEd:
      return within(byte, 0x80, 0x9F) ? kOneMore : kInvalid;
    case kF0:
      return within(byte, 0x90, 0xBF) ? kTwoMore : kInvalid;
    case kF4:
      return within(byte, 0x80, 0x8F) ? kTwoMore : kInvalid;
    case kInvalid:
      break;
  }
  return kInvalid;
}

// Text that does not contain `end`; then `end` if it is to follow.
std::uint32_t append(GrammarBuilder& builder, std::uint32_t from, std::string_view end,
                     bool follows) {
  const StringMatcher matcher{std::string(end)};
  using Place = std::pair<std::size_t, Utf8>;
  std::map<Place, std::uint32_t> nodes;
  std::vector<Place> queue;
  const auto node_of = [&](const Place& place) {
    const auto [found, is_new] = nodes.try_emplace(place, 0);
    if (is_new) {
      found->second = builder.node();
      queue.push_back(place);
    }
    return found->second;
  };
  builder.empty(from, node_of({0, kBoundary}));
  const std::uint32_t to = builder.node();
  while (!queue.empty()) {
    const auto [matched, utf8] = queue.back();
    const std::uint32_t here = nodes.at(queue.back());
    queue.pop_back();
    if (!follows && utf8 == kBoundary) builder.empty(here, to);
    constexpr std::uint32_t kNone = ~std::uint32_t{0};
    std::uint32_t run = kNone;  // the target of the bytes from `low`
    int low = 0;
    for (int byte = 0; byte <= 256; ++byte) {
      std::uint32_t target = kNone;
      if (byte < 256) {
        const auto value = static_cast<std::uint8_t>(byte);
        const Place next{matcher.next(matched, static_cast<char>(value)), next_utf8(utf8, value)};
        const bool complete = next.first == end.size();
        if (next.second != kInvalid && (follows || !complete)) {
          target = complete ? to : node_of(next);
        }
      }
      if (target == run) continue;
      if (run != kNone) {
        builder.bytes(here, static_cast<std::uint8_t>(low), static_cast<std::uint8_t>(byte - 1),
                      run);
      }
      run = target;
      low = byte;
    }
  }
  return to;
}

}  // namespace

std::uint32_t append_text_until(GrammarBuilder& builder, std::uint32_t from, std::string_view end) {
  return append(builder, from, end, true);
}

std::uint32_t append_text_without(GrammarBuilder& builder, std::uint32_t from,
                                  std::string_view end) {
  return append(builder, from, end, false);
}

}  // namespace cellm

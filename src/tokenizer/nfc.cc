#include "tokenizer/nfc.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include <utf8proc.h>

#include "base/error.h"
#include "base/utf8.h"

namespace cellm {
namespace {

// A single character has at most 4 characters in its canonical decomposition.
constexpr std::size_t kMaxDecomposition = 8;

struct CharacterRange {
  utf8proc_int32_t first;
  utf8proc_int32_t last;
};

// The reference normalizes with the data of Unicode 9, in which these characters (marks and
// compositions added later) are unassigned: they neither decompose nor combine.
constexpr CharacterRange kUnknown[] = {
    {0x07FD, 0x07FD},   {0x0897, 0x089F},   {0x08CA, 0x08D3},   {0x09FE, 0x09FE},
    {0x0C3C, 0x0C3C},   {0x0D3B, 0x0D3C},   {0x0EBA, 0x0EBA},   {0x1715, 0x1715},
    {0x1ABF, 0x1ACE},   {0x1DF6, 0x1DFA},   {0xA82C, 0xA82C},   {0x105C9, 0x105C9},
    {0x105E4, 0x105E4}, {0x10D24, 0x10D27}, {0x10D69, 0x10D6D}, {0x10EAB, 0x10EAC},
    {0x10EFC, 0x10EFF}, {0x10F46, 0x10F50}, {0x10F82, 0x10F85}, {0x11070, 0x11070},
    {0x1133B, 0x1133B}, {0x11383, 0x11383}, {0x11385, 0x11385}, {0x1138E, 0x1138E},
    {0x11391, 0x11391}, {0x113C5, 0x113C5}, {0x113C7, 0x113C8}, {0x113CE, 0x113D0},
    {0x1145E, 0x1145E}, {0x11839, 0x1183A}, {0x11930, 0x11930}, {0x11935, 0x11935},
    {0x11938, 0x11938}, {0x1193D, 0x1193E}, {0x11943, 0x11943}, {0x119E0, 0x119E0},
    {0x11A34, 0x11A34}, {0x11A47, 0x11A47}, {0x11A99, 0x11A99}, {0x11D42, 0x11D42},
    {0x11D44, 0x11D45}, {0x11D97, 0x11D97}, {0x11F41, 0x11F42}, {0x16121, 0x16128},
    {0x1612F, 0x1612F}, {0x16D68, 0x16D6A}, {0x16FF0, 0x16FF1}, {0x1E08F, 0x1E08F},
    {0x1E130, 0x1E136}, {0x1E2AE, 0x1E2AE}, {0x1E2EC, 0x1E2EF}, {0x1E4EC, 0x1E4EF},
    {0x1E5EE, 0x1E5EF},
};

bool is_unknown(utf8proc_int32_t code) {
  if (code < kUnknown[0].first) return false;
  const auto* found = std::upper_bound(
      std::begin(kUnknown), std::end(kUnknown), code,
      [](utf8proc_int32_t value, const CharacterRange& range) { return value < range.first; });
  return found != std::begin(kUnknown) && code <= (found - 1)->last;
}

int combining_class(utf8proc_int32_t code) {
  if (code < 0x300) return 0;
  const int value = utf8proc_get_property(code)->combining_class;
  return value != 0 && is_unknown(code) ? 0 : value;
}

// Sorts the marks after a base character by combining class, stably. Sorting whole runs instead of
// swapping neighbours avoids quadratic time on a text of nothing but marks.
void order_marks(std::vector<utf8proc_int32_t>& codes) {
  auto at = codes.begin();
  while (at != codes.end()) {
    if (combining_class(*at) == 0) {
      ++at;
      continue;
    }
    const auto end =
        std::find_if(at, codes.end(), [](auto code) { return combining_class(code) == 0; });
    std::stable_sort(at, end,
                     [](auto a, auto b) { return combining_class(a) < combining_class(b); });
    at = end;
  }
}

}  // namespace

bool is_trivially_nfc(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0xCC; });
}

std::string normalize_nfc(std::string_view text) {
  std::vector<utf8proc_int32_t> codes;
  codes.reserve(text.size());
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t length = 0;
    const auto code = static_cast<utf8proc_int32_t>(decode_utf8(text.substr(at), length));
    at += length;
    if (code < 0xC0 || is_unknown(code)) {
      codes.push_back(code);
      continue;
    }
    utf8proc_int32_t parts[kMaxDecomposition];
    int last_boundclass = 0;
    const auto count = utf8proc_decompose_char(code, parts, kMaxDecomposition, UTF8PROC_DECOMPOSE,
                                               &last_boundclass);
    CELLM_CHECK(count > 0 && count <= static_cast<utf8proc_ssize_t>(kMaxDecomposition));
    codes.insert(codes.end(), parts, parts + count);
  }
  order_marks(codes);
  std::string out;
  out.reserve(text.size());
  auto begin = codes.begin();
  while (begin != codes.end()) {
    const auto end = std::find_if(begin, codes.end(), is_unknown);
    const auto count = utf8proc_normalize_utf32(
        codes.data() + (begin - codes.begin()), end - begin,
        static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STABLE));
    CELLM_CHECK(count >= 0);
    std::for_each(begin, begin + count,
                  [&](auto code) { append_utf8(out, static_cast<char32_t>(code)); });
    begin = end;
    if (begin != codes.end()) append_utf8(out, static_cast<char32_t>(*begin++));
  }
  return out;
}

}  // namespace cellm

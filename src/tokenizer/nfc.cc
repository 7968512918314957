#include "tokenizer/nfc.h"

#include <algorithm>
#include <vector>

#include <utf8proc.h>

#include "base/error.h"
#include "tokenizer/utf8.h"

namespace cellm {
namespace {

// A single character decomposes into at most 4 canonically.
constexpr std::size_t kMaxDecomposition = 8;

int combining_class(utf8proc_int32_t code) {
  return utf8proc_get_property(code)->combining_class;
}

// Marks after a base character in the order of their classes, equal ones as they were. Sorting
// whole runs instead of swapping neighbours keeps a text of nothing but marks from taking quadratic
// time.
void order_marks(std::vector<utf8proc_int32_t>& codes) {
  auto at = codes.begin();
  while (at != codes.end()) {
    if (*at < 0x300 || combining_class(*at) == 0) {
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
    if (code < 0xC0) {
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
  const auto count =
      utf8proc_normalize_utf32(codes.data(), static_cast<utf8proc_ssize_t>(codes.size()),
                               static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STABLE));
  CELLM_CHECK(count >= 0);
  std::string out;
  out.reserve(text.size());
  for (utf8proc_ssize_t i = 0; i < count; ++i) {
    append_utf8(out, static_cast<char32_t>(codes[static_cast<std::size_t>(i)]));
  }
  return out;
}

}  // namespace cellm

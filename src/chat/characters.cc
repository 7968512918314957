#include "chat/characters.h"

#include <algorithm>
#include <iterator>

#include <utf8proc.h>

#include "base/utf8.h"
#include "chat/special_casing.h"
#include "tokenizer/unicode.h"

namespace cellm::chat {
namespace {

constexpr char32_t kSigma = 0x3A3;
constexpr char32_t kFinalSigma = 0x3C2;

const SpecialCasing* special_casing(char32_t code) {
  const auto* found =
      std::partition_point(std::begin(kSpecialCasing), std::end(kSpecialCasing),
                           [code](const SpecialCasing& s) { return s.code < code; });
  return found != std::end(kSpecialCasing) && found->code == code ? found : nullptr;
}

utf8proc_category_t category(char32_t code) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(code));
}

char32_t simple(utf8proc_int32_t (*map)(utf8proc_int32_t), char32_t code) {
  return static_cast<char32_t>(map(static_cast<utf8proc_int32_t>(code)));
}

void append_mapped(std::string& out, char32_t code, Casing casing) {
  const SpecialCasing* special = special_casing(code);
  const char* several = special == nullptr ? "" : special->lower;
  auto map = utf8proc_tolower;
  if (casing == Casing::kUpper) {
    several = special == nullptr ? "" : special->upper;
    map = utf8proc_toupper;
  } else if (casing == Casing::kTitle) {
    several = special == nullptr ? "" : special->title;
    map = utf8proc_totitle;
  }
  if (*several != '\0') {
    out += several;
  } else {
    append_utf8(out, simple(map, code));
  }
}

bool is_upper_case(char32_t code) {
  return category(code) == UTF8PROC_CATEGORY_LU;
}
bool is_lower_case(char32_t code) {
  return category(code) == UTF8PROC_CATEGORY_LL;
}
bool is_cased(char32_t code) {
  return is_upper_case(code) || is_lower_case(code) || category(code) == UTF8PROC_CATEGORY_LT;
}

// Unicode's Final_Sigma: a cased character before, none after.
bool is_final_sigma(std::string_view before, std::string_view after) {
  const auto ignorable = [](char32_t code) {
    const auto of = category(code);
    return of == UTF8PROC_CATEGORY_MN || of == UTF8PROC_CATEGORY_ME || of == UTF8PROC_CATEGORY_CF ||
           of == UTF8PROC_CATEGORY_LM || of == UTF8PROC_CATEGORY_SK || code == '\'' ||
           code == '.' || code == ':' || code == 0xB7 || code == 0x2019;
  };
  std::size_t size = 0;
  while (!before.empty() && ignorable(decode_last_utf8(before, size))) before.remove_suffix(size);
  while (!after.empty() && ignorable(decode_utf8(after, size))) after.remove_prefix(size);
  return !before.empty() && is_cased(decode_last_utf8(before, size)) &&
         (after.empty() || !is_cased(decode_utf8(after, size)));
}

// The mapping of a character within its text.
Casing casing_at(Casing casing, char32_t code, bool first, bool after_cased) {
  switch (casing) {
    case Casing::kTitle:
      return after_cased ? Casing::kLower : Casing::kTitle;
    case Casing::kCapitalize:
      return first ? Casing::kTitle : Casing::kLower;
    case Casing::kSwap:
      if (is_upper_case(code)) return Casing::kLower;
      return is_lower_case(code) ? Casing::kUpper : Casing::kTitle;  // kTitle keeps the others
    default:
      return casing;
  }
}

// All cased characters satisfy `property`, and there is one.
bool all_cased(std::string_view text, bool (*property)(char32_t)) {
  bool any = false;
  for (std::size_t at = 0, size = 0; at < text.size(); at += size) {
    const char32_t code = decode_utf8(text.substr(at), size);
    if (!is_cased(code)) continue;
    if (!property(code)) return false;
    any = true;
  }
  return any;
}

}  // namespace

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  }));
}

std::vector<std::size_t> boundaries(std::string_view text) {
  std::vector<std::size_t> offsets;
  offsets.reserve(text.size() + 1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) offsets.push_back(i);
  }
  offsets.push_back(text.size());
  return offsets;
}

std::vector<Value> characters(const Text& text, Budget& budget) {
  budget.spend(text.size());
  const std::vector<std::size_t> at = boundaries(text.bytes());
  if (at.size() > kMaxElements) throw Fault("the text is too long to visit its characters");
  std::vector<Value> all;
  all.reserve(at.size() - 1);
  for (std::size_t i = 0; i + 1 < at.size(); ++i) {
    Text character = text.slice(at[i], at[i + 1]);
    character.set_markup(false);  // str.__iter__ does not know of markup
    all.push_back(make_text(std::move(character)));
  }
  return all;
}

bool is_python_space(char32_t code) {
  return is_white_space(code) || (code >= 0x1C && code <= 0x1F);
}

bool is_printable(char32_t code) {
  if (code == ' ') return true;
  const auto of = category(code);
  return of != UTF8PROC_CATEGORY_CN && of != UTF8PROC_CATEGORY_ZS && of < UTF8PROC_CATEGORY_ZL;
}

Text strip(const Text& text, bool left, bool right, const std::string* chars) {
  const auto taken = [&](std::string_view character, char32_t code) {
    return chars == nullptr ? is_python_space(code) : chars->find(character) != std::string::npos;
  };
  std::string_view rest = text.bytes();
  std::size_t begin = 0;
  std::size_t size = 0;
  while (left && !rest.empty()) {
    const char32_t code = decode_utf8(rest, size);
    if (!taken(rest.substr(0, size), code)) break;
    rest.remove_prefix(size);
    begin += size;
  }
  while (right && !rest.empty()) {
    const char32_t code = decode_last_utf8(rest, size);
    if (!taken(rest.substr(rest.size() - size), code)) break;
    rest.remove_suffix(size);
  }
  return text.slice(begin, begin + rest.size());
}

Text change_case(const Text& text, Casing casing) {
  const std::string_view bytes = text.bytes();
  Text changed;
  bool after_cased = false;
  std::string mapped;
  for (std::size_t at = 0, size = 0; at < bytes.size(); at += size) {
    const char32_t code = decode_utf8(bytes.substr(at), size);
    const Casing here = casing_at(casing, code, at == 0, after_cased);
    mapped.clear();
    if (code == kSigma && here == Casing::kLower &&
        is_final_sigma(bytes.substr(0, at), bytes.substr(at + size))) {
      append_utf8(mapped, kFinalSigma);
    } else {
      append_mapped(mapped, code, here);
    }
    changed.append(mapped, text.origin_at(at));
    after_cased = is_cased(code);
  }
  changed.set_markup(text.is_markup());
  return changed;
}

Text fold_case(const Text& text) {
  const std::string_view bytes = text.bytes();
  Text folded;
  std::string mapped;
  for (std::size_t at = 0, size = 0; at < bytes.size(); at += size) {
    const char32_t code = decode_utf8(bytes.substr(at), size);
    constexpr int kMost = 4;  // characters that one becomes; Unicode has up to 3
    utf8proc_int32_t codes[kMost];
    int boundary = 0;
    const utf8proc_ssize_t count = utf8proc_decompose_char(
        static_cast<utf8proc_int32_t>(code), codes, kMost, UTF8PROC_CASEFOLD, &boundary);
    mapped.clear();
    for (utf8proc_ssize_t i = 0; i < std::min<utf8proc_ssize_t>(count, kMost); ++i) {
      append_utf8(mapped, static_cast<char32_t>(codes[i]));
    }
    folded.append(mapped, text.origin_at(at));
  }
  folded.set_markup(text.is_markup());
  return folded;
}

bool all_characters(std::string_view text, bool (*property)(char32_t)) {
  for (std::size_t at = 0, size = 0; at < text.size(); at += size) {
    if (!property(decode_utf8(text.substr(at), size))) return false;
  }
  return !text.empty();
}

bool is_letter(char32_t code) {
  const auto of = category(code);
  return of >= UTF8PROC_CATEGORY_LU && of <= UTF8PROC_CATEGORY_LO;
}
bool is_decimal(char32_t code) {
  return category(code) == UTF8PROC_CATEGORY_ND;
}
bool is_alphanumeric(char32_t code) {
  return is_letter(code) || is_numeric(code);
}
bool is_upper(std::string_view text) {
  return all_cased(text, is_upper_case);
}
bool is_lower(std::string_view text) {
  return all_cased(text, is_lower_case);
}

bool is_identifier(std::string_view text) {
  const auto begins = [](char32_t code) {
    return code == '_' || is_letter(code) || category(code) == UTF8PROC_CATEGORY_NL;
  };
  const auto continues = [&begins](char32_t code) {
    const auto of = category(code);
    return begins(code) || is_decimal(code) || of == UTF8PROC_CATEGORY_MN ||
           of == UTF8PROC_CATEGORY_MC || of == UTF8PROC_CATEGORY_PC;
  };
  for (std::size_t at = 0, size = 0; at < text.size(); at += size) {
    const char32_t code = decode_utf8(text.substr(at), size);
    if (at == 0 ? !begins(code) : !continues(code)) return false;
  }
  return !text.empty();
}

bool is_title(std::string_view text) {
  bool any = false;
  bool after_cased = false;
  for (std::size_t at = 0, size = 0; at < text.size(); at += size) {
    const char32_t code = decode_utf8(text.substr(at), size);
    if (is_cased(code) && is_lower_case(code) != after_cased) return false;
    after_cased = is_cased(code);
    any = any || after_cased;
  }
  return any;
}

}  // namespace cellm::chat

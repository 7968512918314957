#include "chat/numerals.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <limits>
#include <string>

#include "base/utf8.h"
#include "chat/characters.h"
#include "chat/value.h"
#include "tokenizer/unicode.h"

namespace cellm::chat {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// The zeros of Unicode 14; the digits 1 to 9 follow each.
constexpr char32_t kZeros[] = {
    0x30,    0x660,   0x6F0,   0x7C0,   0x966,   0x9E6,   0xA66,   0xAE6,   0xB66,   0xBE6,
    0xC66,   0xCE6,   0xD66,   0xDE6,   0xE50,   0xED0,   0xF20,   0x1040,  0x1090,  0x17E0,
    0x1810,  0x1946,  0x19D0,  0x1A80,  0x1A90,  0x1B50,  0x1BB0,  0x1C40,  0x1C50,  0xA620,
    0xA8D0,  0xA900,  0xA9D0,  0xA9F0,  0xAA50,  0xABF0,  0xFF10,  0x104A0, 0x10D30, 0x11066,
    0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x11730, 0x118E0,
    0x11950, 0x11C50, 0x11D50, 0x11DA0, 0x16A60, 0x16AC0, 0x16B50, 0x1D7CE, 0x1D7D8, 0x1D7E2,
    0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E950, 0x1FBF0};

// Digits that are no decimal ones: superscripts, circled digits and others.
constexpr Range kDigits[] = {
    {0xB2, 0xB3},       {0xB9, 0xB9},       {0x1369, 0x1371},   {0x19DA, 0x19DA},
    {0x2070, 0x2070},   {0x2074, 0x2079},   {0x2080, 0x2089},   {0x2460, 0x2468},
    {0x2474, 0x247C},   {0x2488, 0x2490},   {0x24EA, 0x24EA},   {0x24F5, 0x24FD},
    {0x24FF, 0x24FF},   {0x2776, 0x277E},   {0x2780, 0x2788},   {0x278A, 0x2792},
    {0x10A40, 0x10A43}, {0x10E60, 0x10E68}, {0x11052, 0x1105A}, {0x1F100, 0x1F10A}};

// Letters with a numeric value.
constexpr Range kLetterNumerals[] = {
    {0x3405, 0x3405},   {0x3483, 0x3483},   {0x382A, 0x382A},   {0x3B4D, 0x3B4D},
    {0x4E00, 0x4E00},   {0x4E03, 0x4E03},   {0x4E07, 0x4E07},   {0x4E09, 0x4E09},
    {0x4E5D, 0x4E5D},   {0x4E8C, 0x4E8C},   {0x4E94, 0x4E94},   {0x4E96, 0x4E96},
    {0x4EBF, 0x4EC0},   {0x4EDF, 0x4EDF},   {0x4EE8, 0x4EE8},   {0x4F0D, 0x4F0D},
    {0x4F70, 0x4F70},   {0x5104, 0x5104},   {0x5146, 0x5146},   {0x5169, 0x5169},
    {0x516B, 0x516B},   {0x516D, 0x516D},   {0x5341, 0x5341},   {0x5343, 0x5345},
    {0x534C, 0x534C},   {0x53C1, 0x53C4},   {0x56DB, 0x56DB},   {0x58F1, 0x58F1},
    {0x58F9, 0x58F9},   {0x5E7A, 0x5E7A},   {0x5EFE, 0x5EFF},   {0x5F0C, 0x5F0E},
    {0x5F10, 0x5F10},   {0x62FE, 0x62FE},   {0x634C, 0x634C},   {0x67D2, 0x67D2},
    {0x6F06, 0x6F06},   {0x7396, 0x7396},   {0x767E, 0x767E},   {0x8086, 0x8086},
    {0x842C, 0x842C},   {0x8CAE, 0x8CAE},   {0x8CB3, 0x8CB3},   {0x8D30, 0x8D30},
    {0x9621, 0x9621},   {0x9646, 0x9646},   {0x964C, 0x964C},   {0x9678, 0x9678},
    {0x96F6, 0x96F6},   {0xF96B, 0xF96B},   {0xF973, 0xF973},   {0xF978, 0xF978},
    {0xF9B2, 0xF9B2},   {0xF9D1, 0xF9D1},   {0xF9D3, 0xF9D3},   {0xF9FD, 0xF9FD},
    {0x20001, 0x20001}, {0x20064, 0x20064}, {0x200E2, 0x200E2}, {0x20121, 0x20121},
    {0x2092A, 0x2092A}, {0x20983, 0x20983}, {0x2098C, 0x2098C}, {0x2099C, 0x2099C},
    {0x20AEA, 0x20AEA}, {0x20AFD, 0x20AFD}, {0x20B19, 0x20B19}, {0x22390, 0x22390},
    {0x22998, 0x22998}, {0x23B1B, 0x23B1B}, {0x2626D, 0x2626D}, {0x2F890, 0x2F890}};

template <std::size_t kCount>
bool contains(const Range (&ranges)[kCount], char32_t code) {
  const Range* found = std::partition_point(std::begin(ranges), std::end(ranges),
                                            [code](const Range& r) { return r.last < code; });
  return found != std::end(ranges) && found->first <= code;
}

// The text as Python's int() and float() read it: without white space around it, decimal digits of
// all scripts as ASCII, and without the underscores between digits. Nothing for other underscores.
std::optional<std::string> ascii_number(std::string_view text) {
  const std::string stripped = strip(Text(text, Origin::kTemplate), true, true).bytes();
  std::string ascii;
  for (std::size_t at = 0, size = 0; at < stripped.size(); at += size) {
    const char32_t code = decode_utf8(std::string_view(stripped).substr(at), size);
    if (const auto digit = decimal_digit(code)) {
      ascii += static_cast<char>('0' + *digit);
    } else {
      ascii.append(stripped, at, size);
    }
  }
  const auto is_alphanumeric = [](char c) {
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
  };
  for (std::size_t i = 0; i < ascii.size(); ++i) {
    if (ascii[i] != '_') continue;
    if (i == 0 || i + 1 == ascii.size() || !is_alphanumeric(ascii[i - 1]) ||
        !is_alphanumeric(ascii[i + 1])) {
      return std::nullopt;
    }
  }
  std::erase(ascii, '_');
  return ascii;
}

// The base that a prefix announces (0x, 0o, 0b); 0: none.
int prefix_base(std::string_view digits) {
  if (digits.size() < 3 || digits[0] != '0') return 0;
  switch (digits[1] | 32) {
    case 'x':
      return 16;
    case 'o':
      return 8;
    case 'b':
      return 2;
    default:
      return 0;
  }
}

}  // namespace

std::optional<int> decimal_digit(char32_t code) {
  const char32_t* after = std::upper_bound(std::begin(kZeros), std::end(kZeros), code);
  if (after == std::begin(kZeros)) return std::nullopt;
  const auto value = static_cast<int>(code - *std::prev(after));
  return value < 10 ? std::optional<int>(value) : std::nullopt;
}

bool is_digit(char32_t code) {
  return decimal_digit(code).has_value() || contains(kDigits, code);
}

bool is_numeral(char32_t code) {
  return is_numeric(code) || contains(kLetterNumerals, code);
}

std::optional<std::int64_t> parse_integer(std::string_view text, int base) {
  const auto number = ascii_number(text);
  if (!number) return std::nullopt;
  std::string_view digits = *number;
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  const int prefixed = prefix_base(digits);
  if (prefixed != 0 && (base == prefixed || base == 0)) {
    digits.remove_prefix(2);
    base = prefixed;
  } else if (base == 0) {
    base = 10;
    const bool zero = digits.find_first_not_of('0') == std::string_view::npos;
    if (digits.starts_with('0') && !zero) return std::nullopt;
  }
  std::uint64_t value = 0;
  const auto [end, status] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (digits.empty() || end != digits.data() + digits.size()) return std::nullopt;
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  if (status == std::errc::result_out_of_range || value > kMost + (negative ? 1 : 0)) {
    throw Fault("an integer has more than 64 bits");
  }
  return static_cast<std::int64_t>(negative ? 0 - value : value);
}

std::optional<double> parse_float(std::string_view text) {
  const auto number = ascii_number(text);
  if (!number) return std::nullopt;
  std::string_view digits = *number;
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  if (digits.empty() || digits[0] == '-' || digits.find('(') != std::string_view::npos) {
    return std::nullopt;
  }
  double value = 0.0;
  const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (end != digits.data() + digits.size()) return std::nullopt;
  if (status == std::errc::result_out_of_range) {  // beyond the largest, or below the smallest
    const bool small = digits.find("e-") != std::string_view::npos ||
                       digits.find("E-") != std::string_view::npos || digits[0] == '0' ||
                       digits[0] == '.';
    value = small ? 0.0 : std::numeric_limits<double>::infinity();
  } else if (status != std::errc()) {
    return std::nullopt;
  }
  return negative ? -value : value;
}

}  // namespace cellm::chat

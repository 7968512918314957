// Ranges of decimal numbers as automata over their digits.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "constrain/grammar.h"

namespace cellm {

// A number in decimal digits. Zero is not negative.
struct Decimal {
  bool negative = false;
  std::string integer;   // no leading zeros: empty below 1
  std::string fraction;  // no trailing zeros

  // Reads texts of std::to_chars: sign, digits, fraction, exponent. Nothing for more digits than
  // kMaxDecimalDigits on either side of the point.
  static std::optional<Decimal> parse(std::string_view text);
};
inline constexpr std::size_t kMaxDecimalDigits = 40;

struct DecimalBound {
  Decimal value;
  bool exclusive = false;
};

struct DecimalRange {
  std::optional<DecimalBound> min = {};
  std::optional<DecimalBound> max = {};
  // Numbers have so many digits at most before and behind the point together; with none behind it
  // there is no point.
  std::size_t max_digits = 15;
  bool fractions = false;
};

// Appends a JSON number of a range, without exponent and not -0. Throws Error(kUsage) if there is
// none.
std::uint32_t append_decimal(GrammarBuilder& builder, std::uint32_t from,
                             const DecimalRange& range);

}  // namespace cellm

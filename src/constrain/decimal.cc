#include "constrain/decimal.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <tuple>
#include <utility>

#include "base/error.h"

namespace cellm {
namespace {

// Digits of numbers without sign, in the bounds [min, max] (nothing: unbounded).
class Magnitudes {
 public:
  Magnitudes(GrammarBuilder& builder, std::uint32_t to, const DecimalRange& range)
      : builder_(builder), to_(to), range_(range) {}

  void append(std::uint32_t from) {
    const std::size_t longest =
        std::max({range_.max_digits, length_of(range_.min), length_of(range_.max)});
    for (length_ = 1; length_ <= longest; ++length_) {
      if (range_.min && length_of(range_.min) > length_) continue;
      if (range_.max && length_of(range_.max) < length_) continue;
      const bool at_min = length_of(range_.min) == length_;
      const bool at_max = length_of(range_.max) == length_;
      min_ = at_min ? digits_of(*range_.min) : "";
      max_ = at_max ? digits_of(*range_.max) : "";
      nodes_.clear();
      visit_at(from, {0, at_min, at_max});
    }
  }

 private:
  // How many digits are compared, and whether all of them so far are those of the bounds.
  struct Place {
    std::size_t digits;
    bool at_min;
    bool at_max;
    // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy takes the comparison with 0 for a pointer
    auto operator<=>(const Place&) const = default;
  };

  // Digits before the point, of which a number has one at least; 0 without a bound.
  static std::size_t length_of(const std::optional<DecimalBound>& bound) {
    return bound ? std::max<std::size_t>(bound->value.integer.size(), 1) : 0;
  }
  static std::string digits_of(const DecimalBound& bound) {
    std::string digits = bound.value.integer.empty() ? "0" : bound.value.integer;
    return digits.append(bound.value.fraction);
  }
  char digit_of(const std::string& bound, std::size_t place) const {
    return place < bound.size() ? bound[place] : '0';
  }
  bool rest_is_zero(const std::string& bound, std::size_t place) const {
    return bound.find_first_not_of('0', std::min(place, bound.size())) == std::string::npos;
  }
  bool may_end(const Place& place) const {
    if (place.digits < length_) return false;
    if (place.at_min && !rest_is_zero(min_, place.digits)) return false;
    if (place.at_min && range_.min->exclusive) return false;
    return !place.at_max || !range_.max->exclusive || !rest_is_zero(max_, place.digits);
  }

  std::uint32_t visit(const Place& place) {
    const auto found = nodes_.find(place);
    if (found != nodes_.end()) return found->second;
    const std::uint32_t node = builder_.node();
    nodes_.emplace(place, node);
    visit_at(node, place);
    return node;
  }

  void visit_at(std::uint32_t node, const Place& place) {
    if (may_end(place)) builder_.empty(node, to_);
    const std::size_t most = std::max(range_.max_digits, length_);
    if (place.digits == length_) {
      if (!range_.fractions || length_ >= most) return;
      const std::uint32_t point = builder_.byte(node, '.', '.');
      add_digits(point, place);
    } else if (place.digits < most) {
      add_digits(node, place);
    }
  }

  void add_digits(std::uint32_t node, const Place& place) {
    const char low = place.at_min ? digit_of(min_, place.digits) : '0';
    const char high = place.at_max ? digit_of(max_, place.digits) : '9';
    const bool leading = place.digits == 0 && length_ > 1;
    for (char digit = leading ? std::max(low, '1') : low; digit <= high; ++digit) {
      const Place next{place.digits + 1, place.at_min && digit == low,
                       place.at_max && digit == high};
      const auto byte = static_cast<std::uint8_t>(digit);
      builder_.bytes(node, byte, byte, visit(next));
    }
  }

  GrammarBuilder& builder_;
  std::uint32_t to_;
  const DecimalRange& range_;
  std::size_t length_ = 0;  // digits before the point
  std::string min_;
  std::string max_;
  std::map<Place, std::uint32_t> nodes_;
};

bool is_zero(const Decimal& value) {
  return value.integer.empty() && value.fraction.empty();
}

// A bound without its sign.
DecimalBound magnitude(const DecimalBound& bound) {
  DecimalBound result = bound;
  result.value.negative = false;
  return result;
}

}  // namespace

std::optional<Decimal> Decimal::parse(std::string_view text) {
  Decimal result;
  if (text.starts_with('-')) {
    result.negative = true;
    text.remove_prefix(1);
  }
  int exponent = 0;
  if (const std::size_t at = text.find('e'); at != std::string_view::npos) {
    std::string_view digits = text.substr(at + 1);
    if (digits.starts_with('+')) digits.remove_prefix(1);
    const auto [end, failed] =
        std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
    if (failed != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    text = text.substr(0, at);
  }
  const std::size_t point = std::min(text.find('.'), text.size());
  std::string digits(text.substr(0, point));
  if (point < text.size()) digits += text.substr(point + 1);
  if (digits.find_first_not_of("0123456789") != std::string::npos || digits.empty()) {
    return std::nullopt;
  }
  constexpr int kMost = static_cast<int>(kMaxDecimalDigits);
  if (exponent > kMost || exponent < -kMost) return std::nullopt;
  int before = static_cast<int>(point) + exponent;  // digits before the point
  if (before < 0) {
    digits.insert(0, static_cast<std::size_t>(-before), '0');
    before = 0;
  }
  digits.resize(std::max(digits.size(), static_cast<std::size_t>(before)), '0');
  result.integer = digits.substr(0, static_cast<std::size_t>(before));
  result.fraction = digits.substr(static_cast<std::size_t>(before));
  result.integer.erase(0, std::min(result.integer.find_first_not_of('0'), result.integer.size()));
  result.fraction.resize(result.fraction.find_last_not_of('0') + 1);
  if (is_zero(result)) result.negative = false;
  if (result.integer.size() > kMaxDecimalDigits || result.fraction.size() > kMaxDecimalDigits) {
    return std::nullopt;
  }
  return result;
}

std::uint32_t append_decimal(GrammarBuilder& builder, std::uint32_t from,
                             const DecimalRange& range) {
  const std::uint32_t to = builder.node();
  const bool max_negative = range.max && (range.max->value.negative ||
                                          (is_zero(range.max->value) && range.max->exclusive));
  if (!max_negative) {
    DecimalRange positive = range;
    if (range.min && range.min->value.negative) positive.min.reset();
    Magnitudes(builder, to, positive).append(from);
  }
  const bool min_positive = range.min && !range.min->value.negative;
  if (!min_positive) {
    DecimalRange negative = range;
    negative.max.reset();
    if (range.min) negative.max = magnitude(*range.min);
    negative.min = DecimalBound{.value = {}, .exclusive = true};
    if (range.max && range.max->value.negative) negative.min = magnitude(*range.max);
    Magnitudes(builder, to, negative).append(builder.byte(from, '-', '-'));
  }
  return to;
}

}  // namespace cellm

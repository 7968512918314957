#include "convert/bad_values.h"

#include <algorithm>
#include <cmath>

#include "base/advice.h"

namespace cellm {
namespace {

bool fits(float value, float largest) {
  return std::fabs(value) <= largest;  // false for NaN
}

float replacement(float value, float largest) {
  return std::isnan(value) ? 0.0F : std::copysign(largest, value);
}

}  // namespace

std::string describe(const std::vector<BadValues>& found) {
  std::string text =
      fmt::format("{} tensor{} values that are NaN, infinite or too large: ", found.size(),
                  found.size() == 1 ? " has" : "s have");
  for (std::size_t i = 0; i < std::min(found.size(), kMaxNamedTensors); ++i) {
    const BadValues& bad = found[i];
    const FormatSpec& format = format_spec(bad.format);
    text += fmt::format(
        "{}{} ({} value{} in {} row{}, the first {} at row {}, column {}; {} holds up to {})",
        i == 0 ? "" : ", ", printable(bad.tensor), bad.count, bad.count == 1 ? "" : "s", bad.rows,
        bad.rows == 1 ? "" : "s", bad.first_value, bad.first_row, bad.first_column, format.name,
        format.largest);
  }
  if (found.size() > kMaxNamedTensors)
    text += fmt::format(" and {} more", found.size() - kMaxNamedTensors);
  return text;
}

void BadValueLog::look_at(const std::string& tensor, const FormatSpec& format, std::size_t row,
                          std::span<float> values) {
  const float largest = format.largest;
  const auto is_bad = [largest](float value) { return !fits(value, largest); };
  // The usual row is done with one pass that needs no lock.
  const auto first = std::find_if(values.begin(), values.end(), is_bad);
  if (first == values.end()) return;
  const auto column = static_cast<std::size_t>(first - values.begin());
  const auto count = static_cast<std::uint64_t>(std::count_if(first, values.end(), is_bad));
  {
    const std::lock_guard lock(mutex_);
    if (found_.empty() || found_.back().tensor != tensor) {
      found_.push_back({tensor, format.id, 0, 0, row, column, *first});
    }
    BadValues& bad = found_.back();
    bad.count += count;
    ++bad.rows;
    if (row < bad.first_row) {
      bad.first_row = row;
      bad.first_column = column;
      bad.first_value = *first;
    }
  }
  if (!replace_) {
    refuses_.store(true, std::memory_order_relaxed);
    return;
  }
  for (auto value = first; value != values.end(); ++value) {
    if (is_bad(*value)) *value = replacement(*value, largest);
  }
}

void BadValueLog::throw_if_refused(const std::string& path) const {
  if (!refuses()) return;
  throw data_error(AdviceKind::kAllowNonfinite, "{}: {}", printable(path), describe(found_));
}

}  // namespace cellm

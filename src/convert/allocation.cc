#include "convert/allocation.h"

#include <algorithm>
#include <limits>

#include "base/error.h"

namespace cellm {
namespace {

constexpr std::uint64_t kSteps = std::uint64_t{1} << 15;

std::uint64_t cheapest(const std::vector<AllocationChoice>& item) {
  CELLM_CHECK(!item.empty() && item.size() <= std::numeric_limits<std::uint8_t>::max());
  return std::min_element(item.begin(), item.end(),
                          [](const auto& a, const auto& b) { return a.bytes < b.bytes; })
      ->bytes;
}

}  // namespace

std::optional<std::vector<std::size_t>> allocate(
    std::span<const std::vector<AllocationChoice>> items, std::uint64_t budget) {
  std::uint64_t least_bytes = 0;
  for (const auto& item : items) least_bytes += cheapest(item);
  if (least_bytes > budget) return std::nullopt;
  const std::uint64_t spare = budget - least_bytes;
  const std::uint64_t step = std::max<std::uint64_t>(1, (spare + kSteps - 1) / kSteps);
  const std::size_t steps = spare / step;
  const auto steps_of = [&](std::uint64_t bytes) { return (bytes + step - 1) / step; };

  // The least loss of the items so far that spends at most s steps, and what the last one took.
  std::vector<double> least(steps + 1, 0.0);
  std::vector<std::vector<std::uint8_t>> taken;
  for (const auto& item : items) {
    const std::uint64_t base = cheapest(item);
    std::vector<double> with(steps + 1, std::numeric_limits<double>::infinity());
    auto& choice = taken.emplace_back(steps + 1, std::uint8_t{0});
    for (std::size_t c = 0; c < item.size(); ++c) {
      const std::uint64_t needed = steps_of(item[c].bytes - base);
      for (std::size_t s = needed; s <= steps; ++s) {
        const double loss = least[s - needed] + item[c].loss;
        if (loss >= with[s]) continue;
        with[s] = loss;
        choice[s] = static_cast<std::uint8_t>(c);
      }
    }
    least = std::move(with);
  }

  std::vector<std::size_t> chosen(items.size());
  std::size_t left = steps;
  for (std::size_t i = items.size(); i-- > 0;) {
    chosen[i] = taken[i][left];
    left -= steps_of(items[i][chosen[i]].bytes - cheapest(items[i]));
  }
  return chosen;
}

}  // namespace cellm

// Allocation of a byte budget to items with choices.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace cellm {

// One way of storing an item, its bytes and its loss. Losses of different items add up.
struct AllocationChoice {
  std::uint64_t bytes = 0;
  double loss = 0.0;
};

// For each item the index of one of its choices (1 to 255 of them), so that all together take at
// most `budget` bytes and the sum of their losses is the least; nothing if the cheapest take more.
// This is the multiple-choice knapsack, solved by dynamic programming over what is spent beyond the
// cheapest choices, in steps of 1/32,768 of it: exact but for the bytes that are rounded up to a
// step for every item.
std::optional<std::vector<std::size_t>> allocate(
    std::span<const std::vector<AllocationChoice>> items, std::uint64_t budget);

}  // namespace cellm

// Allocation of a byte budget to items with choices.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace cellm {

// One way of storing an item. Losses of different items are assumed to add up.
struct AllocationChoice {
  std::uint64_t bytes = 0;
  double loss = 0.0;
};

// For each item the index of one of its choices (1 to 255 of them), so that all together take at
// most `budget` bytes and the sum of their losses is minimal; empty if the cheapest choices exceed
// the budget. This is the multiple-choice knapsack, solved by dynamic programming over the bytes
// beyond the cheapest choices, in steps of 1/32,768 of the budget left for them: exact apart from
// rounding up each item to a step.
std::optional<std::vector<std::size_t>> allocate(
    std::span<const std::vector<AllocationChoice>> items, std::uint64_t budget);

}  // namespace cellm

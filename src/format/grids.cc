#include "format/grids.h"

namespace cellm {
namespace {

#include "format/grid_tables.inl"

// The points whose values are those of codes of kBits bits, plus `zero`.
template <class Integer, unsigned kBits, std::size_t kPoints>
constexpr Grid<Integer, kPoints> unpacked(const std::uint16_t (&packed)[kPoints],
                                          const int (&values)[1U << kBits], int zero) {
  Grid<Integer, kPoints> grid{};
  for (std::size_t i = 0; i < kPoints; ++i) {
    for (unsigned j = 0; j < sizeof(Integer); ++j) {
      const unsigned code = (unsigned{packed[i]} >> (kBits * j)) % (1U << kBits);
      grid.points[i] |= static_cast<Integer>(zero + values[code]) << (8 * j);
    }
  }
  return grid;
}

// Codes of 2 bits are below 3.
constexpr int kIQ2Values[4] = {8, 25, 43, 0};
constexpr int kIQ3XXSValues[8] = {4, 12, 20, 28, 36, 44, 52, 62};
constexpr int kIQ3SValues[8] = {1, 3, 5, 7, 9, 11, 13, 15};
constexpr int kIQ1Values[4] = {-8, 0, 8, 0};

constexpr auto kIQ2XXS = unpacked<std::uint64_t, 2>(kIQ2XXSPacked, kIQ2Values, kGridZero);
constexpr auto kIQ2XS = unpacked<std::uint64_t, 2>(kIQ2XSPacked, kIQ2Values, kGridZero);
constexpr auto kIQ2S = unpacked<std::uint64_t, 2>(kIQ2SPacked, kIQ2Values, kGridZero);
constexpr auto kIQ3XXS = unpacked<std::uint32_t, 3>(kIQ3XXSPacked, kIQ3XXSValues, kGridZero);
constexpr auto kIQ3S = unpacked<std::uint32_t, 3>(kIQ3SPacked, kIQ3SValues, kGridZero);
constexpr auto kIQ1 = unpacked<std::uint64_t, 2>(kIQ1Packed, kIQ1Values, kShiftedZero + 1);

}  // namespace

const Grid<std::uint64_t, 256> kIQ2XXSGrid = kIQ2XXS;
const Grid<std::uint64_t, 512> kIQ2XSGrid = kIQ2XS;
const Grid<std::uint64_t, 1024> kIQ2SGrid = kIQ2S;
const Grid<std::uint32_t, 256> kIQ3XXSGrid = kIQ3XXS;
const Grid<std::uint32_t, 512> kIQ3SGrid = kIQ3S;
const Grid<std::uint64_t, 2048> kIQ1Grid = kIQ1;

}  // namespace cellm

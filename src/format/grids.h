// The grids of ggml's IQ types: points of 8 or 4 values, of which a block holds the indices. Plain
// data, so that the CPU targets can include it.
//
// A point is the bytes of one integer, the value of its first weight lowest. Magnitudes m are held
// as kGridZero + m, whose mirror image kGridZero − m is an unsigned byte too. The values −1, 0, 1
// of IQ1, which are shifted by ±1/8, are held as eighths: 8 v + kShiftedZero + 1; taking 2 away
// shifts them down.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cellm {

template <class Integer, std::size_t kPoints>
struct Grid {
  Integer points[kPoints];
};

inline constexpr int kGridZero = 64;
inline constexpr int kShiftedZero = 9;

extern const Grid<std::uint64_t, 256> kIQ2XXSGrid;
extern const Grid<std::uint64_t, 512> kIQ2XSGrid;
extern const Grid<std::uint64_t, 1024> kIQ2SGrid;
extern const Grid<std::uint32_t, 256> kIQ3XXSGrid;
extern const Grid<std::uint32_t, 512> kIQ3SGrid;
extern const Grid<std::uint64_t, 2048> kIQ1Grid;

}  // namespace cellm

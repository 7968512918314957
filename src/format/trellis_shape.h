// The codes of the trellis formats as plain data. Apart from trellis.h so that kernels can include
// it without the library's inline code (docs/architecture.md, "CPU targets").
#pragma once

#include "format/format_id.h"

namespace cellm {

// A stream of bits is read in steps of step_bits, each of which yields step_weights weights. The
// nibble of a step is the last 4 bits read after it. The level of weight v of a step depends on the
// step's own nibble n0, on the nibble n1 of the step `spacing` steps before and on n2 of the step 2
// · `spacing` before:
//
//   level = levels[v][n0 ^ near_mix[n1] ^ far_mix[n2]] + offsets[v][n1]
struct TrellisShape {
  FormatId format;
  unsigned step_bits;
  unsigned step_weights;
  unsigned spacing;
};

inline constexpr TrellisShape kT4Shape{FormatId::kT4, 4, 1, 1};
inline constexpr TrellisShape kT3Shape{FormatId::kT3, 3, 1, 1};
inline constexpr TrellisShape kT2Shape{FormatId::kT2, 4, 2, 1};
inline constexpr TrellisShape kT1HShape{FormatId::kT1H, 3, 2, 1};
inline constexpr TrellisShape kT1Shape{FormatId::kT1, 2, 2, 2};

struct TrellisLevels {
  unsigned char near_mix[16];  // 0 to 15, as far_mix
  unsigned char far_mix[16];
  unsigned char
      levels[2][16];  // for the weights of a step; those of weight 1 are unused if it has one
  unsigned char offsets[2][16];
};

// The level of value 0. Every level, offset included, is at most 127, so that the sum of two
// products of a level and an activation code of ±127 fits into 16 bits.
inline constexpr int kTrellisZero = 64;

// A tile is 64 rows × 4 columns: 32 lanes of 8 weights.
inline constexpr unsigned kTrellisRows = 64;
inline constexpr unsigned kTrellisCols = 4;
inline constexpr unsigned kTrellisLanes = 32;
inline constexpr unsigned kTrellisLaneWeights = 8;

// Columns of activations that share a scale in products with these weights.
inline constexpr unsigned kTrellisActivationBlock = 128;

}  // namespace cellm

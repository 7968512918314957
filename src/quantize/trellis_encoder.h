// Encoding of weights as tiles of the trellis formats.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "format/trellis.h"
#include "kernels/kernel_table.h"
#include "quantize/trellis_path.h"

namespace cellm {

// The values of all states of a table, for TrellisPath.
std::vector<std::int16_t> state_values(const TrellisTable& table);

// Encodes tiles with one table. Not thread-safe: one object per thread.
class TrellisEncoder {
 public:
  TrellisEncoder(const TrellisTable& table, const KernelTable& kernels);

  // targets: (64, 4), in levels relative to that of value 0, clamped to ±85. Writes the tile's
  // bytes and their levels, (64, 4).
  void encode(const float* targets, std::uint8_t* tile, std::uint8_t* levels);

 private:
  const TrellisTable& table_;
  TrellisShape shape_;
  TrellisPath path_;
  std::array<std::int16_t, kTrellisTileWeights> x_{};
  std::vector<std::uint16_t> states_;
  std::vector<std::uint8_t> steps_;
};

}  // namespace cellm

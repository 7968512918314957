// From weights to the tiles of the trellis formats.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "format/trellis.h"
#include "kernels/kernel_table.h"
#include "quantize/trellis_path.h"

namespace cellm {

// Values of all states of a table, as TrellisPath takes them.
std::vector<std::int16_t> state_values(const TrellisTable& table);

// Codes tiles with one table. One object for each thread.
class TrellisEncoder {
 public:
  TrellisEncoder(const TrellisTable& table, const KernelTable& kernels);

  // targets: (64, 4), in levels from that of value 0; beyond ±85 they count as that. Writes the
  // tile's bytes and what they stand for, (64, 4) levels.
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

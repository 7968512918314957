#include "quantize/trellis_encoder.h"

#include <algorithm>
#include <cmath>

namespace cellm {

std::vector<std::int16_t> state_values(const TrellisTable& table) {
  const TrellisShape& shape = *trellis_shape(table.format);
  const std::size_t states = std::size_t{1} << state_bits(shape);
  std::vector<std::int16_t> values(states * shape.step_weights);
  for (std::size_t v = 0; v < shape.step_weights; ++v) {
    for (std::size_t s = 0; s < states; ++s) {
      const int level = int{state_level(shape, table.levels, s, v)} - kTrellisZero;
      values[v * states + s] = static_cast<std::int16_t>(level * static_cast<int>(kPathScale));
    }
  }
  return values;
}

TrellisEncoder::TrellisEncoder(const TrellisTable& table, const KernelTable& kernels)
    : table_(table),
      shape_(*trellis_shape(table.format)),
      path_(shape_, state_values(table), kernels),
      states_(path_.steps()),
      steps_(path_.steps()) {}

void TrellisEncoder::encode(const float* targets, std::uint8_t* tile, std::uint8_t* levels) {
  constexpr float kLimit = 32767.0F;
  for (std::size_t i = 0; i < x_.size(); ++i) {
    const TilePlace place = tile_place(i);
    const float scaled = targets[place.row * kTrellisCols + place.col] * kPathScale;
    x_[i] = static_cast<std::int16_t>(std::lround(std::clamp(scaled, -kLimit, kLimit)));
  }
  path_.find(x_, states_);
  const unsigned mask = (1U << shape_.step_bits) - 1U;
  std::transform(states_.begin(), states_.end(), steps_.begin(),
                 [&](std::uint16_t state) { return static_cast<std::uint8_t>(state & mask); });
  pack_tile(shape_, steps_, tile);
  // Decoded from the tile, so that the levels are exactly those that a reader gets.
  decode_tile(table_, tile, levels);
}

}  // namespace cellm

#include "format/trellis.h"

#include <algorithm>
#include <array>

#include "base/aligned_buffer.h"
#include "base/error.h"
#include "format/half.h"
#include "format/rotation.h"

namespace cellm {
namespace {

constexpr std::array kShapes{kT4Shape, kT3Shape, kT2Shape, kT1HShape, kT1Shape};

// Half a plane comes first if the bits of a lane are no whole bytes.
constexpr std::size_t half_plane(unsigned bits) {
  return bits % 8 == 0 ? 0 : kTrellisLanes / 2;
}

// The bits of one lane, the earliest highest.
std::uint32_t read_lane(unsigned bits, const std::uint8_t* tile, std::size_t lane) {
  const std::size_t half = half_plane(bits);
  std::uint32_t value = 0;
  if (half != 0) value = lane < half ? tile[lane] & 15U : unsigned{tile[lane - half]} >> 4;
  for (unsigned plane = 0; plane < bits / 8; ++plane) {
    value = value << 8 | tile[half + plane * kTrellisLanes + lane];
  }
  return value;
}

// The windows of a tile's lane: those of its last step in the low bits.
std::uint64_t lane_window(const TrellisShape& shape, const std::uint8_t* tile, std::size_t lane) {
  const unsigned bits = lane_bits(shape);
  std::uint64_t window = 0;
  for (std::size_t back = 3; back-- > 0;) {
    window = window << bits | read_lane(bits, tile, (lane + kTrellisLanes - back) % kTrellisLanes);
  }
  return window;
}
// Three lanes of t1 hold every window of the last; two of the others.
static_assert(state_bits(kT1Shape) <= 2 * lane_bits(kT1Shape) + kT1Shape.step_bits);
static_assert(state_bits(kT1HShape) <= lane_bits(kT1HShape) + kT1HShape.step_bits);
static_assert(state_bits(kT2Shape) <= lane_bits(kT2Shape) + kT2Shape.step_bits);
static_assert(state_bits(kT3Shape) <= lane_bits(kT3Shape) + kT3Shape.step_bits);
static_assert(state_bits(kT4Shape) <= lane_bits(kT4Shape) + kT4Shape.step_bits);

// The level of weight `place` of a lane, 0 to 7.
std::uint8_t level_at(const TrellisShape& shape, const TrellisTable& table, std::uint64_t window,
                      std::size_t place) {
  const std::size_t step = place / shape.step_weights;
  return state_level(shape, table.levels,
                     window >> ((lane_steps(shape) - 1 - step) * shape.step_bits),
                     place % shape.step_weights);
}

constexpr FormatSpec trellis_spec(const TrellisShape& shape, std::string_view name) {
  return {.id = shape.format,
          .name = name,
          .dtype = name,
          .order = StoredOrder::kTiles,
          .encoder = Encoder::kTrellis,
          .has_scales = true,
          .searched = true,
          .bits_per_weight =
              static_cast<double>(shape.step_bits) / static_cast<double>(shape.step_weights),
          .largest = kLargestTrellis};
}

}  // namespace

constexpr FormatSpec kT4Spec = trellis_spec(kT4Shape, "t4");
constexpr FormatSpec kT3Spec = trellis_spec(kT3Shape, "t3");
constexpr FormatSpec kT2Spec = trellis_spec(kT2Shape, "t2");
constexpr FormatSpec kT1HSpec = trellis_spec(kT1HShape, "t1h");
constexpr FormatSpec kT1Spec = trellis_spec(kT1Shape, "t1");

const TrellisShape* trellis_shape(FormatId format) {
  for (const TrellisShape& shape : kShapes) {
    if (shape.format == format) return &shape;
  }
  return nullptr;
}

void pack_tile(const TrellisShape& shape, std::span<const std::uint8_t> steps, std::uint8_t* tile) {
  const unsigned bits = lane_bits(shape);
  const unsigned count = lane_steps(shape);
  CELLM_CHECK(steps.size() == std::size_t{kTrellisLanes} * count);
  const std::size_t half = half_plane(bits);
  std::fill_n(tile, tile_bytes(shape), std::uint8_t{0});
  for (std::size_t lane = 0; lane < kTrellisLanes; ++lane) {
    std::uint32_t value = 0;
    for (std::size_t s = 0; s < count; ++s) {
      value = value << shape.step_bits | steps[lane * count + s];
    }
    for (unsigned plane = bits / 8; plane-- > 0; value >>= 8) {
      tile[half + plane * kTrellisLanes + lane] = static_cast<std::uint8_t>(value);
    }
    if (half == 0) continue;
    std::uint8_t& byte = tile[lane % half];
    byte = static_cast<std::uint8_t>(byte | value << (lane < half ? 0 : 4));
  }
}

void decode_tile(const TrellisTable& table, const std::uint8_t* tile, std::uint8_t* levels) {
  const TrellisShape& shape = *trellis_shape(table.format);
  for (std::size_t lane = 0; lane < kTrellisLanes; ++lane) {
    const std::uint64_t window = lane_window(shape, tile, lane);
    for (std::size_t i = 0; i < kTrellisLaneWeights; ++i) {
      const TilePlace place = tile_place(lane * kTrellisLaneWeights + i);
      levels[place.row * kTrellisCols + place.col] = level_at(shape, table, window, i);
    }
  }
}

std::vector<float> input_factors(const TrellisWeights& weights) {
  std::vector<float> factors = rotation_factors(weights.rotation, weights.cols);
  if (weights.column_scales != nullptr) {
    for (std::size_t c = 0; c < weights.cols; ++c)
      factors[c] *= f16_to_f32(weights.column_scales[c]);
  }
  return factors;
}

void dequantize_rotated_row(const TrellisWeights& weights, std::size_t row, float* out) {
  const TrellisShape& shape = *trellis_shape(weights.format);
  const std::uint8_t* block = weights.codes + row / kTrellisRows * weights.block_bytes();
  const std::size_t r = row % kTrellisRows;
  const float scale = f16_to_f32(weights.scales[row]) / static_cast<float>(kTrellisZero);
  for (std::size_t col = 0; col < weights.cols; ++col) {
    const std::uint8_t* tile = block + col / kTrellisCols * tile_bytes(shape);
    const std::size_t lane = r % 8 * kTrellisCols + col % kTrellisCols;
    const int level = level_at(shape, *weights.table, lane_window(shape, tile, lane), r / 8);
    out[col] = static_cast<float>(level - kTrellisZero) * scale;
  }
}

void dequantize_trellis_row(const TrellisWeights& weights, std::size_t row, float* out) {
  dequantize_rotated_row(weights, row, out);
  unrotate_row(input_factors(weights), out);
}

Tensor dequantize(const TrellisWeights& weights, ThreadPool& pool) {
  const auto memory = std::make_shared<AlignedBuffer<float>>(weights.rows * weights.cols);
  const auto factors = input_factors(weights);
  pool.parallel_for(weights.rows, 8, [&](std::size_t begin, std::size_t end) {
    for (std::size_t row = begin; row < end; ++row) {
      float* out = memory->data() + row * weights.cols;
      dequantize_rotated_row(weights, row, out);
      unrotate_row(factors, out);
    }
  });
  return {FormatId::kF32,
          weights.rows,
          weights.cols,
          0,
          reinterpret_cast<const std::byte*>(memory->data()),
          nullptr,
          memory};
}

}  // namespace cellm

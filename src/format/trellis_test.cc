#include "format/trellis.h"

#include <cstring>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "format/formats.h"
#include "format/half.h"
#include "format/rotation.h"

namespace cellm {
namespace {

constexpr FormatId kAll[] = {FormatId::kT4, FormatId::kT3, FormatId::kT2, FormatId::kT1H,
                             FormatId::kT1};

std::vector<std::uint8_t> from_hex(const std::string& text) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

std::vector<std::uint8_t> random_bytes(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<std::uint8_t> bytes(count);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

// Tiles and levels by a decoder of its own, tools/make_trellis_golden.py. A file made today must be
// read for ever: lines are added here, never changed.
TEST(Trellis, GoldenTilesDecodeForEver) {
  std::ifstream file(CELLM_TESTDATA "/trellis/golden.txt");
  std::string line;
  std::size_t tiles = 0;
  for (; std::getline(file, line); ++tiles) {
    std::istringstream words(line);
    std::string name;
    std::uint32_t id = 0;
    std::string tile;
    std::string levels;
    words >> name >> id >> tile >> levels;
    const TrellisTable* table = find_trellis_table(find_dtype(name).value(), id);
    ASSERT_NE(table, nullptr) << name;
    std::vector<std::uint8_t> got(kTrellisTileWeights);
    decode_tile(*table, from_hex(tile).data(), got.data());
    EXPECT_EQ(got, from_hex(levels)) << name << " tile " << tiles;
  }
  EXPECT_EQ(tiles, 15U);
}

TEST(Trellis, TilesTakeTheBitsTheyShould) {
  for (const FormatId format : kAll) {
    const TrellisShape& shape = *trellis_shape(format);
    EXPECT_EQ(static_cast<double>(tile_bytes(shape)) * 8,
              format_spec(format).bits_per_weight * kTrellisTileWeights);
    EXPECT_TRUE(is_trellis(format));
  }
  EXPECT_FALSE(is_trellis(FormatId::kF8E4M3));
  EXPECT_EQ(trellis_shape(FormatId::kI4), nullptr);
  EXPECT_EQ(find_trellis_table(FormatId::kT2, 0), nullptr);
}

// The windows of a packed stream are those of its steps, across lanes and around the end.
TEST(Trellis, PackingIsTheReverseOfDecoding) {
  for (const FormatId format : kAll) {
    const TrellisShape& shape = *trellis_shape(format);
    const TrellisTable& table = default_trellis_table(format);
    const std::size_t count = kTrellisTileWeights / shape.step_weights;
    auto steps = random_bytes(count, 3);
    for (auto& step : steps)
      step = static_cast<std::uint8_t>(step & ((1U << shape.step_bits) - 1U));
    std::vector<std::uint8_t> tile(tile_bytes(shape));
    pack_tile(shape, steps, tile.data());
    std::vector<std::uint8_t> levels(kTrellisTileWeights);
    decode_tile(table, tile.data(), levels.data());
    for (std::size_t t = 0; t < count; ++t) {
      std::uint64_t state = 0;
      for (std::size_t back = 16; back-- > 0;) {
        state = state << shape.step_bits | steps[(t + count - back) % count];
      }
      for (std::size_t v = 0; v < shape.step_weights; ++v) {
        const TilePlace place = tile_place(t * shape.step_weights + v);
        ASSERT_EQ(levels[place.row * kTrellisCols + place.col],
                  state_level(shape, table.levels, state, v))
            << format_spec(format).name << " step " << t;
      }
    }
  }
}

TEST(Trellis, EveryPlaceOfATileIsTakenOnce) {
  std::vector<int> taken(kTrellisTileWeights);
  for (std::size_t i = 0; i < kTrellisTileWeights; ++i) {
    const TilePlace place = tile_place(i);
    ++taken[place.row * kTrellisCols + place.col];
  }
  EXPECT_EQ(taken, std::vector<int>(kTrellisTileWeights, 1));
}

TEST(Trellis, RowsAreThoseOfTheTiles) {
  ThreadPool pool(2);
  for (const FormatId format : kAll) {
    TrellisWeights weights;
    weights.format = format;
    weights.rows = 70;
    weights.cols = 20;
    weights.table = &default_trellis_table(format);
    weights.rotation = 7;
    const auto codes = random_bytes(weights.code_bytes(), 1);
    std::vector<std::uint16_t> scales(weights.scale_count());
    for (std::size_t r = 0; r < weights.rows; ++r) {
      scales[r] = f32_to_f16(0.5F + 0.25F * static_cast<float>(r));
    }
    weights.codes = codes.data();
    weights.scales = scales.data();
    EXPECT_EQ(weights.padded_cols(), 24U);
    const std::size_t bytes = tile_bytes(*trellis_shape(format));
    const Tensor whole = dequantize(weights, pool);
    const auto factors = rotation_factors(7, 20);
    for (std::size_t row = 0; row < weights.rows; ++row) {
      std::vector<float> got(weights.cols);
      dequantize_rotated_row(weights, row, got.data());
      for (std::size_t col = 0; col < weights.cols; ++col) {
        std::vector<std::uint8_t> levels(kTrellisTileWeights);
        decode_tile(*weights.table,
                    codes.data() + row / 64 * weights.block_bytes() + col / 4 * bytes,
                    levels.data());
        const float level = static_cast<float>(levels[row % 64 * 4 + col % 4]) / 64.0F - 1.0F;
        ASSERT_EQ(got[col], level * f16_to_f32(scales[row]));
      }
      unrotate_row(factors, got.data());
      std::vector<float> plain(weights.cols);
      dequantize_trellis_row(weights, row, plain.data());
      EXPECT_EQ(plain, got);
      EXPECT_EQ(std::memcmp(whole.data + row * 80, got.data(), 80), 0);
    }
  }
}

}  // namespace
}  // namespace cellm

#include "format/formats.h"

#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "format/format_choice.h"
#include "format/half.h"

namespace cellm {
namespace {

// One row in a format with its own memory.
struct Row {
  std::vector<std::byte> codes;
  std::vector<std::uint16_t> scales;
  std::size_t group;
};

Row quantize(FormatId id, const std::vector<float>& weights, std::size_t group) {
  const auto& info = format_spec(id);
  Row row{std::vector<std::byte>(info.row_bytes(weights.size())),
          std::vector<std::uint16_t>(info.has_scales ? weights.size() / group : 0), group};
  info.quantize_row(weights.data(), weights.size(), group, row.codes.data(), row.scales.data());
  return row;
}

std::vector<float> dequantize(FormatId id, const Row& row, std::size_t cols) {
  std::vector<float> out(cols);
  format_spec(id).dequantize_row(row.codes.data(), row.scales.data(), cols, row.group, out.data());
  return out;
}

std::vector<float> gaussian(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0.0F, 0.05F);
  std::vector<float> values(count);
  for (auto& value : values) value = normal(random);
  return values;
}

std::string hex(const std::vector<std::byte>& bytes) {
  std::string text;
  for (const auto byte : bytes) text += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  return text;
}

TEST(Half, EveryF16SurvivesARoundTrip) {
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    const float value = f16_to_f32(static_cast<std::uint16_t>(bits));
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(f16_to_f32(f32_to_f16(value))));
    } else {
      ASSERT_EQ(f32_to_f16(value), bits);
    }
  }
}

TEST(Half, RoundsToNearestEven) {
  for (unsigned bits = 0; bits < 0x7BFF; ++bits) {
    const auto low = static_cast<std::uint16_t>(bits);
    const auto high = static_cast<std::uint16_t>(bits + 1);
    const float middle = (f16_to_f32(low) + f16_to_f32(high)) / 2;  // exact in f32
    const std::uint16_t even = bits % 2 == 0 ? low : high;
    ASSERT_EQ(f32_to_f16(middle), even);
    ASSERT_EQ(f32_to_f16(std::nextafter(middle, 0.0F)), low);
    ASSERT_EQ(f32_to_f16(std::nextafter(middle, 1e9F)), high);
  }
  EXPECT_EQ(f32_to_f16(65519.99F), 0x7BFF);
  EXPECT_EQ(f32_to_f16(65520.0F), 0x7C00);
  EXPECT_EQ(f32_to_f16(-0.0F), 0x8000);
  EXPECT_EQ(f32_to_f16(1e-30F), 0);
}

TEST(Half, Bf16IsTheRoundedUpperHalf) {
  EXPECT_EQ(f32_to_bf16(1.0F), 0x3F80);
  EXPECT_EQ(f32_to_bf16(1.0F + 0x1p-8F), 0x3F80);  // tie to even
  EXPECT_EQ(f32_to_bf16(1.0F + 0x3p-8F), 0x3F82);
  EXPECT_TRUE(std::isnan(bf16_to_f32(f32_to_bf16(std::nanf("")))));
}

// The layouts of spec section 2, by hand.
TEST(Golden, I8) {
  const auto row = quantize(FormatId::kI8, {1.0F, -1.0F, 0.5F, 0.0F, 0.00394F}, 5);
  EXPECT_EQ(hex(row.codes), "7f81400001");  // 63.5 rounds away from zero, to 64
  EXPECT_EQ(row.scales[0], f32_to_f16(1.0F / 127.0F));
}
TEST(Golden, I4) {
  const auto row = quantize(FormatId::kI4, {7.0F, -7.0F, 0.5F, -0.5F, 1.0F}, 5);
  EXPECT_EQ(hex(row.codes), "1f7989");  // low nibble first; the odd last one holds 8
  EXPECT_EQ(row.scales[0], 0x3C00);
  const auto groups = quantize(FormatId::kI4, {7.0F, -7.0F, 14.0F, 0.0F}, 2);
  EXPECT_EQ(hex(groups.codes), "1f8f");
  EXPECT_EQ(groups.scales, (std::vector<std::uint16_t>{0x3C00, 0x4000}));
}
TEST(Golden, I2) {
  const auto row = quantize(FormatId::kI2, {1.5F, -1.5F, -0.5F, 0.5F, -1.0F}, 5);
  EXPECT_EQ(hex(row.codes), "9355");  // −1 / 1 is not below −1: code 1; missing weights hold 1
  EXPECT_EQ(dequantize(FormatId::kI2, row, 5),
            (std::vector<float>{1.5F, -1.5F, -0.5F, 0.5F, -0.5F}));
}
TEST(Golden, Q1) {
  std::vector<float> weights(130, -1.0F);
  weights[0] = 1.0F;
  weights[9] = 3.0F;
  weights[128] = 2.0F;
  weights[129] = 0.0F;
  const auto row = quantize(FormatId::kQ1, weights, 0);
  EXPECT_EQ(hex(row.codes),
            "103c"
            "0102" +
                std::string(28, '0') +
                "003c"
                "01" +
                std::string(30, '0'));
}
TEST(Golden, F8) {
  const auto row = quantize(
      FormatId::kF8E4M3, {1.0F, -1.0F, 240.0F, 1e9F, 0x1p-9F, 0x1p-6F, 0.0F, 1.97F, 0x0.8p-9F}, 0);
  EXPECT_EQ(hex(row.codes),
            "38b8777701080040"
            "01");
}

TEST(Formats, NamesAndIdsAreEachOthersInverse) {
  for (std::size_t i = 0; i < kFormatCount; ++i) {
    const auto id = static_cast<FormatId>(i);
    EXPECT_EQ(format_spec(id).id, id);
    EXPECT_EQ(find_dtype(format_spec(id).dtype), id);
    EXPECT_EQ(format_choice_name({id, 0}), format_spec(id).name);
  }
  EXPECT_EQ(find_dtype("i3"), std::nullopt);
  for (const auto& [dtype, name] : {std::pair{"i4", "int4"},
                                    {"i4-g32", "int4-g32"},
                                    {"i8", "int8"},
                                    {"q1_0_g128", "q1"},
                                    {"f8e4m3", "fp8"},
                                    {"t1h", "t1h"}}) {
    EXPECT_EQ(format_choice_name(parse_format_choice(dtype)), name);
  }
}

TEST(Formats, EveryCodeOfF8DecodesToAnIncreasingValue) {
  std::vector<std::byte> codes(256);
  for (std::size_t i = 0; i < 256; ++i) codes[i] = static_cast<std::byte>(i);
  const auto values = dequantize(FormatId::kF8E4M3, {codes, {}, 0}, 256);
  for (std::size_t i = 1; i < 128; ++i) {
    EXPECT_GT(values[i], values[i - 1]);
    EXPECT_EQ(values[i], -values[i + 128]);
  }
  EXPECT_EQ(values[0x77], 240.0F);
}

TEST(Formats, QuantizingWhatWasDequantizedChangesNothing) {
  for (const auto id : {FormatId::kF16, FormatId::kBF16, FormatId::kF32, FormatId::kF8E4M3}) {
    const auto once = dequantize(id, quantize(id, gaussian(77, 3), 77), 77);
    EXPECT_EQ(once, dequantize(id, quantize(id, once, 77), 77)) << format_spec(id).name;
  }
}

TEST(Formats, ErrorIsWithinHalfAStep) {
  for (const std::size_t cols : {1U, 2U, 3U, 31U, 64U, 129U, 260U}) {
    auto weights = gaussian(cols, static_cast<unsigned>(cols));
    weights[cols / 2] *= 20.0F;  // an outlier
    for (const auto& [id, levels] : {std::pair{FormatId::kI8, 127.0F}, {FormatId::kI4, 7.0F}}) {
      const auto row = quantize(id, weights, cols);
      const auto values = dequantize(id, row, cols);
      const float scale = f16_to_f32(row.scales[0]);
      for (std::size_t i = 0; i < cols; ++i) {
        // Half a step, and what rounding the scale to f16 adds at the outermost code.
        EXPECT_LE(std::fabs(values[i] - weights[i]), scale * (0.5F + levels * 0x1p-11F) * 1.001F);
      }
    }
    const auto values = dequantize(FormatId::kQ1, quantize(FormatId::kQ1, weights, cols), cols);
    for (std::size_t i = 0; i < cols; ++i) EXPECT_EQ(values[i] > 0.0F, weights[i] > 0.0F);
  }
}

// Every code at every place of a byte, in rows that do and do not fill their last one.
TEST(Formats, PackedCodesAreTheLevelsOfTheGrid) {
  for (const auto id : {FormatId::kI8, FormatId::kI4, FormatId::kI2, FormatId::kQ1}) {
    const auto& info = format_spec(id);
    ASSERT_NE(info.grid, nullptr);
    const CodeGrid& grid = *info.grid;
    for (const std::size_t cols : {1U, 2U, 3U, 5U, 128U, 131U, 260U}) {
      for (unsigned shift = 0; shift < std::min(grid.codes, 16U); ++shift) {
        std::vector<std::uint8_t> codes(cols);
        for (std::size_t i = 0; i < cols; ++i) {
          codes[i] = static_cast<std::uint8_t>((i * 37 + shift) % grid.codes);
        }
        const std::vector<std::uint16_t> scales(scales_in_row(cols, 128), 0x3C00);
        Row row{std::vector<std::byte>(info.row_bytes(cols)), {0x3C00}, cols};
        info.pack_row(codes.data(), scales.data(), cols, row.codes.data());
        const auto values = dequantize(id, row, cols);
        for (std::size_t i = 0; i < cols; ++i) ASSERT_EQ(values[i], grid.level(codes[i]));
      }
    }
  }
  EXPECT_EQ(format_spec(FormatId::kF16).grid, nullptr);
  EXPECT_EQ(I2::kGrid.smallest(), 0.5F);
  EXPECT_EQ(I4::kGrid.smallest(), 0.0F);
  EXPECT_EQ(Q1::kGrid.smallest(), 1.0F);
}

TEST(Formats, ZerosStayZeroWhereTheFormatHasAZero) {
  const std::vector<float> zeros(40, 0.0F);
  for (const auto id : {FormatId::kF32, FormatId::kF16, FormatId::kBF16, FormatId::kI8,
                        FormatId::kI4, FormatId::kF8E4M3}) {
    EXPECT_EQ(dequantize(id, quantize(id, zeros, 40), 40), zeros) << format_spec(id).name;
  }
  const auto q1 = dequantize(FormatId::kQ1, quantize(FormatId::kQ1, zeros, 40), 40);
  for (const float value : q1) EXPECT_EQ(std::fabs(value), 0.0F);
}

}  // namespace
}  // namespace cellm

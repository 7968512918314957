#include "convert/bad_values.h"

#include <array>
#include <cmath>
#include <limits>

#include "base/advice.h"
#include "base/test_files.h"
#include "base/thread_pool.h"

namespace cellm {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

const FormatSpec& f16() {
  return format_spec(FormatId::kF16);
}

// Codes and scales of a row of one value, read back.
float kept(FormatId id, float value) {
  const FormatSpec& format = format_spec(id);
  std::array<std::byte, 64> codes{};
  std::uint16_t scale = 0;
  float back = 0.0F;
  format.quantize_row(&value, 1, 1, codes.data(), &scale);
  format.dequantize_row(codes.data(), &scale, 1, 1, &back);
  return back;
}

TEST(BadValues, TheLargestValueOfEveryFormatIsKept) {
  for (std::size_t i = 0; i < kFormatCount; ++i) {
    const auto id = static_cast<FormatId>(i);
    if (format_spec(id).quantize_row == nullptr) continue;
    const float largest = format_spec(id).largest;
    EXPECT_EQ(kept(id, largest), largest) << format_spec(id).name;
    EXPECT_EQ(kept(id, -largest), -largest) << format_spec(id).name;
  }
  // A scale in f16 is what gives out.
  EXPECT_EQ(kept(FormatId::kI8, 1.01F * format_spec(FormatId::kI8).largest), kInfinity);
  EXPECT_EQ(kept(FormatId::kF16, 65520.0F), kInfinity);
}

TEST(BadValues, GoodRowsStayAsTheyAre) {
  std::array<float, 3> row{0.0F, -65504.0F, 65504.0F};
  const auto before = row;
  BadValueLog log(true);
  log.look_at("t", f16(), 0, row);
  EXPECT_EQ(row, before);
  EXPECT_TRUE(log.found().empty());
  EXPECT_FALSE(log.refuses());
  log.throw_if_refused("m");
}

TEST(BadValues, ReplacesOnlyWhatIsBad) {
  std::array<float, 6> row{kNan, 1.0F, kInfinity, -kInfinity, 65505.0F, -70000.0F};
  BadValueLog log(true);
  log.look_at("t", f16(), 4, row);
  EXPECT_EQ(row, (std::array<float, 6>{0.0F, 1.0F, 65504.0F, -65504.0F, 65504.0F, -65504.0F}));
  ASSERT_EQ(log.found().size(), 1U);
  EXPECT_EQ(log.found()[0].count, 5U);
  EXPECT_EQ(log.found()[0].rows, 1U);
  EXPECT_FALSE(log.refuses());
}

TEST(BadValues, TheErrorNamesTensorsRowsAndCounts) {
  BadValueLog log(false);
  std::array<float, 3> late{1.0F, kInfinity, kInfinity};
  std::array<float, 3> early{1.0F, 2.0F, -1e9F};
  log.look_at("a.weight", f16(), 9, late);
  log.look_at("a.weight", f16(), 2, early);
  std::array<float, 3> nan{kNan, 0.0F, 0.0F};
  log.look_at("b\n.weight", format_spec(FormatId::kF8E4M3), 0, nan);
  EXPECT_TRUE(log.refuses());
  EXPECT_EQ(late[1], kInfinity);  // nothing is replaced behind one's back
  expect_error(
      ErrorKind::kData,
      "m: 2 tensors have values that are NaN, infinite or too large: a.weight (3 values in "
      "2 rows, the first -1000000000 at row 2, column 2; f16 holds up to 65504), b\\x0a.weight "
      "(1 value in 1 row, the first nan at row 0, column 0; fp8 holds up to 240)",
      [&] { log.throw_if_refused("m"); });
  expect_advice(AdviceKind::kAllowNonfinite, [&] { log.throw_if_refused("m"); });
}

TEST(BadValues, ManyTensorsAreCounted) {
  BadValueLog log(false);
  for (std::size_t i = 0; i < kMaxNamedTensors + 5; ++i) {
    std::array<float, 1> row{kNan};
    log.look_at(fmt::format("t{}", i), f16(), 0, row);
  }
  const std::string text = describe(log.found());
  EXPECT_NE(text.find("13 tensors have"), std::string::npos) << text;
  EXPECT_NE(text.find("t7 ("), std::string::npos) << text;
  EXPECT_EQ(text.find("t8 ("), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with(" and 5 more")) << text;
}

TEST(BadValues, ThreadsDoNotChangeWhatIsSaid) {
  ThreadPool pool(3);
  BadValueLog log(true);
  constexpr std::size_t kRows = 1000;
  pool.parallel_for(kRows, 1, [&](std::size_t row, std::size_t) {
    std::array<float, 2> values{row % 2 == 1 ? kNan : 0.0F, static_cast<float>(row)};
    log.look_at("t", f16(), row, values);
  });
  ASSERT_EQ(log.found().size(), 1U);
  EXPECT_EQ(log.found()[0].count, kRows / 2);
  EXPECT_EQ(log.found()[0].rows, kRows / 2);
  EXPECT_EQ(log.found()[0].first_row, 1U);
}

}  // namespace
}  // namespace cellm

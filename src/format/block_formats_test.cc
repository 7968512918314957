#include "format/block_formats.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/mapped_file.h"

namespace cellm {
namespace {

std::string test_file(const std::string& name, const std::string& extension) {
  return read_file(std::filesystem::path(CELLM_TESTDATA) / "gguf" / (name + extension), 1U << 16);
}

std::string upper_case(std::string_view text) {
  std::string name(text);
  for (char& letter : name) {
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
  }
  return name;
}

class EveryBlockFormat : public testing::TestWithParam<BlockFormatInfo> {};
INSTANTIATE_TEST_SUITE_P(All, EveryBlockFormat, testing::ValuesIn(block_formats()),
                         [](const auto& test) { return std::string(test.param.name); });

// The expected values are those of the gguf package, which agree with ggml's C code.
TEST_P(EveryBlockFormat, HasTheValuesOfGgmlAtAnyAddress) {
  const BlockFormatInfo& format = GetParam();
  const std::string blocks = test_file(upper_case(format.name), ".blocks");
  const std::string expected = test_file(upper_case(format.name), ".f32");
  const std::size_t cols = blocks.size() / format.shape.bytes * format.shape.columns;
  ASSERT_EQ(format.row_bytes(cols), blocks.size());
  ASSERT_EQ(expected.size(), cols * sizeof(float));
  for (const std::size_t offset : {0U, 1U, 3U}) {
    std::vector<std::byte> moved(offset + blocks.size());
    std::memcpy(moved.data() + offset, blocks.data(), blocks.size());
    std::vector<float> values(cols);
    format.dequantize_row(moved.data() + offset, cols, values.data());
    ASSERT_EQ(std::memcmp(values.data(), expected.data(), expected.size()), 0) << offset;
  }
}

// Blocks with every point of the grids, and checksums of the values.
TEST(BlockFormats, PointsAreThoseOfGgml) {
  const std::string blocks = test_file("grids", ".blocks");
  std::istringstream sums(test_file("grids", ".sums"));
  std::size_t at = 0;
  std::string name;
  std::size_t count = 0;
  std::uint64_t want = 0;
  while (sums >> name >> std::dec >> count >> std::hex >> want) {
    const auto& all = block_formats();
    const auto format = std::find_if(
        all.begin(), all.end(), [&](const BlockFormatInfo& info) { return info.name == name; });
    ASSERT_NE(format, all.end()) << name;
    std::vector<float> values(count * format->shape.columns);
    ASSERT_LE(at + format->row_bytes(values.size()), blocks.size());
    format->dequantize_row(reinterpret_cast<const std::byte*>(blocks.data()) + at, values.size(),
                           values.data());
    at += format->row_bytes(values.size());
    std::uint64_t sum = 0xCBF29CE484222325U;  // FNV-1a
    for (const std::byte byte : std::as_bytes(std::span(values))) {
      sum = (sum ^ std::to_integer<std::uint64_t>(byte)) * 0x100000001B3U;
    }
    EXPECT_EQ(sum, want) << name;
  }
  EXPECT_EQ(at, blocks.size());
  EXPECT_GT(at, 0U);
}

TEST_P(EveryBlockFormat, IsFoundByItsId) {
  const BlockFormatInfo* found = find_block_format(GetParam().shape.format);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->name, GetParam().name);
  EXPECT_EQ(found->shape.columns % kBlockActivations, 0U);
}

TEST(BlockFormats, OtherFormatsAreNotFound) {
  EXPECT_EQ(find_block_format(FormatId::kF16), nullptr);
  EXPECT_EQ(find_block_format(FormatId::kT1), nullptr);
}

}  // namespace
}  // namespace cellm

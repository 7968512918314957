#include "format/block_formats.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/mapped_file.h"

namespace cellm {
namespace {

std::string test_file(std::string name, const std::string& extension) {
  for (char& letter : name) {
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
  }
  return read_file(std::filesystem::path(CELLM_TESTDATA) / "gguf" / (name + extension), 1U << 16);
}

class EveryBlockFormat : public testing::TestWithParam<BlockFormatInfo> {};
INSTANTIATE_TEST_SUITE_P(All, EveryBlockFormat, testing::ValuesIn(block_formats()),
                         [](const auto& test) { return std::string(test.param.name); });

// The expected values are those of the gguf package, which agree with ggml's C code.
TEST_P(EveryBlockFormat, HasTheValuesOfGgmlAtAnyAddress) {
  const BlockFormatInfo& format = GetParam();
  const std::string blocks = test_file(std::string(format.name), ".blocks");
  const std::string expected = test_file(std::string(format.name), ".f32");
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

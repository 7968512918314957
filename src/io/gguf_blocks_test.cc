#include "io/gguf_blocks.h"

#include <bit>
#include <cstring>
#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/mapped_file.h"

namespace cellm {
namespace {

std::string test_file(const std::string& name) {
  return read_file(std::filesystem::path(CELLM_TESTDATA) / "gguf" / name, 1U << 16);
}

std::span<const std::byte> as_bytes(const std::string& text) {
  return std::as_bytes(std::span(text));
}

class GgmlBlocks : public testing::TestWithParam<std::uint32_t> {};

// The expected values are those of the gguf package, which agree with ggml's C code.
TEST_P(GgmlBlocks, HaveTheValuesOfGgml) {
  const GgmlType* type = find_ggml_type(GetParam());
  ASSERT_NE(type, nullptr);
  const std::string blocks = test_file(std::string(type->name) + ".blocks");
  const std::string expected = test_file(std::string(type->name) + ".f32");
  ASSERT_EQ(blocks.size() % type->block_bytes, 0U);
  const std::size_t count = blocks.size() / type->block_bytes;
  ASSERT_EQ(expected.size(), count * type->block * sizeof(float));

  std::vector<float> values(count * type->block);
  type->dequantize(as_bytes(blocks).data(), count, values.data());
  for (std::size_t i = 0; i < values.size(); ++i) {
    float want = 0;
    std::memcpy(&want, expected.data() + i * sizeof(float), sizeof(float));
    ASSERT_EQ(std::bit_cast<std::uint32_t>(values[i]), std::bit_cast<std::uint32_t>(want))
        << "weight " << i << ": " << values[i] << ", expected " << want;
  }
}

INSTANTIATE_TEST_SUITE_P(All, GgmlBlocks,
                         testing::Values(2, 3, 6, 7, 8, 10, 11, 12, 13, 14, 16, 17, 18, 19, 20, 21,
                                         22, 23, 29, 34, 35, 39, 40, 41, 42),
                         [](const auto& test) {
                           return std::string(find_ggml_type(test.param)->name);
                         });

TEST(GgmlTypes, PlainFloats) {
  const std::string bytes("\x01\x00\x80\x3f\x00\xc0", 6);
  float value = 0;
  find_ggml_type(kGgmlF32)->dequantize(as_bytes(bytes).data(), 1, &value);
  EXPECT_EQ(value, 1.00000012F);
  find_ggml_type(kGgmlF16)->dequantize(as_bytes(bytes).data() + 4, 1, &value);
  EXPECT_EQ(value, -2.0F);
  find_ggml_type(kGgmlBF16)->dequantize(as_bytes(bytes).data() + 2, 1, &value);
  EXPECT_EQ(value, 1.0F);
}

TEST(GgmlTypes, KnowsNamesOfTypesItCannotRead) {
  ASSERT_NE(find_ggml_type(15), nullptr);
  EXPECT_EQ(find_ggml_type(15)->name, "Q8_K");
  EXPECT_EQ(find_ggml_type(15)->block, 0U);
  EXPECT_EQ(find_ggml_type(43), nullptr);
  EXPECT_EQ(find_ggml_type(UINT32_MAX), nullptr);
  EXPECT_NE(readable_ggml_types().find("Q4_K"), std::string::npos);
  EXPECT_EQ(readable_ggml_types().find("Q8_K"), std::string::npos);
}

TEST(GgmlTypes, OneNumberHasTwoSizesOfABlock) {
  const GgmlType* type = find_ggml_type(42);
  EXPECT_EQ(type->block, 64U);
  const GgmlType* other = other_block_size(*type);
  ASSERT_NE(other, nullptr);
  EXPECT_EQ(other->id, 42U);
  EXPECT_EQ(other->block, 128U);
  EXPECT_EQ(other_block_size(*other), nullptr);
  for (const GgmlType& each : ggml_types()) {
    EXPECT_TRUE(each.id == 42 || other_block_size(each) == nullptr) << each.name;
  }
}

TEST(GgmlTypes, EveryIdOnce) {
  std::set<std::string_view> names;
  for (std::uint32_t id = 0; id < 43; ++id) {
    const GgmlType* type = find_ggml_type(id);
    ASSERT_NE(type, nullptr) << id;
    EXPECT_TRUE(names.insert(type->name).second) << type->name;
    EXPECT_EQ(type->block == 0, type->dequantize == nullptr);
  }
}

}  // namespace
}  // namespace cellm

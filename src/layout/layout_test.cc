#include "layout/layout.h"

#include <cstring>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "format/formats.h"
#include "format/half.h"

namespace cellm {
namespace {

TEST(StoredType, DtypesAreThoseOfTheFormatsAndTheirPackedForms) {
  for (const FormatSpec* spec : all_formats()) {
    const auto own = find_stored_type(spec->dtype);
    ASSERT_TRUE(own) << spec->name;
    EXPECT_EQ(own->format, spec->id);
    EXPECT_EQ(own->layout, &own_layout(spec->id));
    EXPECT_EQ(stored_dtype(*own), spec->dtype);
    const auto packed = find_stored_type(std::string(spec->dtype) + ".rows16");
    EXPECT_EQ(packed.has_value(), spec->packed_bits != 0) << spec->name;
    if (packed) {
      EXPECT_EQ(packed->layout, &kPackedLayout);
    }
  }
  EXPECT_EQ(stored_dtype({FormatId::kI4, &kPackedLayout}), "i4.rows16");
  EXPECT_FALSE(find_stored_type(".rows16"));
  EXPECT_FALSE(find_stored_type("int4"));  // a name, not a dtype
}

// Random payloads of a matrix, with small scales.
struct RandomMatrix {
  RandomMatrix(const MatrixShape& matrix_shape, const Layout& matrix_layout)
      : shape(matrix_shape), layout(matrix_layout), sizes(layout.sizes(shape)) {
    std::mt19937 random(7);
    codes.resize(sizes.code_bytes);
    for (auto& byte : codes) byte = static_cast<std::byte>(random());
    const std::size_t block =
        format_spec(shape.format).grid == nullptr ? 0 : format_spec(shape.format).grid->block;
    if (block != 0 && &layout == &kRowLayout) {  // scales among the codes: finite ones
      const std::uint16_t scale = f32_to_f16(0.5F);
      for (std::size_t at = 0; at < codes.size(); at += 2 + block / 8)
        std::memcpy(codes.data() + at, &scale, sizeof(scale));
    }
    for (std::size_t i = 0; i * 2 < sizes.scale_bytes(); ++i)
      scales.push_back(f32_to_f16(0.25F + 0.01F * static_cast<float>(i % 16)));
    matrix = layout.open(
        shape, {.codes = codes.data(), .scales = scales.empty() ? nullptr : scales.data()});
  }
  MatrixShape shape;
  const Layout& layout;
  PayloadSizes sizes;
  std::vector<std::byte> codes;
  std::vector<std::uint16_t> scales;
  MatrixPtr matrix;
};

std::vector<float> values_of(const Matrix& matrix) {
  std::vector<float> values(matrix.rows() * matrix.cols());
  for (std::size_t r = 0; r < matrix.rows(); ++r)
    matrix.read_row(r, values.data() + r * matrix.cols());
  return values;
}

// Random scales may be NaN, which equals nothing.
void expect_same_bits(const std::vector<float>& a, const std::vector<float>& b,
                      std::string_view what) {
  ASSERT_EQ(a.size(), b.size());
  EXPECT_EQ(std::memcmp(a.data(), b.data(), a.size() * sizeof(float)), 0) << what;
}

MatrixShape shape_of(const FormatSpec& spec, std::size_t rows, std::size_t cols) {
  MatrixShape shape{.format = spec.id, .rows = rows, .cols = cols};
  if (spec.has_scales) shape.group = cols;
  if (spec.order == StoredOrder::kTiles) shape.trellis = {default_trellis_table(spec.id).id, 3};
  return shape;
}

// Every format in its own layout, with rows that do not fill a unit: what is written is opened
// again with the group that its scales tell, and all forms have the same values.
TEST(Layout, EveryFormHasTheSameValues) {
  ThreadPool pool(2);
  for (const FormatSpec* spec : all_formats()) {
    if (spec->id == FormatId::kF32 || spec->id == FormatId::kF16 || spec->id == FormatId::kBF16)
      continue;  // random bytes are no finite floats
    const RandomMatrix random(shape_of(*spec, 70, 256), own_layout(spec->id));
    EXPECT_EQ(random.layout.group_of(random.shape, random.sizes.scale_shape), random.shape.group)
        << spec->name;
    EXPECT_FALSE(random.layout.group_of(random.shape, std::vector<std::size_t>{3, 3, 3, 3}));
    const auto values = values_of(*random.matrix);
    if (const auto exact = random.matrix->exact(pool)) {
      // Blocks are unpacked where they lie.
      EXPECT_EQ(random.matrix->exact_bytes() == 0, spec->order == StoredOrder::kBlocks);
      expect_same_bits(values_of(*exact), values, spec->name);
    }
    if (const auto packed = random.matrix->for_int8(pool)) {
      EXPECT_EQ(values_of(*packed), values) << spec->name;
      EXPECT_EQ(packed->for_int8(pool), nullptr);
      const PayloadSizes sizes = kPackedLayout.sizes(packed->shape());
      EXPECT_EQ(random.matrix->int8_bytes(), sizes.code_bytes + sizes.scale_bytes());
      EXPECT_EQ(kPackedLayout.group_of(random.shape, sizes.scale_shape), random.shape.group);
      EXPECT_EQ(values_of(*packed->exact(pool)), values) << spec->name;
    }
  }
}

// The row of a scale, against scales that are moved one by one.
TEST(Layout, AScaleBelongsToItsRow) {
  for (const FormatSpec* spec : all_formats()) {
    for (const Layout* layout : {&own_layout(spec->id), &kPackedLayout}) {
      const MatrixShape shape = shape_of(*spec, 21, 64);
      if (!spec->has_scales || !layout->accepts(shape)) continue;
      RandomMatrix random(shape, *layout);
      const auto before = values_of(*random.matrix);
      for (std::size_t i = 0; i < random.scales.size(); ++i) {
        const std::uint16_t old = std::exchange(random.scales[i], f32_to_f16(16.0F));
        const auto after = values_of(*random.matrix);
        random.scales[i] = old;
        for (std::size_t r = 0; r < shape.rows; ++r) {
          const bool same = std::equal(before.begin() + static_cast<long>(r * shape.cols),
                                       before.begin() + static_cast<long>((r + 1) * shape.cols),
                                       after.begin() + static_cast<long>(r * shape.cols));
          ASSERT_EQ(same, layout->row_of_scale(random.sizes.scale_shape, i) != r)
              << spec->name << " scale " << i << " row " << r;
        }
      }
    }
  }
}

}  // namespace
}  // namespace cellm

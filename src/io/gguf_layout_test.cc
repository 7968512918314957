#include "io/gguf_layout.h"

#include <array>
#include <string>
#include <vector>

#include "base/test_files.h"
#include "io/gguf_blocks.h"
#include "io/gguf_file.h"

namespace cellm {
namespace {

GgufMetadata all_kinds() {
  GgufMetadata metadata;
  metadata.add_string("general.architecture", "llama");
  metadata.add_u32("a.number", 4096);
  metadata.add_f32("a.float", 0.5);
  metadata.add_bool("a.flag", true);
  const std::array<std::int32_t, 3> numbers{1, -2, 3};
  metadata.add_i32s("a.numbers", numbers);
  metadata.add_bools("a.flags", {true, false});
  const std::array<std::string_view, 2> texts{"", "two words"};
  metadata.add_strings("a.texts", texts);
  return metadata;
}

TEST(GgufLayout, IsReadBack) {
  const TestFolder folder;
  const auto path = folder.path() / "m.gguf";
  const std::vector<GgufEntry> entries{{"first", {2, 3}, kGgmlF32, 24},
                                       {"empty.rows", {5}, kGgmlF16, 10},
                                       {"last", {1}, kGgmlF32, 4}};
  const std::vector<float> values{1, 2, 3, 4, 5, 6};
  const std::vector<std::uint16_t> halves{0x3C00, 0, 0, 0, 0xC000};
  const float last = -1;
  {
    FlatWriter writer(path, lay_out_gguf(all_kinds(), entries, 1));
    writer.append_tensor(1, std::as_bytes(std::span(halves)));
    const auto bytes = std::as_bytes(std::span(values));
    writer.append_tensor(0, bytes.first(8));
    writer.append_tensor(0, bytes.subspan(8));
    writer.append_blob(0, std::as_bytes(std::span(&last, 1)));
    EXPECT_FALSE(std::filesystem::exists(path));
    writer.finish();
  }
  const GgufFile file(path);
  EXPECT_EQ(file.values().size(), 7U);
  EXPECT_EQ(file.at("a.number").as_uint(), 4096U);
  EXPECT_EQ(file.at("a.float").as_number(), 0.5);
  EXPECT_TRUE(file.at("a.flag").as_bool());
  EXPECT_EQ(file.at("a.numbers").as_integers(), (std::vector<std::int64_t>{1, -2, 3}));
  EXPECT_EQ(file.at("a.flags").as_integers(), (std::vector<std::int64_t>{1, 0}));
  EXPECT_EQ(file.at("a.texts").as_strings(), (std::vector<std::string_view>{"", "two words"}));
  ASSERT_EQ(file.tensors().size(), 3U);
  const GgufTensor* first = file.find_tensor("first");
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->shape, (std::vector<std::size_t>{2, 3}));
  std::vector<float> got(6);
  first->read_rows(0, 2, got.data());
  EXPECT_EQ(got, values);
  got.resize(5);
  file.find_tensor("empty.rows")->read_rows(0, 1, got.data());
  EXPECT_EQ(got, (std::vector<float>{1, 0, 0, 0, -2}));
  file.find_tensor("last")->read_rows(0, 1, got.data());
  EXPECT_EQ(got[0], -1.0F);
}

TEST(GgufLayout, PayloadsAreAligned) {
  const std::vector<GgufEntry> entries{{"a", {1}, kGgmlF32, 4}, {"b", {1}, kGgmlF32, 4}};
  for (std::size_t size = 0; size < 40; ++size) {
    GgufMetadata metadata;
    metadata.add_string("key", std::string(size, 'x'));
    const FlatFile file = lay_out_gguf(metadata, entries);
    for (const FlatPayload& payload : file.payloads) EXPECT_EQ(payload.offset % 32, 0U);
    EXPECT_GE(file.payloads[0].offset, file.header.size());
    EXPECT_EQ(file.payloads[1].offset, file.payloads[0].offset + 32);
  }
}

TEST(GgufLayout, RefusesNumbersBeyondTheirType) {
  GgufMetadata metadata;
  expect_error(ErrorKind::kData, "big.key", [&] { metadata.add_u32("big.key", 1ULL << 32); });
}

}  // namespace
}  // namespace cellm

#include "io/gguf_parts.h"

#include <memory>
#include <string>
#include <vector>

#include "base/test_files.h"
#include "io/gguf_test_file.h"

namespace cellm {
namespace {

class Parts : public ::testing::Test {
 protected:
  static GgufBuilder part(std::uint32_t number, const std::string& tensor,
                          std::uint32_t count = 3) {
    GgufBuilder builder;
    if (number == 0) builder.string("general.architecture", "llama");
    builder.u32("split.no", number).u32("split.count", count).u32("split.tensors.count", 3);
    builder.f32_tensor(tensor, {2}, {static_cast<float>(number), 1});
    return builder;
  }
  void write(std::size_t number, const GgufBuilder& builder) const {
    folder_.write("m-0000" + std::to_string(number) + "-of-00003.gguf", builder.bytes());
  }
  std::shared_ptr<const GgufFile> open(const std::string& name) const {
    return open_gguf_parts(std::make_shared<const MappedFile>(folder_.path() / name));
  }
  void expect_refused(const std::string& name, std::string_view part) const {
    expect_error(ErrorKind::kData, part, [&] { open(name); });
  }

  const TestFolder folder_;
};

TEST_F(Parts, AnyOneOpensAll) {
  write(1, part(0, "a"));
  write(2, part(1, "c"));
  write(3, part(2, "b"));
  for (const char* name :
       {"m-00001-of-00003.gguf", "m-00002-of-00003.gguf", "m-00003-of-00003.gguf"}) {
    const auto file = open(name);
    EXPECT_EQ(file->path(), (folder_.path() / "m-00001-of-00003.gguf").string());
    EXPECT_EQ(file->at("general.architecture").as_string(), "llama");
    ASSERT_EQ(file->tensors().size(), 3U);
    const GgufTensor* last = file->find_tensor("b");
    ASSERT_NE(last, nullptr);
    float values[2];
    last->read_rows(0, 1, values);
    EXPECT_EQ(values[0], 2.0F);
    EXPECT_EQ(file->parts().size(), 2U);
  }
}

TEST_F(Parts, NamesWhatIsMissing) {
  write(1, part(0, "a"));
  write(2, part(1, "b"));
  expect_refused("m-00001-of-00003.gguf", "part 3 of 3 is missing: m-00003-of-00003.gguf");
  expect_refused("m-00002-of-00003.gguf", "part 3 of 3 is missing: m-00003-of-00003.gguf");
  folder_.write("other.gguf", part(1, "b").bytes());
  expect_refused("other.gguf", "is part 2 of 3, but is not named as parts are");
  write(3, part(1, "c"));
  expect_refused("m-00001-of-00003.gguf", "is part 2 of 3, but named as part 3 of 3");
  write(3, part(2, "c", 4));
  expect_refused("m-00001-of-00003.gguf", "is part 3 of 4, but named as part 3 of 3");
  write(3, part(2, "a"));
  expect_refused("m-00001-of-00003.gguf", "tensor 'a' is also in another part");
  GgufBuilder more = part(2, "c");
  write(3, more.f32_tensor("d", {1}, {1}));
  expect_refused("m-00001-of-00003.gguf", "the parts have 4 tensors, expected 3");
}

TEST_F(Parts, OneFileIsAModel) {
  folder_.write("m.gguf", GgufBuilder().f32_tensor("a", {1}, {1}).bytes());
  EXPECT_EQ(open("m.gguf")->tensors().size(), 1U);
  folder_.write("m.gguf", GgufBuilder().u32("split.count", 1).bytes());
  EXPECT_TRUE(open("m.gguf")->parts().empty());
  folder_.write("m.gguf", GgufBuilder().u32("split.count", 100000).bytes());
  expect_refused("m.gguf", "more than the 4096 allowed");
}

}  // namespace
}  // namespace cellm

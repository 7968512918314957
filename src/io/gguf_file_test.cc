#include "io/gguf_file.h"

#include <cstring>
#include <limits>

#include <gtest/gtest.h>

#include "base/error.h"
#include "io/gguf_test_file.h"

namespace cellm {
namespace {

struct Failure {
  ErrorKind kind;
  std::string message;
};

// The failure of opening these bytes; kind kOther if it works.
Failure open_bytes(const std::string& bytes) {
  const TemporaryFile file;
  try {
    const GgufFile opened(file.write(bytes));
    return {ErrorKind::kOther, ""};
  } catch (const Error& error) {
    return {error.kind(), error.what()};
  }
}

void expect_failure(const std::string& bytes, ErrorKind kind, std::string_view part) {
  const Failure failure = open_bytes(bytes);
  EXPECT_EQ(failure.kind, kind) << failure.message;
  EXPECT_NE(failure.message.find(part), std::string::npos) << failure.message;
  EXPECT_EQ(failure.message.find('\n'), std::string::npos) << failure.message;
}
void expect_damaged(const GgufBuilder& builder, std::string_view part) {
  expect_failure(builder.bytes(), ErrorKind::kData, part);
}

GgufBuilder sample() {
  GgufBuilder builder;
  builder.string("general.architecture", "llama")
      .u32("a.u32", 7)
      .f32("a.f32", 0.5F)
      .boolean("a.bool", true)
      .i32_array("a.numbers", {1, -2, 3})
      .string_array("a.texts", {"x", "", "yz"})
      .f32_tensor("vector", {3}, {1, 2, 3})
      .tensor("matrix", {32, 2}, 8, std::string(68, '\1'));
  return builder;
}

TEST(GgufFile, ReadsKeysAndTensors) {
  const TemporaryFile disk;
  for (const std::uint32_t version : {2U, 3U}) {
    GgufBuilder builder = sample();
    builder.version = version;
    const GgufFile file(disk.write(builder.bytes()));
    EXPECT_EQ(file.at("general.architecture").as_string(), "llama");
    EXPECT_EQ(file.at("a.u32").as_uint(), 7U);
    EXPECT_EQ(file.at("a.u32").as_number(), 7.0);
    EXPECT_EQ(file.at("a.f32").as_number(), 0.5);
    EXPECT_TRUE(file.at("a.bool").as_bool());
    EXPECT_EQ(file.at("a.numbers").as_integers(), (std::vector<std::int64_t>{1, -2, 3}));
    EXPECT_EQ(file.at("a.texts").as_strings(), (std::vector<std::string_view>{"x", "", "yz"}));
    EXPECT_EQ(file.find("a.nothing"), nullptr);
    EXPECT_EQ(file.values().size(), 6U);

    ASSERT_EQ(file.tensors().size(), 2U);
    const GgufTensor& matrix = file.tensors()[0];
    EXPECT_EQ(matrix.name, "matrix");
    EXPECT_EQ(matrix.shape, (std::vector<std::size_t>{2, 32}));
    EXPECT_EQ(matrix.type->name, "Q8_0");
    const GgufTensor& vector = file.tensors()[1];
    std::vector<float> values(3);
    vector.read_rows(0, 1, values.data());
    EXPECT_EQ(values, (std::vector<float>{1, 2, 3}));
  }
}

TEST(GgufFile, ReadsEveryNumberType) {
  GgufBuilder builder;
  builder.value("u8", GgufType::kU8, GgufBuilder::raw<std::uint8_t>(200))
      .value("i8", GgufType::kI8, GgufBuilder::raw<std::int8_t>(-3))
      .value("u16", GgufType::kU16, GgufBuilder::raw<std::uint16_t>(60000))
      .value("i16", GgufType::kI16, GgufBuilder::raw<std::int16_t>(-300))
      .value("i32", GgufType::kI32, GgufBuilder::raw<std::int32_t>(-70000))
      .value("u64", GgufType::kU64, GgufBuilder::raw<std::uint64_t>(UINT64_MAX))
      .value("i64", GgufType::kI64, GgufBuilder::raw<std::int64_t>(1LL << 40))
      .value("f64", GgufType::kF64, GgufBuilder::raw<double>(0.1))
      .f32("nan", std::numeric_limits<float>::quiet_NaN());
  const TemporaryFile disk;
  const GgufFile file(disk.write(builder.bytes()));
  EXPECT_EQ(file.at("u8").as_uint(), 200U);
  EXPECT_EQ(file.at("i8").as_number(), -3);
  EXPECT_EQ(file.at("u16").as_uint(), 60000U);
  EXPECT_EQ(file.at("i16").as_number(), -300);
  EXPECT_EQ(file.at("i32").as_number(), -70000);
  EXPECT_EQ(file.at("i64").as_uint(), 1ULL << 40);
  EXPECT_EQ(file.at("f64").as_number(), 0.1);
  EXPECT_THROW(file.at("u64").as_uint(), Error);
  EXPECT_THROW(file.at("i8").as_uint(), Error);
  EXPECT_THROW(file.at("u8").as_uint(0, 100), Error);
  EXPECT_THROW(file.at("nan").as_number(), Error);
  EXPECT_THROW(file.at("f64").as_uint(), Error);
  EXPECT_THROW(file.at("u8").as_bool(), Error);
  EXPECT_THROW(file.at("u8").as_string(), Error);
  EXPECT_THROW(file.at("u8").as_integers(), Error);
  EXPECT_THROW(file.at("missing"), Error);
}

TEST(GgufFile, TellsTypesApart) {
  const TemporaryFile disk;
  const GgufFile file(disk.write(sample().bytes()));
  EXPECT_THROW(file.at("a.numbers").as_strings(), Error);
  EXPECT_THROW(file.at("a.texts").as_integers(), Error);
  EXPECT_THROW(file.at("a.texts").as_uint(), Error);
  try {
    file.at("a.u32").as_strings();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData);
    EXPECT_EQ(error.what(), disk.path().string() +
                                ": key 'a.u32': expected an array of strings, found an integer");
  }
}

TEST(GgufFile, RefusesOtherFiles) {
  expect_failure("", ErrorKind::kData, "magic");
  expect_failure("GGML" + std::string(28, '\0'), ErrorKind::kData, "does not start with 'GGUF'");
  GgufBuilder builder;
  builder.version = 0x03000000;
  expect_failure(builder.bytes(), ErrorKind::kUnsupported, "big-endian");
  builder.version = 1;
  expect_failure(builder.bytes(), ErrorKind::kUnsupported, "version is 1");
  builder.version = 4;
  expect_failure(builder.bytes(), ErrorKind::kUnsupported, "version is 4");
}

TEST(GgufFile, RefusesBadKeys) {
  expect_damaged(GgufBuilder().u32("k", 1).u32("k", 2), "key 'k' appears twice");
  expect_damaged(GgufBuilder().u32("", 1), "key 0 is 0 bytes long");
  expect_damaged(GgufBuilder().u32(std::string(65536, 'k'), 1), "65536 bytes long");
  expect_damaged(GgufBuilder().value("k", static_cast<GgufType>(13), "12345678"),
                 "value type 13 does not exist");
  // Names from the file must not reach a terminal as they are.
  expect_damaged(GgufBuilder().u32("\x1b[2J\n", 1).u32("\x1b[2J\n", 1), "\\x1b[2J\\x0a");
}

TEST(GgufFile, RefusesBadArrays) {
  const std::string huge = GgufBuilder::array_head(GgufType::kU64, UINT64_MAX / 8 + 2);
  expect_damaged(GgufBuilder().value("k", GgufType::kArray, huge), "array says");
  const std::string texts = GgufBuilder::array_head(GgufType::kString, 1U << 30);
  expect_damaged(GgufBuilder().value("k", GgufType::kArray, texts), "array says");

  std::string nested = GgufBuilder::array_head(GgufType::kU8, 0);
  for (int depth = 2; depth <= kMaxGgufArrayDepth; ++depth) {
    nested.insert(0, GgufBuilder::array_head(GgufType::kArray, 1));
  }
  GgufBuilder deepest;
  deepest.value("k", GgufType::kArray, nested);
  EXPECT_EQ(open_bytes(deepest.bytes()).message, "");
  nested.insert(0, GgufBuilder::array_head(GgufType::kArray, 1));
  expect_damaged(GgufBuilder().value("k", GgufType::kArray, nested), "nested deeper than");
}

TEST(GgufFile, RefusesBadCounts) {
  std::string bytes = sample().bytes();
  for (const std::size_t at : {8U, 16U}) {  // tensors, keys
    for (const std::uint64_t count : {std::uint64_t{1} << 20, UINT64_MAX}) {
      std::string changed = bytes;
      std::memcpy(changed.data() + at, &count, sizeof(count));
      expect_failure(changed, ErrorKind::kData, "count says");
    }
  }
  GgufBuilder many;
  for (std::size_t i = 0; i <= kMaxGgufKeys; ++i) many.boolean(std::to_string(i), true);
  expect_damaged(many, "at most 131072 and 65536");
}

TEST(GgufFile, RefusesBadShapes) {
  const auto shape = [](const std::vector<std::uint64_t>& dimensions) {
    return GgufBuilder().tensor_info("t", dimensions, kGgmlF32, 0).data(64);
  };
  EXPECT_EQ(open_bytes(shape({2, 2, 2, 2}).bytes()).message, "");
  expect_damaged(shape({}), "0 dimensions");
  expect_damaged(shape({1, 1, 1, 1, 1}), "5 dimensions");
  expect_damaged(shape({4, 0}), "dimension 1 is 0");
  expect_damaged(shape({1ULL << 32, 1ULL << 32}), "dimension 1 is 4294967296");
  expect_damaged(shape({1ULL << 62}), "more than a file can hold");
  expect_damaged(shape({UINT64_MAX}), "more than a file can hold");
  expect_damaged(shape({17}), "takes 68 bytes from data byte 0, but the data has 64");
  expect_damaged(GgufBuilder().tensor_info("t", {48, 1}, 8, 0).data(64),
                 "rows of 48 weights are no multiple of the 32 in a Q8_0 block");
  expect_damaged(GgufBuilder().tensor_info("", {1}, 0, 0).data(64), "0 bytes long");
  expect_damaged(GgufBuilder().tensor_info(std::string(65, 'n'), {1}, 0, 0).data(64),
                 "65 bytes long");
}

// Tensors of 4096 weights of type 42 and one after them, in blocks of so many bytes each.
GgufBuilder crumbs(std::size_t first_bytes, std::size_t last_bytes) {
  return GgufBuilder()
      .tensor("first", {256, 16}, 42, std::string(first_bytes, '\1'))
      .f32_tensor("between", {1}, {1})
      .tensor("last", {256, 16}, 42, std::string(last_bytes, '\1'));
}

TEST(GgufFile, ChoosesTheSizeOfABlockByTheBytes) {
  constexpr std::size_t kToday = 4096 / 64 * 18;
  constexpr std::size_t kOlder = 4096 / 128 * 34;
  const TemporaryFile disk;
  for (const std::size_t padding : {0U, 31U}) {
    const GgufFile today(disk.write(crumbs(kToday, kToday + padding).bytes()));
    EXPECT_EQ(today.find_tensor("first")->type->block, 64U);
    EXPECT_EQ(today.find_tensor("last")->type->block, 64U);
    const GgufFile older(disk.write(crumbs(kOlder, kOlder + padding).bytes()));
    EXPECT_EQ(older.find_tensor("first")->type->block, 128U);
    EXPECT_EQ(older.find_tensor("last")->type->block, 128U);
    EXPECT_EQ(older.find_tensor("last")->bytes.size(), kOlder);
  }
  // What fits neither is damaged, not of the other size.
  expect_damaged(crumbs(kToday, kToday - 1), "takes 1152 bytes");
  expect_damaged(crumbs(kToday, kOlder), "takes 1152 bytes");
  expect_damaged(crumbs(kOlder, kOlder - 1), "overlap");
  // As small as this, only the bytes of a block of today are read.
  const GgufFile tiny(
      disk.write(GgufBuilder().tensor("t", {128}, 42, std::string(36, '\1')).bytes()));
  EXPECT_EQ(tiny.find_tensor("t")->type->block, 64U);
  const GgufFile odd(
      disk.write(GgufBuilder().tensor("t", {64}, 42, std::string(18, '\1')).bytes()));
  EXPECT_EQ(odd.find_tensor("t")->type->block, 64U);
}

TEST(GgufFile, RefusesTypesItCannotRead) {
  const auto typed = [](std::uint32_t type) {
    return GgufBuilder().tensor_info("t", {256}, type, 0).data(1024).bytes();
  };
  expect_failure(typed(15), ErrorKind::kUnsupported,
                 "tensor 't' has the type Q8_K, which is not supported; can be read: F32, F16,");
  expect_failure(typed(99), ErrorKind::kUnsupported, "unknown type 99");
}

TEST(GgufFile, RefusesBadPlaces) {
  const auto two = [](std::uint64_t first, std::uint64_t second) {
    return GgufBuilder()
        .tensor_info("a", {16}, kGgmlF32, first)
        .tensor_info("b", {16}, kGgmlF32, second)
        .data(128);
  };
  EXPECT_EQ(open_bytes(two(0, 64).bytes()).message, "");
  EXPECT_EQ(open_bytes(two(64, 0).bytes()).message, "");
  expect_damaged(two(0, 0), "overlap");
  expect_damaged(two(32, 0), "tensors 'b' and 'a' overlap");
  expect_damaged(two(0, 65), "no multiple of 32");
  expect_damaged(two(0, 96), "takes 64 bytes from data byte 96");
  expect_damaged(two(0, UINT64_MAX - 31), "but the data has 128");
  expect_damaged(GgufBuilder()
                     .tensor_info("a", {16}, kGgmlF32, 0)
                     .tensor_info("a", {16}, kGgmlF32, 64)
                     .data(128),
                 "tensor 'a' appears twice");
}

TEST(GgufFile, HonoursAlignment) {
  GgufBuilder builder;
  builder.alignment = 4;
  builder.u32("general.alignment", 4).f32_tensor("a", {1}, {1}).f32_tensor("b", {1}, {2});
  const TemporaryFile disk;
  const GgufFile file(disk.write(builder.bytes()));
  float value = 0;
  file.tensors()[1].read_rows(0, 1, &value);
  EXPECT_EQ(value, 2);
  expect_damaged(GgufBuilder().u32("general.alignment", 0), "general.alignment");
  expect_damaged(GgufBuilder().u32("general.alignment", 48), "power of two");
  expect_damaged(GgufBuilder().u32("general.alignment", 1U << 31), "general.alignment");
  expect_damaged(GgufBuilder().string("general.alignment", "32"), "general.alignment");
}

// A file may end anywhere and every byte of the header may be anything: an error or a valid file,
// but nothing that the sanitizers object to.
TEST(GgufFile, SurvivesDamage) {
  const std::string bytes = sample().bytes();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const Failure failure = open_bytes(bytes.substr(0, size));
    EXPECT_EQ(failure.kind, ErrorKind::kData) << size << ": " << failure.message;
  }
  const std::size_t header = sample().header().size();
  const TemporaryFile disk;
  for (std::size_t at = 0; at < header; ++at) {
    const auto original = static_cast<unsigned char>(bytes[at]);
    for (const unsigned value : {0U, 0xFFU, original ^ 0xFFU, original ^ 1U, original ^ 0x80U}) {
      std::string changed = bytes;
      changed[at] = static_cast<char>(value);
      try {
        const GgufFile file(disk.write(changed));
        std::vector<float> row;
        for (const GgufTensor& tensor : file.tensors()) {
          row.resize(tensor.rows() * tensor.cols());
          tensor.read_rows(0, tensor.rows(), row.data());
        }
        for (const GgufValue& each : file.values()) {
          try {
            each.as_strings();
          } catch (const Error&) {
          }
          try {
            each.as_integers();
          } catch (const Error&) {
          }
        }
      } catch (const Error&) {
      }
    }
  }
}

}  // namespace
}  // namespace cellm

#include "io/safetensors.h"

#include <cstdint>
#include <cstring>
#include <string>

#include "base/test_files.h"

namespace cellm {
namespace {

std::string with_header(std::string_view header, std::string_view data) {
  const std::uint64_t length = header.size();
  std::string bytes(sizeof(length), '\0');
  std::memcpy(bytes.data(), &length, sizeof(length));
  return bytes.append(header).append(data);
}

constexpr std::string_view kHeader =
    R"({"__metadata__":{"format":"pt"},"b":{"dtype":"F16","shape":[2,3],"data_offsets":[0,12]},)"
    R"("a":{"dtype":"F32","shape":[],"data_offsets":[12,16]}})";

std::string valid() {
  return with_header(kHeader, std::string(16, 'x'));
}

void expect_refused(const std::string& bytes, std::string_view part,
                    ErrorKind kind = ErrorKind::kData) {
  const TestFolder folder;
  const auto path = folder.write("m.safetensors", bytes);
  expect_error(kind, part, [&] { open_safetensors(path); });
}

// The valid file with one part of its header changed.
void expect_change_refused(std::string_view from, std::string_view to, std::string_view part,
                           ErrorKind kind = ErrorKind::kData) {
  std::string header(kHeader);
  replace_once(header, from, to);
  expect_refused(with_header(header, std::string(16, 'x')), part, kind);
}

TEST(Safetensors, ReadsTheTable) {
  const TestFolder folder;
  const SafetensorsFile file = open_safetensors(folder.write("m.safetensors", valid()));
  EXPECT_EQ(file.format, "pt");
  ASSERT_EQ(file.entries.size(), 2U);
  EXPECT_EQ(file.entries[0].name, "a");
  EXPECT_EQ(file.entries[0].shape, (std::vector<std::size_t>{1}));
  EXPECT_EQ(file.entries[1].shape, (std::vector<std::size_t>{2, 3}));
  EXPECT_EQ(file.entries[1].data.size(), 12U);
}

TEST(Safetensors, RefusesEveryCut) {
  const TestFolder folder;
  const std::string whole = valid();
  const auto path = folder.write("m.safetensors", whole);
  for (std::size_t size = whole.size(); size-- > 0;) {
    std::filesystem::resize_file(path, size);
    expect_error(ErrorKind::kData, "m.safetensors", [&] { open_safetensors(path); });
  }
  expect_refused(whole + "y", "cover 16 of 17 bytes");
}

TEST(Safetensors, RefusesWrongHeaders) {
  expect_refused(std::string("\xff\xff\xff\xff\xff\xff\xff\x7f", 8) + "{}", "above the limit");
  expect_refused(std::string("\x00\x00\x00\x80\x00\x00\x00\x00", 8) + "{}", "above the limit");
  expect_refused(with_header("[]", ""), "expected an object");
  expect_refused(with_header("{\"a\":1}", ""), "expected an object");
  expect_change_refused("\"a\"", "\"b\"", "\"b\" appears twice");
  expect_change_refused("\"a\"", "\"\"", "a name of 0 bytes");
  expect_change_refused("\"pt\"", "3", "expected a string");
  expect_change_refused("{\"format\":\"pt\"}", "\"x\"", "expected an object");
}

TEST(Safetensors, RefusesWrongTensors) {
  expect_change_refused("F16", "F17", "unknown dtype F17", ErrorKind::kUnsupported);
  expect_change_refused("\"F16\"", "7", "b.dtype: expected a string");
  expect_change_refused("[2,3]", "[3,3]", "12 bytes, but F16 of shape [3, 3] takes 18");
  expect_change_refused("[2,3]", "[0,3]", "12 bytes, but F16 of shape [0, 3] takes 0");
  expect_change_refused("[2,3]", "[-2,-3]", "expected an integer from 0");
  expect_change_refused("[2,3]", "[1,1,1,1,1,1,1,6,1]", "at most 8");
  expect_change_refused("[2,3]", "[1099511627776,1099511627776,3]", "larger than any file");
  expect_change_refused("[2,3]", "[9223372036854775808,2]", "expected an integer from 0");
  expect_change_refused("[2,3]", "\"2\"", "expected an array");
  expect_change_refused("\"shape\":[2,3],", "", "shape is missing");
  expect_change_refused("[0,12]", "[0,12,1]", "at most 2");
  expect_change_refused("[0,12]", "[0]", "two numbers");
  expect_change_refused("[0,12]", "[12,0]", "lie outside");
  expect_change_refused("[0,12]", "[4,16]", "expected 0 (gap or overlap)");
  expect_change_refused("[12,16]", "[8,12]", "gap or overlap");
  expect_change_refused("[12,16]", "[13,17]", "lie outside");
  expect_change_refused("[12,16]", "[12,9223372036854775807]", "lie outside");
  expect_change_refused("[12,16]", "[12,18446744073709551615]", "expected an integer");
}

TEST(Safetensors, NamesStayOnOneLine) {
  expect_change_refused("\"a\":{\"dtype\":\"F32\"", "\"a\\n\\u0007\":{\"dtype\":\"F99\"",
                        "tensor a\\x0a\\x07", ErrorKind::kUnsupported);
}

}  // namespace
}  // namespace cellm

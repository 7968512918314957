#include "io/npy.h"

#include <array>
#include <string>

#include "base/test_files.h"

namespace cellm {
namespace {

TEST(Npy, HeaderIsThatOfNumpy) {
  const TestFolder folder;
  const auto path = folder.path() / "a.npy";
  NpyWriter writer(path, 2, 3);
  const std::array<float, 6> values{1, -2, 0.5, 4, 5, 6};
  writer.append_row(std::span(values).first(3));
  writer.append_row(std::span(values).last(3));
  EXPECT_FALSE(std::filesystem::exists(path));  // not before it is complete
  writer.finish();
  // numpy.save of a float32 array of shape (2, 3), numpy 1.26.
  std::string expected("\x93NUMPY\x01\x00\x76\x00", 10);
  expected += "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
  expected.append(127 - expected.size(), ' ');
  expected += '\n';
  expected.append(reinterpret_cast<const char*>(values.data()), sizeof(values));
  EXPECT_EQ(file_bytes(path), expected);
}

TEST(Npy, LeavesNothingWhenUnfinished) {
  const TestFolder folder;
  folder.write("a.npy", "old");
  { const NpyWriter writer(folder.path() / "a.npy", 2, 3); }
  EXPECT_EQ(file_bytes(folder.path() / "a.npy"), "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

}  // namespace
}  // namespace cellm

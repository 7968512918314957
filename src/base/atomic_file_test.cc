#include "base/atomic_file.h"

#include <string>
#include <thread>
#include <vector>

#include "base/test_files.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

class AtomicFileTest : public ::testing::Test {
 protected:
  static void write(AtomicFile& file, std::uint64_t offset, std::string_view text) {
    file.write_at(offset, std::as_bytes(std::span(text)));
  }
  std::ptrdiff_t files() const { return std::distance(fs::directory_iterator(folder_.path()), {}); }

  const TestFolder folder_;
  const fs::path target_ = folder_.path() / "model.cellm";
};

TEST_F(AtomicFileTest, KeepsTheOldFileUntilCommit) {
  folder_.write("model.cellm", "old");
  {
    AtomicFile file(target_);
    write(file, 0, "half");
  }
  EXPECT_EQ(file_bytes(target_), "old");
  EXPECT_EQ(files(), 1);
  {
    AtomicFile file(target_);
    write(file, 3, "def");
    write(file, 0, "abc");
    EXPECT_EQ(file_bytes(target_), "old");
    file.commit();
  }
  EXPECT_EQ(file_bytes(target_), "abcdef");
  EXPECT_EQ(files(), 1);
}

TEST_F(AtomicFileTest, ClearsWhatKilledRunsLeft) {
  // Process 1 runs on every machine, but does not lock this file.
  for (const char* name : {"model.cellm.1.tmp", "model.cellm.4194304.tmp", "model.cellm.1-7.tmp"})
    folder_.write(name, "left");
  const std::vector<const char*> others{
      "model.cellm.notes.tmp", "model.cellm.tmp",    "model.cellm..tmp",  "model.cellm.12-.tmp",
      "model.cellm.12.tmp2",   "model2.cellm.1.tmp", "model.cellm.-1.tmp"};
  for (const char* name : others) folder_.write(name, "mine");
  folder_.write("precious", "mine");
  fs::create_symlink("precious", folder_.path() / "model.cellm.2.tmp");
  fs::create_directory(folder_.path() / "model.cellm.3.tmp");
  { const AtomicFile file(target_); }
  for (const char* name : others) EXPECT_TRUE(fs::exists(folder_.path() / name)) << name;
  EXPECT_EQ(file_bytes(folder_.path() / "model.cellm.2.tmp"), "mine");
  EXPECT_EQ(files(), static_cast<std::ptrdiff_t>(others.size()) + 3);
}

TEST_F(AtomicFileTest, WritersToOneTargetDoNotMix) {
  AtomicFile first(target_);
  write(first, 0, "first");
  AtomicFile second(target_);  // removes abandoned files only, so not the first
  write(second, 0, "second!");
  EXPECT_EQ(files(), 2);
  write(first, 5, "!");
  second.commit();
  EXPECT_EQ(file_bytes(target_), "second!");
  first.commit();
  EXPECT_EQ(file_bytes(target_), "first!");
  EXPECT_EQ(files(), 1);
}

TEST_F(AtomicFileTest, ManyWritersAtOnceEachLeaveAWholeFile) {
  constexpr int kWriters = 4;
  constexpr int kRounds = 100;
  constexpr std::size_t kHalf = 5000;
  std::vector<std::thread> writers;
  for (int i = 0; i < kWriters; ++i) {
    writers.emplace_back([this, i] {
      const std::string half(kHalf, static_cast<char>('a' + i));
      for (int round = 0; round < kRounds; ++round) {
        AtomicFile file(target_);
        write(file, 0, half);
        write(file, kHalf, half);
        if (round % 4 != 3) file.commit();
      }
    });
  }
  for (auto& writer : writers) writer.join();
  const std::string content = file_bytes(target_);
  EXPECT_EQ(content, std::string(2 * kHalf, content.at(0)));
  EXPECT_EQ(files(), 1);
}

TEST_F(AtomicFileTest, ReserveSaysThatTheDiskIsTooSmall) {
  folder_.write("model.cellm", "old");
  {
    AtomicFile file(target_);
    expect_error(ErrorKind::kResources,
                 "model.cellm: ", [&] { file.reserve(std::uint64_t{1} << 60); });
  }
  {
    AtomicFile file(target_);
    file.reserve(4);
    write(file, 0, "new!");
    file.commit();
  }
  EXPECT_EQ(file_bytes(target_), "new!");
  EXPECT_EQ(files(), 1);
}

}  // namespace
}  // namespace cellm

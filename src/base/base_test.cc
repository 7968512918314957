#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <unistd.h>
#include <utility>

#include <gtest/gtest.h>

#include "base/aligned_buffer.h"
#include "base/byte_reader.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/mapped_file.h"
#include "base/thread_pool.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

class TemporaryFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "cellm_base_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_;
};

TEST(Printable, EscapesWhatATerminalWouldObey) {
  EXPECT_EQ(printable("model.weight"), "model.weight");
  EXPECT_EQ(printable("a\x1b[2J\n"), "a\\x1b[2J\\x0a");
  EXPECT_EQ(printable("Gr\xC3\xBC\xC3\x9F\xFF"), "Gr\xC3\xBC\xC3\x9F\\xff");
  EXPECT_EQ(printable("\xED\xA0\x80"), "\\xed\\xa0\\x80");  // a surrogate is not valid UTF-8
  EXPECT_LT(printable(std::string(5000, 'x')).size(), 220U);
}

TEST(ByteReader, ReadsLittleEndianAndStopsAtTheEnd) {
  const std::array<unsigned char, 7> raw{0x01, 0x02, 0x03, 0x04, 'a', 'b', 0xFF};
  ByteReader reader(std::as_bytes(std::span(raw)), "test.bin");
  EXPECT_EQ(reader.read<std::uint32_t>("magic"), 0x04030201U);
  EXPECT_EQ(reader.read_text(2, "name"), "ab");
  EXPECT_THROW(reader.read<std::uint16_t>("size"), Error);
  EXPECT_EQ(reader.read<std::uint8_t>("flag"), 0xFF);
  EXPECT_EQ(reader.remaining(), 0U);
  EXPECT_THROW(reader.read_bytes(std::uint64_t{1} << 63, "payload"), Error);
}

TEST(ByteReader, RefusesCountsThatCannotFit) {
  const std::array<std::uint64_t, 2> raw{std::uint64_t{1} << 62, 0};
  ByteReader reader(std::as_bytes(std::span(raw)), "test.bin");
  EXPECT_THROW(reader.read_count<std::uint64_t>(8, "items"), Error);
}

TEST_F(TemporaryFolder, MappedFileRefusesWhatIsNoFile) {
  EXPECT_THROW(MappedFile{folder_}, Error);
  EXPECT_THROW(MappedFile{folder_ / "missing"}, Error);
  std::ofstream(folder_ / "empty") << "";
  EXPECT_EQ(MappedFile(folder_ / "empty").bytes().size(), 0U);
  std::ofstream(folder_ / "large") << std::string(100, 'x');
  EXPECT_THROW(read_file(folder_ / "large", 99), Error);
}

TEST(ThreadPool, CoversEveryIndexOnce) {
  for (const unsigned threads : {1U, 2U, 5U}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.threads(), threads);
    for (const std::size_t count : {0U, 1U, 7U, 1000U}) {
      for (const std::size_t grain : {1U, 3U, 2000U}) {
        std::vector<std::atomic<int>> hits(count);
        pool.parallel_for(count, grain, [&](std::size_t begin, std::size_t end) {
          EXPECT_EQ(begin % grain, 0U);
          EXPECT_LE(end - begin, grain);
          for (std::size_t i = begin; i < end; ++i) ++hits[i];
        });
        for (const auto& hit : hits) EXPECT_EQ(hit, 1);
      }
    }
  }
}

TEST(ThreadPool, ManyShortLoopsAndCallers) {
  ThreadPool pool(3);
  std::atomic<std::size_t> total{0};
  const auto caller = [&] {
    for (int i = 0; i < 2000; ++i) {
      pool.parallel_for(8, 1, [&](std::size_t begin, std::size_t end) { total += end - begin; });
    }
  };
  std::thread other(caller);
  caller();
  other.join();
  EXPECT_EQ(total, 2U * 2000U * 8U);
}

TEST(ThreadPool, RefusesMoreThreadsThanAreOfUse) {
  try {
    const ThreadPool pool(kMaxThreads + 1);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_STREQ(error.what(), "1025 threads are too many; at most 1024 are possible");
  }
}

TEST(ThreadPool, PassesOnTheExceptionAndGoesOn) {
  ThreadPool pool(2);
  EXPECT_THROW(pool.parallel_for(100, 1,
                                 [](std::size_t begin, std::size_t) {
                                   if (begin == 42) throw data_error("no");
                                 }),
               Error);
  std::atomic<int> calls{0};
  pool.parallel_for(10, 1, [&](std::size_t, std::size_t) { ++calls; });
  EXPECT_EQ(calls, 10);
}

TEST(AlignedBuffer, IsAlignedAndZero) {
  const AlignedBuffer<float> buffer(33);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % kAlignment, 0U);
  EXPECT_EQ(std::accumulate(buffer.span().begin(), buffer.span().end(), 0.0F), 0.0F);
  EXPECT_THROW(AlignedBuffer<double>(static_cast<std::size_t>(-1) / 4), std::bad_alloc);
  AlignedBuffer<float> moved = AlignedBuffer<float>(5);
  AlignedBuffer<float> other;
  other = std::move(moved);
  EXPECT_EQ(other.size(), 5U);
  const AlignedBuffer<float> copy = other;
  other[4] = 1.0F;
  EXPECT_EQ(copy[4], 0.0F);
}

std::size_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t all = 0;
  std::size_t resident = 0;
  file >> all >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

TEST(AlignedBuffer, TakesMemoryForThePagesThatAreWritten) {
  constexpr std::size_t kBytes = std::size_t{256} << 20;
  const std::size_t before = resident_bytes();
  AlignedBuffer<std::byte> buffer(kBytes);
  EXPECT_LT(resident_bytes(), before + kBytes / 2);
  std::fill(buffer.span().begin(), buffer.span().end(), std::byte{1});
  EXPECT_GE(resident_bytes(), before + kBytes / 2);
}

}  // namespace
}  // namespace cellm

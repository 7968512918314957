#include "base/memory.h"

#include <algorithm>
#include <fstream>
#include <sys/resource.h>

#include "base/advice.h"
#include "base/test_files.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMib = std::uint64_t{1} << 20;

// A tree of /proc and /sys files.
class Memory : public ::testing::Test {
 protected:
  void put(const std::string& path, std::string_view content) const {
    fs::create_directories((root_.path() / path).parent_path());
    root_.write(path, content);
  }
  void expect(std::uint64_t mebibytes, std::string_view limited_by) const {
    const AvailableMemory available = available_memory(root_.path());
    EXPECT_EQ(available.bytes, mebibytes * kMib);
    EXPECT_EQ(available.limited_by, limited_by);
  }
  void machine(const char* swap = "0") const {
    put("proc/meminfo",
        fmt::format("MemTotal:       16384000 kB\nMemFree:          100 kB\nMemAvailable:    "
                    "8192000 kB\nSwapTotal:  9999999 kB\nSwapFree: {} kB\n",
                    swap));
  }

  const TestFolder root_;
};

TEST_F(Memory, WhatIsNotKnownLimitsNothing) {
  EXPECT_EQ(available_memory(root_.path()).bytes, UINT64_MAX);
  put("proc/meminfo", "nonsense\nMemAvailable: much");
  put("proc/self/cgroup", "0\n:::\nx");
  EXPECT_EQ(available_memory(root_.path()).bytes, UINT64_MAX);
}

TEST_F(Memory, TheMachineHasMemoryAndSwap) {
  machine();
  expect(8000, "this machine");
  machine("1024");
  expect(8001, "this machine");
}

TEST_F(Memory, GroupsOfVersion2LimitWithAllAboveThem) {
  machine("10240");
  put("proc/self/cgroup", "0::/a/b\n");
  const std::string at = "sys/fs/cgroup/";
  put(at + "a/b/memory.max", "max\n");
  put(at + "a/b/memory.current", "100\n");
  expect(8010, "this machine");
  put(at + "a/memory.max", fmt::format("{}\n", 500 * kMib));
  put(at + "a/memory.current", fmt::format("{}\n", 300 * kMib));
  put(at + "a/memory.stat",
      fmt::format("anon 5\nfile 7\ninactive_file {}\nactive_file {}\n", 40 * kMib, 2 * kMib));
  expect(252, "the limit of the control group");  // 500 − (300 − 42) + 10 of swap
  put(at + "a/memory.swap.max", fmt::format("{}\n", 5 * kMib));
  put(at + "a/memory.swap.current", fmt::format("{}\n", 1 * kMib));
  expect(246, "the limit of the control group");
  put(at + "a/memory.current", fmt::format("{}\n", 900 * kMib));  // over the limit
  expect(4, "the limit of the control group");
}

TEST_F(Memory, AContainerSeesItsGroupAsTheRoot) {
  machine();
  put("proc/self/cgroup", "0::/../../docker/1234\n");
  put("sys/fs/cgroup/memory.max", fmt::to_string(64 * kMib));
  put("sys/fs/cgroup/memory.current", fmt::to_string(4 * kMib));
  expect(60, "the limit of the control group");
}

TEST_F(Memory, GroupsOfVersion1) {
  machine();
  put("proc/self/cgroup", "12:cpu,cpuacct:/x\n4:hugetlb,memory:/x\n1:name=systemd:/x\n");
  put("sys/fs/cgroup/memory/x/memory.limit_in_bytes", fmt::to_string(200 * kMib));
  put("sys/fs/cgroup/memory/x/memory.usage_in_bytes", fmt::to_string(150 * kMib));
  put("sys/fs/cgroup/memory/x/memory.stat",
      fmt::format("active_file 1\ntotal_active_file {}\n", 10 * kMib));
  expect(60, "the limit of the control group");
}

TEST(RequireMemory, SaysWhatIsNeededAndWhatIsThere) {
  require_memory(1, "m.cellm: loading", AdviceKind::kNone);
  const AvailableMemory available = available_memory();
  ASSERT_NE(available.bytes, UINT64_MAX);
  constexpr std::uint64_t kTooMuch = UINT64_MAX - kMib + 1;
  const auto require = [] {
    require_memory(kTooMuch, "m.cellm: loading", AdviceKind::kSmallerFormat);
  };
  for (const char* part :
       {"m.cellm: loading needs 17592186044415.0 MiB of memory, ", " MiB are available ("}) {
    expect_error(ErrorKind::kResources, part, require);
  }
  try {
    require();
  } catch (const Error& error) {
    EXPECT_EQ(error.advice().kind, AdviceKind::kSmallerFormat);
    EXPECT_EQ(error.advice().needed, kTooMuch);
    EXPECT_LT(error.advice().available, kTooMuch);
  }
}

// Data size of this process, from the line "VmData: 1234 kB".
std::uint64_t data_bytes() {
  std::ifstream status("/proc/self/status");
  std::string word;
  std::uint64_t kib = 0;
  while (status >> word && word != "VmData:") {
  }
  status >> kib;
  return 1024 * kib;
}

TEST(RequireMemory, KnowsTheLimitsOfTheProcess) {
  EXPECT_EXIT(
      {
        // The mappings of sanitizers count as well.
        const std::uint64_t most = data_bytes() + 512 * kMib;
        rlimit limit{};
        limit.rlim_cur = limit.rlim_max = most;
        ::setrlimit(RLIMIT_DATA, &limit);
        const AvailableMemory available = available_memory();
        const std::uint64_t rest = most - std::min(most, data_bytes());
        const bool right = available.bytes <= rest + kMib && available.bytes + 16 * kMib > rest &&
                           available.limited_by == "the limit of data, ulimit -d";
        std::_Exit(right ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace cellm

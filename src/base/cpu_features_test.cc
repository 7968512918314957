#include "base/cpu_features.h"

#include <limits>

#include "base/test_files.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kNoQuota = std::numeric_limits<unsigned>::max();

// A tree of /proc and /sys files.
class Quota : public ::testing::Test {
 protected:
  void put(const std::string& path, std::string_view content) const {
    fs::create_directories((root_.path() / path).parent_path());
    root_.write(path, content);
  }
  unsigned cores() const { return quota_cores(root_.path()); }

  const TestFolder root_;
};

TEST_F(Quota, NothingLimitsWithoutFiles) {
  EXPECT_EQ(cores(), kNoQuota);
  put("proc/self/cgroup", "0::/a\n1:cpu:/a\nnonsense\n:::\n");
  EXPECT_EQ(cores(), kNoQuota);
}

TEST_F(Quota, Version2) {
  put("proc/self/cgroup", "0::/a/b\n");
  const std::string file = "sys/fs/cgroup/a/b/cpu.max";
  for (const auto& [content, expected] : {std::pair("max 100000\n", kNoQuota),
                                          {"200000 100000\n", 2U},
                                          {"150000 100000\n", 2U},
                                          {"1000 100000\n", 1U},
                                          {"400000\n", 4U},
                                          {"75000 25000\n", 3U},
                                          {"100000 0\n", kNoQuota},
                                          {"0 100000\n", 1U},
                                          {"18446744073709551615 1\n", kNoQuota},
                                          {"words\n", kNoQuota}}) {
    put(file, content);
    EXPECT_EQ(cores(), expected) << content;
  }
}

TEST_F(Quota, TheLeastOfAllGroupsAbove) {
  put("proc/self/cgroup", "0::/a/b\n");
  put("sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
  put("sys/fs/cgroup/a/cpu.max", "300000 100000\n");
  EXPECT_EQ(cores(), 3U);
  put("sys/fs/cgroup/cpu.max", "200000 100000\n");  // in a container the mount is the group
  EXPECT_EQ(cores(), 2U);
}

TEST_F(Quota, Version1) {
  put("proc/self/cgroup", "4:cpu,cpuacct:/docker/x\n0::/\n");
  put("sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_quota_us", "-1\n");
  put("sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(cores(), kNoQuota);
  put("sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_quota_us", "250000\n");
  EXPECT_EQ(cores(), 3U);
  put("sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_period_us", "50000\n");
  EXPECT_EQ(cores(), 5U);
  // A mount by the name of the controller alone, where the path of /proc is not visible.
  put("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "100000\n");
  EXPECT_EQ(cores(), 1U);
}

TEST(DefaultThreads, AtLeastOneAndNoMoreThanCores) {
  EXPECT_GE(default_threads(), 1U);
  EXPECT_LE(default_threads(), physical_cores());
}

}  // namespace
}  // namespace cellm

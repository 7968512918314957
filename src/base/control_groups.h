// The control groups of Linux that limit this process.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

namespace cellm {

struct ControlGroup {
  std::filesystem::path folder;  // of its files
  int version = 2;               // 1 or 2
};

// The groups of this process that have `controller` ("memory", "cpu"), with all groups above them,
// whose limits hold as well. In a container the path in /proc may not exist; the root of the mount
// is then the group itself. Folders need not exist. `root` is the prefix of /proc and /sys.
std::vector<ControlGroup> control_groups(std::string_view controller,
                                         const std::filesystem::path& root = "/");

// The number in a file; nothing for "max", a negative number or a missing file.
std::optional<std::uint64_t> read_group_number(const std::filesystem::path& path);

}  // namespace cellm

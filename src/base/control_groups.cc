#include "base/control_groups.h"

#include <charconv>
#include <fstream>
#include <string>

#include <fmt/format.h>

namespace cellm {
namespace {

namespace fs = std::filesystem;

void add_with_parents(std::vector<ControlGroup>& groups, const fs::path& mount, fs::path group,
                      int version) {
  for (;; group = group.parent_path()) {
    groups.push_back({mount / group.relative_path(), version});
    if (!group.has_relative_path()) return;
  }
}

}  // namespace

std::vector<ControlGroup> control_groups(std::string_view controller, const fs::path& root) {
  std::vector<ControlGroup> groups;
  const fs::path mounts = root / "sys" / "fs" / "cgroup";
  const std::string wanted = fmt::format(",{},", controller);
  // Lines of "ID:CONTROLLERS:PATH"; version 2 is the line without controllers.
  std::ifstream lines(root / "proc" / "self" / "cgroup");
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const fs::path group = line.substr(second + 1);
    if (controllers.empty()) add_with_parents(groups, mounts, group, 2);
    if (fmt::format(",{},", controllers).find(wanted) == std::string::npos) continue;
    // Controllers that share a mount ("cpu,cpuacct") have links with the names of each.
    const fs::path own = mounts / controller;
    std::error_code ignored;
    add_with_parents(groups, fs::exists(own, ignored) ? own : mounts / controllers, group, 1);
  }
  return groups;
}

std::optional<std::uint64_t> read_group_number(const fs::path& path) {
  std::string line;
  std::ifstream file(path);
  if (!std::getline(file, line)) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, failure] = std::from_chars(line.data(), line.data() + line.size(), value);
  if (failure != std::errc() || end == line.data()) return std::nullopt;
  return value;
}

}  // namespace cellm

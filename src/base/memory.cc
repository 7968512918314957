#include "base/memory.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>
#include <sys/resource.h>
#include <unistd.h>

#include "base/control_groups.h"
#include "base/error.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

std::optional<std::uint64_t> to_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end == text.data()) return std::nullopt;
  return value;
}

// The number of `key` in lines of "KEY NUMBER" or "KEY: NUMBER kB".
std::optional<std::uint64_t> read_field(const fs::path& path, std::string_view key) {
  std::ifstream file(path);
  for (std::string word; file >> word;) {
    std::string value;
    if (word == key && file >> value) return to_number(value);
  }
  return std::nullopt;
}

std::uint64_t minus(std::uint64_t a, std::uint64_t b) {
  return a > b ? a - b : 0;
}

void lower(AvailableMemory& least, std::uint64_t bytes, std::string_view limited_by) {
  if (bytes < least.bytes) least = {bytes, limited_by};
}

// The files in which a version of control groups has its figures.
struct GroupFiles {
  const char* limit;
  const char* usage;
  const char* active_cache;  // fields of memory.stat
  const char* inactive_cache;
};
constexpr GroupFiles kVersion2{"memory.max", "memory.current", "active_file", "inactive_file"};
constexpr GroupFiles kVersion1{"memory.limit_in_bytes", "memory.usage_in_bytes",
                               "total_active_file", "total_inactive_file"};

// The memory left in one control group: its limit minus its usage without file cache, which the
// kernel can reclaim, plus swap.
void lower_by_group(AvailableMemory& least, const fs::path& group, const GroupFiles& files,
                    std::uint64_t free_swap) {
  const auto limit = read_group_number(group / files.limit);
  const auto usage = read_group_number(group / files.usage);
  if (!limit || !usage) return;
  const fs::path stat = group / "memory.stat";
  const std::uint64_t cache = read_field(stat, files.active_cache).value_or(0) +
                              read_field(stat, files.inactive_cache).value_or(0);
  // Swap has a separate limit in version 2 ("max": all swap of the machine).
  std::uint64_t swap = free_swap;
  if (const auto swap_limit = read_group_number(group / "memory.swap.max")) {
    const auto swap_usage = read_group_number(group / "memory.swap.current").value_or(0);
    swap = std::min(swap, minus(*swap_limit, swap_usage));
  }
  lower(least, minus(*limit, minus(*usage, cache)) + swap, "the limit of the control group");
}

void lower_by_limit(AvailableMemory& least, int resource, std::uint64_t used,
                    std::string_view name) {
  rlimit limit{};
  if (::getrlimit(static_cast<__rlimit_resource_t>(resource), &limit) != 0) return;
  if (limit.rlim_cur != RLIM_INFINITY) lower(least, minus(limit.rlim_cur, used), name);
}

std::string mebibytes(std::uint64_t bytes) {
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / 0x1p20);
}

}  // namespace

AvailableMemory available_memory(const fs::path& root) {
  AvailableMemory least;
  const fs::path meminfo = root / "proc" / "meminfo";
  const std::uint64_t swap = 1024 * read_field(meminfo, "SwapFree:").value_or(0);
  if (const auto available = read_field(meminfo, "MemAvailable:"))
    lower(least, *available * 1024 + swap, "this machine");

  for (const ControlGroup& group : control_groups("memory", root)) {
    lower_by_group(least, group.folder, group.version == 2 ? kVersion2 : kVersion1, swap);
  }

  if (root == "/") {
    std::ifstream statm("/proc/self/statm");  // in pages: size resident shared text lib data
    std::uint64_t size = 0;
    std::uint64_t data = 0;
    std::uint64_t other = 0;
    statm >> size >> other >> other >> other >> other >> data;
    const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    lower_by_limit(least, RLIMIT_AS, size * page, "the limit of address space, ulimit -v");
    lower_by_limit(least, RLIMIT_DATA, data * page, "the limit of data, ulimit -d");
  }
  return least;
}

void require_memory(std::uint64_t bytes, std::string_view what, AdviceKind advice) {
  const AvailableMemory available = available_memory();
  if (bytes <= available.bytes) return;
  throw error(ErrorKind::kResources, {advice, bytes, available.bytes},
              "{} needs {} of memory, {} are available ({})", what, mebibytes(bytes),
              mebibytes(available.bytes), available.limited_by);
}

}  // namespace cellm

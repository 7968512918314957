// How much memory there is still to have, so that a task that cannot fit is refused before it
// begins and not killed in its middle.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace cellm {

struct AvailableMemory {
  std::uint64_t bytes = UINT64_MAX;  // UINT64_MAX: not known
  std::string_view limited_by;       // for people: "this machine", "the control group", ...
};

// The least of what the machine has (MemAvailable and free swap), what the control groups of this
// process leave it, versions 1 and 2 (page cache, which the kernel gives back, counts as free), and
// what its limits on address space and data (RLIMIT_AS, RLIMIT_DATA) leave. What cannot be read
// limits nothing. `root` is where /proc and /sys are looked for; limits apply only for "/".
AvailableMemory available_memory(const std::filesystem::path& root = "/");

// Throws Error(kResources) if `bytes` are not available: "WHAT needs 900 MiB of memory, 800 MiB are
// available (this machine); ADVICE".
void require_memory(std::uint64_t bytes, std::string_view what, std::string_view advice);

}  // namespace cellm

// Available memory, so that a task that cannot fit is refused before it begins.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.h"

namespace cellm {

struct AvailableMemory {
  std::uint64_t bytes = UINT64_MAX;  // UINT64_MAX: unknown
  // The binding limit for messages, a string literal: "this machine", ...; empty if unknown.
  std::string_view limited_by;
};

// The minimum of: memory and free swap of the machine (MemAvailable), memory left in the control
// groups of this process, versions 1 and 2 (file cache counts as free; version 1's joint limit of
// memory and swap is not read), and the rest of its limits on address space and data (RLIMIT_AS,
// RLIMIT_DATA). A limit that cannot be read is ignored. `root` is the prefix of /proc and /sys;
// resource limits apply only for "/".
AvailableMemory available_memory(const std::filesystem::path& root = "/");

// Throws Error(kResources) if `bytes` are not available: "WHAT needs 900 MiB of memory, 800 MiB are
// available (this machine)".
void require_memory(std::uint64_t bytes, std::string_view what, AdviceKind advice);

}  // namespace cellm

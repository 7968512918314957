// Writing a .cellm file anew with other contents of some payloads.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "io/cellm_file.h"
#include "io/json.h"

namespace cellm {

// Changes the header's keys but for tensors, blobs, checksums and quality, which are not there:
// what a file said of its quality does not hold for another.
using HeaderEdit = std::function<void(nlohmann::ordered_json& header)>;
// The new bytes of a tensor's payload, as many as there are; nothing to keep them.
using PayloadEdit = std::function<std::optional<std::vector<std::byte>>(
    const CellmEntry& entry, std::span<const std::byte> bytes)>;

// A tensor that the file does not have yet.
struct NewTensor {
  std::string name;
  std::string dtype;
  std::vector<std::size_t> shape;
  std::vector<std::byte> bytes;
};

// Writes the file at `path` to `target`, which may be the same, in one step: the target is at every
// time the old file or the new one. A target that is a link stays one. Checks every checksum on the
// way: throws Error(kData) for a damaged file or one that is no .cellm file, Error(kResources) for
// a full disk; the target is then as it was.
void rewrite_cellm(const std::filesystem::path& path, const std::filesystem::path& target,
                   const HeaderEdit& edit_header, const PayloadEdit& edit_payload,
                   const std::vector<NewTensor>& added = {});

}  // namespace cellm

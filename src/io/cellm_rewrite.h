// Rewriting a .cellm file with changed payloads and header fields.
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

// Edits the header's fields, given without tensors, blobs, checksums and quality: the quality of a
// file does not apply to an edited copy.
using HeaderEdit = std::function<void(nlohmann::ordered_json& header)>;
// The new bytes of a tensor's payload, of the same size; empty to keep the old ones.
using PayloadEdit = std::function<std::optional<std::vector<std::byte>>(
    const CellmEntry& entry, std::span<const std::byte> bytes)>;

// A tensor to add to the file.
struct NewTensor {
  std::string name;
  std::string dtype;
  std::vector<std::size_t> shape;
  std::vector<std::byte> bytes;
};

// Writes an edited copy of `file` to `target`, which may be its own path, atomically: the target is
// always the old file or the new one. A target that is a link stays one. Verifies every checksum:
// throws Error(kData) for a damaged file, Error(kResources) for a full disk; the target is then
// unchanged.
void rewrite_cellm(const CellmFile& file, const std::filesystem::path& target,
                   const HeaderEdit& edit_header, const PayloadEdit& edit_payload,
                   const std::vector<NewTensor>& added = {});

}  // namespace cellm

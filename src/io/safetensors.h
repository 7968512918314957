// The safetensors container (github.com/huggingface/safetensors, "Format"): u64 header length, a
// JSON header, then the tensors' bytes without gaps.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/mapped_file.h"

namespace cellm {

struct SafetensorsEntry {
  std::string name;
  std::string dtype;                // as written: "BF16", "F32", "U32", ...
  std::vector<std::size_t> shape;   // a scalar is {1}; dimensions may be 0
  std::span<const std::byte> data;  // in the mapped file
};

struct SafetensorsFile {
  std::shared_ptr<const MappedFile> file;
  std::string format;                     // __metadata__.format, empty if there is none
  std::vector<SafetensorsEntry> entries;  // sorted by name
};

// Maps a file and checks its table: sizes match dtype and shape, ranges cover the data without gap
// or overlap, names are distinct. Throws Error(kData), saying what the file is if it is
// known (io/file_kind.h), or Error(kUnsupported) for a dtype that the format does not define.
SafetensorsFile open_safetensors(const std::filesystem::path& path);
// The same for a mapped file.
SafetensorsFile parse_safetensors(std::shared_ptr<const MappedFile> file);

}  // namespace cellm

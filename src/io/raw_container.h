// The contents of a GGUF or safetensors file as it stores them, whatever it is for.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/folder_file.h"

namespace cellm {

struct RawTensor {
  std::string name;
  std::vector<std::size_t> shape;  // slowest dimension first
  std::string type;                // the container's name of it: "Q4_K", "BF16"
  std::uint64_t bytes = 0;
};

struct RawContainer {
  std::string kind;                                           // "gguf" or "safetensors"
  std::vector<std::pair<std::string, std::string>> metadata;  // values as text, long ones cut
  std::vector<RawTensor> tensors;                             // sorted by name
};

// Reads the table of a .gguf or .safetensors file, or of all *.safetensors of a folder. Nothing for
// another file, and for a folder without them. Throws what the readers throw.
std::optional<RawContainer> open_raw_container(const std::filesystem::path& path, Links links);

}  // namespace cellm

// Recognizes files and folders that people give by mistake in place of a model, by first bytes and
// by names.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace cellm {

// Recognizes a file that should hold weights but is in none of the containers that
// cellm reads: a Git LFS pointer, a web page, a message of a server, a PyTorch or another
// framework's file, an archive, the beginning of a download. The error names `name`; nothing if the
// bytes are none of these.
std::optional<Error> known_mistake(std::span<const std::byte> bytes, std::string_view name);

// The same for a file that should hold text: a Git LFS pointer, a web page, no bytes, zeros.
std::optional<Error> known_text_mistake(std::string_view text, std::string_view name);

// The error for a folder without config.json or without *.safetensors, by the names in it: a LoRA
// adapter, a download that is not complete, a GGUF file, PyTorch's or another framework's weights.
// `missing` says what was looked for, for a folder with none of these.
Error folder_mistake(const std::filesystem::path& folder, const std::vector<std::string>& names,
                     std::string_view missing);

// Whether a file of this name is the unfinished part of a download.
bool is_unfinished(std::string_view name);

// The name that follows in a set of numbered files, and their number: "model-00001-of-00003.gguf"
// is {"model-", 1, 3, ".gguf"}. Nothing for a name without such numbers.
struct NumberedName {
  std::string prefix;
  std::size_t number = 0;  // from 1
  std::size_t count = 0;
  std::string suffix;

  std::string name_of(std::size_t number) const;
};
std::optional<NumberedName> numbered_name(std::string_view name);

}  // namespace cellm

// The tensors of a Hugging Face folder as its files store them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/folder_file.h"

namespace cellm {

struct StoredTensor {
  std::string name;
  std::string dtype;  // safetensors' name: "BF16", "U32"
  std::vector<std::size_t> shape;
  std::span<const std::byte> bytes;  // valid as long as `owner`
  std::shared_ptr<const void> owner;
};

struct StoredTensors {
  std::vector<StoredTensor> tensors;  // sorted by name, names distinct, no dimension is 0
  std::string container_format;       // __metadata__.format of a file
  std::map<std::string, std::string, std::less<>> absent;  // "is empty ...", by name
  std::string incomplete;          // what is missing of the download; empty: nothing
  std::vector<std::string> notes;  // what was taken for something else

  // Null if there is no such tensor.
  const StoredTensor* find(std::string_view name) const;
};

// The tensors of the folder's *.safetensors files: those of an index NAME.safetensors.index.json,
// or model.safetensors, or all of them. The index chooses between files that have the same tensor
// and no more: what it lists and is not there is missed by who needs it. A prefix that a wrapper of
// PyTorch gave to the names ("_orig_mod.", "module.") is dropped, with a note. Throws Error(kData)
// and Error(kUnsupported), saying what the folder or a file is if it is known (io/file_kind.h).
StoredTensors read_stored_tensors(const std::filesystem::path& folder, Links links);

}  // namespace cellm

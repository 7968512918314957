// A model with LoRA adapters merged into its weights.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/folder_file.h"
#include "io/model_source.h"

namespace cellm {

struct LoraRequest {
  std::filesystem::path path;  // a PEFT folder or a GGUF adapter
  double scale = 1.0;          // in addition to the adapter's own
};

// "PATH" or "PATH:SCALE". Throws Error(kUsage) for a scale that is not finite.
LoraRequest parse_lora_request(std::string_view text);

// An adapter as a file's header names it.
struct LoraLabel {
  std::string name;      // its file or folder
  std::string checksum;  // XXH3-64 of its files, as hex
  double scale = 1.0;
};

struct MergedModel {
  std::unique_ptr<ModelSource> source;
  std::vector<LoraLabel> adapters;
};

// The base with W + Σ scale · B · A in place of W, computed row by row in f32. Throws the errors of
// open_lora_adapter(), and Error(kData) naming a tensor of an adapter that the base does not have
// or that has another shape there.
MergedModel merge_adapters(std::unique_ptr<ModelSource> base,
                           const std::vector<LoraRequest>& adapters, Links links);
// The same for the base at a path (model/open_source.h).
MergedModel open_merged_model(const std::filesystem::path& base,
                              const std::vector<LoraRequest>& adapters, Links links);

}  // namespace cellm

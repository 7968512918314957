// A Hugging Face model folder: config.json, safetensors in one file or shards, and the texts beside
// it.
#pragma once

#include <filesystem>
#include <memory>

#include "io/folder_file.h"
#include "io/model_source.h"

namespace cellm {

// Weights come from *.safetensors.index.json if there is one, else from model.safetensors, else
// from all *.safetensors (io/stored_tensors.h). BF16, F16 and F32 can be read, and the quantized
// weights of io/quantized/quantized.h, whose parts become one tensor; reading a tensor of another
// type throws.
//
// A folder written by MLX (conv1d weights are [C, K, 1]) is presented in the Hugging Face form: for
// Qwen3.5 the conv1d shape and the +1 that mlx-lm adds to norm weights are undone.
//
// A symbolic link out of the folder is refused unless `links` is kFollow (io/folder_file.h).
// Throws Error(kData) for what is missing or damaged, Error(kUnsupported) for a quantization that
// is not known and for what the folder holds instead of a model that cellm reads (io/file_kind.h).
std::unique_ptr<ModelSource> open_hf_folder(const std::filesystem::path& folder,
                                            Links links = Links::kInside);

}  // namespace cellm

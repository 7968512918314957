// LoRA adapters (arXiv:2106.09685): low-rank changes of a model's matrices, in PEFT folders and
// GGUF files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/folder_file.h"
#include "io/model_source.h"
#include "model/config.h"

namespace cellm {

// A matrix of an adapter: rows are read when they are needed.
struct LoraFactor {
  std::size_t rows = 0;  // as stored
  std::size_t cols = 0;
  bool transposed = false;
  std::function<void(std::size_t begin, std::size_t end, float* out)> read_rows;  // as stored

  // Rows [begin, end) after transposing.
  std::vector<float> values(std::size_t begin, std::size_t end) const;
  std::size_t height() const { return transposed ? cols : rows; }
  std::size_t width() const { return transposed ? rows : cols; }
};

// W + scale · B · A of one tensor.
struct LoraChange {
  std::string tensor;  // Hugging Face name, as the adapter has it
  LoraFactor b;        // (rows, rank)
  LoraFactor a;        // (rank, columns)
  float scale = 1.0F;
};

// A tensor that takes the place of the base's (PEFT's modules_to_save, trained biases).
struct LoraReplacement {
  std::string tensor;
  std::vector<std::size_t> shape;
  std::function<void(std::size_t begin, std::size_t end, float* out)> read_rows;
};

struct LoraAdapter {
  std::string path;
  std::vector<LoraChange> changes;
  std::vector<LoraReplacement> replacements;
  std::vector<std::string> files;  // for the checksum
};

// Reads a PEFT folder (adapter_config.json and adapter_model.safetensors) or a GGUF adapter, for a
// base of this configuration. Scales are those of the adapter: lora_alpha / r, or
// lora_alpha / √r with use_rslora. Throws Error(kData) for a damaged adapter, Error(kUnsupported)
// for another kind (DoRA, an initialization that changes the base, another architecture).
LoraAdapter open_lora_adapter(const std::filesystem::path& path, const ModelConfig& base,
                              Links links);

// The two readers.
LoraAdapter read_peft_adapter(const std::filesystem::path& folder, Links links);
LoraAdapter read_gguf_adapter(const std::filesystem::path& path, const ModelConfig& base);

}  // namespace cellm

// What a GGUF file's metadata says about the model, and the Hugging Face configuration made of it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "io/gguf_file.h"

namespace cellm {

enum class GgufArch { kLlama, kQwen3, kQwen35 };

// Sizes that the tensors' names and layouts depend on. All of them are at least 1 and small enough
// that products of two do not overflow.
struct GgufModel {
  GgufArch arch = GgufArch::kLlama;
  std::size_t blocks = 0;  // blk.0 … blk.(blocks − 1)
  std::size_t layers = 0;  // the first of them; the others predict further tokens and are not used
  std::size_t hidden = 0;
  std::size_t heads = 0;
  std::size_t kv_heads = 0;
  std::size_t head_dim = 0;
  std::size_t vocab = 0;  // rows of the embedding

  // Qwen3.5 only.
  std::vector<bool> linear_layers;  // which of the layers are DeltaNet layers
  std::size_t conv_kernel = 0;
  std::size_t key_heads = 0;
  std::size_t value_heads = 0;  // a multiple of key_heads
  std::size_t key_dim = 0;      // of one head
  std::size_t value_dim = 0;
};

// Throws Error(kUnsupported) for another architecture or a feature that cellm does not have,
// Error(kData) for keys that are missing, of the wrong type or contradict each other.
GgufModel read_gguf_model(const GgufFile& file);

// config.json as Hugging Face would have it. If `rope_freqs.weight` is there, rope_parameters have
// the rope_type "cellm_rope_factors" and its values as "factors": inv_freq[i] is divided by
// factors[i].
std::string make_gguf_config_json(const GgufFile& file, const GgufModel& model);

// generation_config.json: the ids that end an answer, and the recommended sampling. Empty if the
// file says nothing about either.
std::string make_gguf_generation_config_json(const GgufFile& file, const GgufModel& model);

}  // namespace cellm

// The configuration of a model as plain data, the same structure for every family.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/json.h"
#include "model/rope_scaling.h"

namespace cellm {

// The token mixer of a layer.
enum class MixerKind { kAttention, kGatedDeltaNet };

struct DeltaNetConfig {
  std::size_t conv_kernel = 0;
  std::size_t key_heads = 0;
  std::size_t value_heads = 0;
  std::size_t key_dim = 0;    // of a head
  std::size_t value_dim = 0;  // of a head
};

// Channels of the convolution: all queries, all keys, all values.
std::size_t conv_channels(const DeltaNetConfig& net);

// The structure of a layer; layer_steps() (model/step.h) turns it into steps.
struct LayerSpec {
  MixerKind mixer = MixerKind::kAttention;
  bool qk_norm = false;      // RMS norm on each head of queries and keys
  bool output_gate = false;  // the query projection has (query, gate) for each head
  bool qkv_bias = false;     // on the query, key and value projections
  bool operator==(const LayerSpec&) const = default;
};

struct Family;  // model/arch/family.h

struct ModelConfig {
  const Family* family = nullptr;
  std::string model_type;  // as in config.json, e.g. "qwen3_5_text"
  std::size_t vocab_size = 0;
  std::size_t hidden = 0;
  std::size_t intermediate = 0;
  std::vector<LayerSpec> layers;
  std::size_t heads = 0;
  std::size_t kv_heads = 0;
  std::size_t head_dim = 0;
  std::size_t rotary_dim = 0;  // leading dimensions of a head that rotate
  double rope_theta = 10000.0;
  RopeScaling rope_scaling;
  float rms_norm_eps = 1e-6F;
  float norm_offset = 0.0F;  // added to norm weights: 1 where they are stored zero-centred
  // tie_word_embeddings; empty if config.json does not say: then tied unless an output matrix is
  // stored.
  std::optional<bool> tied_embedding;
  std::size_t max_positions = 0;
  std::vector<std::uint32_t> eos_ids;
  DeltaNetConfig delta_net;        // used if a layer is kGatedDeltaNet
  std::vector<std::string> notes;  // what was assumed, for a note each
};

// Reads config.json (Hugging Face form; `source` names it in messages) and validates it: every size
// is positive, bounded, and consistent with the others. Throws Error(kData) for missing or wrong
// values, and Error(kUnsupported) naming a model type or option that cellm does not support.
ModelConfig parse_model_config(std::string_view json, std::string_view source);
// The same for a parsed document.
ModelConfig read_model_config(const Json& document, std::string_view source);

}  // namespace cellm

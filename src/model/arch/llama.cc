// Llama and its like (transformers models/llama): grouped attention without biases, SwiGLU, full
// rotary.

#include <array>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "model/arch/family.h"

namespace cellm {
namespace {

constexpr std::array<std::string_view, 1> kTypes{"llama"};

// llama.cpp's Llama rotates adjacent pairs (2i, 2i + 1), Hugging Face halves (i, i + head_dim / 2):
// the file holds each head's rows as (pair, half), Hugging Face as (half, pair).
GgufTransform rotary_pairs(const ModelConfig& config) {
  return {.rows = {.outer = 2, .inner = config.head_dim / 2}};
}

constexpr auto kNames =
    replaced(kDecoderNames,
             std::array<TensorNames, 2>{
                 {{TensorRole::kQuery, "self_attn.q_proj.weight", "attn_q.weight", rotary_pairs},
                  {TensorRole::kKey, "self_attn.k_proj.weight", "attn_k.weight", rotary_pairs}}});

void read(const JsonNode& text, ModelConfig& config) {
  read_layer_types(text, false, config);
  refuse_option(text, "attention_bias");
  refuse_partial_rotary(text);
  refuse_option(text, "mlp_bias");
  read_attention_heads(text, 0, config);
  config.rotary_dim = config.head_dim;
}

constexpr std::array<std::string_view, 1> kRopeFactors{"rope_freqs.weight"};

// Llama 3's frequencies come as a tensor: inv_freq[i] is divided by its value i.
void add_rope_factors(const GgufFile& file, const GgufSizes& sizes, Json& rope) {
  const GgufTensor* factors = file.find_tensor(kRopeFactors.front());
  if (factors == nullptr) return;
  if (factors->shape != std::vector<std::size_t>{sizes.head_dim / 2}) {
    throw data_error("{}: tensor 'rope_freqs.weight': expected {} numbers", file.path(),
                     sizes.head_dim / 2);
  }
  if (rope["rope_type"] != "default") {
    throw unsupported_error("{}: rope scaling and tensor 'rope_freqs.weight' are both there",
                            file.path());
  }
  std::vector<float> values(sizes.head_dim / 2);
  factors->read_rows(0, 1, values.data());
  for (const float value : values) {
    if (!(value > 0 && value <= 1e6F)) {
      throw data_error("{}: tensor 'rope_freqs.weight': expected positive factors, found {}",
                       file.path(), value);
    }
  }
  rope["rope_type"] = "cellm_rope_factors";
  rope["factors"] = values;  // f32 is exact in JSON's doubles
}

void add_gguf_config(const GgufModelKeys& keys, const GgufSizes& sizes, Json& config) {
  refuse_partial_rotary(keys, sizes);
  add_rope_factors(keys.file(), sizes, config["rope_parameters"]);
}

}  // namespace

extern const Family kLlamaFamily;  // listed in families.cc
const Family kLlamaFamily{
    .name = "llama",
    .model_types = kTypes,
    .names = kNames,
    .read = read,
    .gguf = {.architecture = "llama",
             .model_type = "llama",
             .class_name = "LlamaForCausalLM",
             .add_config = add_gguf_config,
             .default_rope_theta = 10000.0,  // files of Llama 1 and 2 do not always say it
             .held_by_config = kRopeFactors},
    .default_max_positions = 2048};

}  // namespace cellm

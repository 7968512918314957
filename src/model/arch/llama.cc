// Llama and its like (transformers models/llama): grouped attention without biases, SwiGLU, full
// rotary.

#include <array>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/limits.h"
#include "model/arch/family.h"
#include "model/gguf/config.h"

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

constexpr std::string_view kShortRopeFactors = "rope_factors_short.weight";
constexpr std::array kFactorTensors{kRopeFactorsTensor, kLongRopeFactors, kShortRopeFactors};

std::vector<float> read_factors(const GgufFile& file, const GgufSizes& sizes,
                                const GgufTensor& tensor) {
  if (tensor.shape != std::vector<std::size_t>{sizes.head_dim / 2}) {
    throw data_error("{}: tensor '{}': expected {} numbers", file.path(), tensor.name,
                     sizes.head_dim / 2);
  }
  std::vector<float> values(sizes.head_dim / 2);
  tensor.read_rows(0, 1, values.data());
  for (const float value : values) {
    if (!(value > 0 && value <= 1e6F)) {
      throw data_error("{}: tensor '{}': expected positive factors, found {}", file.path(),
                       tensor.name, value);
    }
  }
  return values;  // f32 is exact in JSON's doubles
}

// LongRoPE has factors for short texts and for long ones. As in llama.cpp, the context decides, not
// the text: that of the model is the longer one, unless it was never extended.
void add_long_rope(const GgufModelKeys& keys, const GgufSizes& sizes, Json& rope) {
  const std::size_t context = keys.size("context_length", kMaxPositions);
  const std::size_t original =
      keys.size_or("rope.scaling.original_context_length", kMaxPositions, context);
  const std::string_view name = context > original ? kLongRopeFactors : kShortRopeFactors;
  const GgufTensor* tensor = keys.file().find_tensor(name);
  if (tensor == nullptr) {
    throw data_error("{}: tensor '{}' is missing", keys.file().path(), name);
  }
  std::vector<double> factors;
  const double all = rope.value("factor", 1.0);
  for (const float factor : read_factors(keys.file(), sizes, *tensor)) {
    factors.push_back(all * static_cast<double>(factor));
  }
  rope = {{"rope_type", "cellm_rope_factors"},
          {"rope_theta", rope["rope_theta"]},
          {"factors", factors}};
  const GgufValue* attention = keys.find("rope.scaling.attn_factor");
  if (attention != nullptr) rope["attention_factor"] = attention->as_number();
}

// Llama 3's frequencies come as a tensor: inv_freq[i] is divided by its value i.
void add_rope_factors(const GgufModelKeys& keys, const GgufSizes& sizes, Json& rope) {
  if (rope["rope_type"] == "longrope") return add_long_rope(keys, sizes, rope);
  const GgufTensor* factors = keys.file().find_tensor(kRopeFactorsTensor);
  if (factors == nullptr) return;
  if (rope["rope_type"] != "default") {
    throw unsupported_error("{}: rope scaling and tensor 'rope_freqs.weight' are both there",
                            keys.file().path());
  }
  rope["factors"] = read_factors(keys.file(), sizes, *factors);
  rope["rope_type"] = "cellm_rope_factors";
}

void add_gguf_config(const GgufModelKeys& keys, const GgufSizes& sizes, Json& config) {
  refuse_partial_rotary(keys, sizes);
  add_rope_factors(keys, sizes, config["rope_parameters"]);
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
             .held_by_config = kFactorTensors},
    .default_max_positions = 2048};

}  // namespace cellm

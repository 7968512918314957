// Harnesses for configurations and the tensor shapes derived from them.

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "chat/template.h"
#include "engine/generation_config.h"
#include "engine/sampler.h"
#include "format/formats.h"
#include "format/packed.h"
#include "format/trellis.h"
#include "harness.h"
#include "model/config.h"
#include "model/model.h"
#include "model/rope.h"
#include "model_check.h"
#include "mutate.h"
#include "tokenizer/tokenizer.h"

namespace cellm::fuzz {
namespace {

// Tensor names are only generated for models of at most this many layers: 4096 would dominate the
// run time.
constexpr std::size_t kMaxListedLayers = 16;
// Rows wider than this are left alone: a few bytes in a file never stand for more.
constexpr std::size_t kMaxRowBytes = std::size_t{64} << 20;

void check_config(const ModelConfig& config) {
  require(config.kv_heads != 0 && config.heads % config.kv_heads == 0, "heads share key heads");
  require(config.rotary_dim % 2 == 0 && config.rotary_dim <= config.head_dim,
          "half of a head turns");
  require(config.vocab_size != 0 && config.hidden != 0 && !config.layers.empty(),
          "sizes are positive");
  for (const float frequency : inverse_frequencies(config)) {
    require(std::isfinite(frequency) && frequency >= 0, "frequencies are finite");
  }
  if (config.layers.size() > kMaxListedLayers) return;
  for (const TensorSpec& spec : model_tensors(config)) {
    require(!spec.shape.empty() &&
                std::none_of(spec.shape.begin(), spec.shape.end(), [](auto n) { return n == 0; }),
            "a tensor of the model has a shape");
  }
}

void run_config(Bytes input) {
  check_config(parse_model_config(text_of(input), "input"));
}

bool is_accepted(const SamplingDefaults& asked) {
  const SamplerOptions none;
  try {
    const Sampler sampler({.temperature = asked.temperature.value_or(none.temperature),
                           .top_k = asked.top_k.value_or(none.top_k),
                           .top_p = asked.top_p.value_or(none.top_p),
                           .min_p = asked.min_p.value_or(none.min_p),
                           .repeat_penalty = asked.repeat_penalty.value_or(none.repeat_penalty),
                           .presence_penalty = asked.presence_penalty.value_or(0.0F),
                           .frequency_penalty = asked.frequency_penalty.value_or(0.0F)},
                          {});
  } catch (const Error&) {
    return false;
  }
  return true;
}

void run_generation_config(Bytes input) {
  auto ids = generation_end_ids(text_of(input), "input");
  std::sort(ids.begin(), ids.end());
  require(std::adjacent_find(ids.begin(), ids.end()) == ids.end(), "each id is there once");
  require(is_accepted(generation_sampling(text_of(input), "input")), "a sampler takes the options");
}

constexpr std::string_view kConfigKeys[] = {"text_config",
                                            "model_type",
                                            "quantization_config",
                                            "quant_method",
                                            "hidden_act",
                                            "vocab_size",
                                            "hidden_size",
                                            "intermediate_size",
                                            "max_position_embeddings",
                                            "rms_norm_eps",
                                            "tie_word_embeddings",
                                            "eos_token_id",
                                            "rope_parameters",
                                            "rope_scaling",
                                            "rope_theta",
                                            "rope_type",
                                            "type",
                                            "factor",
                                            "low_freq_factor",
                                            "high_freq_factor",
                                            "original_max_position_embeddings",
                                            "factors",
                                            "partial_rotary_factor",
                                            "num_attention_heads",
                                            "num_key_value_heads",
                                            "head_dim",
                                            "num_hidden_layers",
                                            "layer_types",
                                            "full_attention_interval",
                                            "attention_bias",
                                            "mlp_bias",
                                            "use_sliding_window",
                                            "linear_conv_kernel_dim",
                                            "linear_num_key_heads",
                                            "linear_num_value_heads",
                                            "linear_key_head_dim",
                                            "linear_value_head_dim",
                                            "linear",
                                            "llama3",
                                            "cellm_rope_factors"};

}  // namespace

void check_model(const ModelSource& source) {
  const auto& tensors = source.tensors();
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const TensorInfo& info = tensors[i];
    require(i == 0 || tensors[i - 1].name < info.name, "tensors are sorted by name and distinct");
    require(!info.shape.empty() && info.rows() != 0 && info.cols() != 0, "a tensor has a shape");
    require(info.cols() * sizeof(float) <= kMaxRowBytes, "a row is no wider than its bytes allow");
    std::vector<float> row(info.cols());
    try {
      source.read_rows(i, 0, 1, row.data());
      source.read_rows(i, info.rows() - 1, info.rows(), row.data());
    } catch (const Error&) {  // a listed but unsupported type, or a value without a logarithm
    }
    if (const MatrixPtr matrix = source.weights(i)) {
      require(matrix->rows() == info.rows() && matrix->cols() == info.cols(),
              "a matrix has the tensor's shape");
      matrix->read_row(matrix->rows() - 1, row.data());
      matrix->read_product_row(matrix->rows() - 1, row.data());
      source.forget(*matrix);
    }
  }
  (void)generation_end_ids(
      source.generation_config_json().empty() ? "{}" : source.generation_config_json(), "input");
  const ModelConfig config = read_model_config(source.config(), "input");
  check_config(config);
  for (const auto& [name, text] : source.chat_templates()) {
    try {
      (void)chat::Template(text, "input");
    } catch (const Error&) {  // refused when a conversation is asked for, not before
    }
  }
  const TokenizerData data = source.tokenizer();
  if (std::holds_alternative<std::monostate>(data)) return;
  const Tokenizer tokenizer = load_tokenizer(data, "input");
  (void)tokenizer.encode("Hello, 12 world", true);
}

constinit const Harness kConfig{"config", run_config, [](const std::string& text, Random& random) {
                                  return mutate_json_text(text, kConfigKeys, random);
                                }};
constinit const Harness kGenerationConfig{
    "generation_config", run_generation_config, [](const std::string& text, Random& random) {
      constexpr std::string_view kKeys[] = {"eos_token_id", "temperature", "top_k",
                                            "top_p",        "min_p",       "repetition_penalty",
                                            "do_sample"};
      return mutate_json_text(text, kKeys, random);
    }};

}  // namespace cellm::fuzz

#include "convert/header.h"

#include <nlohmann/json.hpp>

#include "io/json.h"

namespace cellm {
namespace {

Json member(const Json& object, const char* key) {
  return object.is_object() && object.contains(key) ? object[key] : Json();
}

// The first of two members that is there.
Json either(const Json& object, const char* key, const char* other_key) {
  const Json value = member(object, key);
  return value.is_null() ? member(object, other_key) : value;
}

// One id: a list in config.json is cut to its first (the file keeps the whole config besides).
Json single_id(const Json& config, const char* key) {
  Json value = member(config, key);
  if (value.is_array()) return value.empty() ? Json() : value.front();
  return value;
}

}  // namespace

std::string cellm_header_json(const OpenedModel& model,
                              const std::optional<QuantizerLabel>& quantizer,
                              const std::vector<LoraLabel>& adapters) {
  const Json& root = model.config_document();
  const Json nested = member(root, "text_config");
  const Json& text = nested.is_object() ? nested : root;
  const ModelConfig& config = model.config();
  const std::string prefix = model.text_prefix();

  nlohmann::ordered_json header;
  header["model_type"] = config.model_type;
  header["source_model_type"] = member(root, "model_type");
  header["source_safetensors_format"] =
      model.source().container_format().empty() ? Json() : Json(model.source().container_format());
  header["text_tensor_prefix"] = prefix.starts_with("model.") ? "model." : prefix;
  header["vision_tensor_prefix"] = nullptr;
  header["projector_tensor_prefix"] = nullptr;
  header["vocab_size"] = config.vocab_size;
  header["hidden_dim"] = config.hidden;
  header["intermediate_size"] = config.intermediate;
  header["num_layers"] = config.layers.size();
  header["num_heads"] = config.heads;
  header["num_kv_heads"] = config.kv_heads;
  header["head_dim"] = config.head_dim;
  header["rms_norm_eps"] = member(text, "rms_norm_eps");
  header["rope_theta"] = config.rope_theta;
  header["bos_token_id"] = single_id(text, "bos_token_id");
  header["eos_token_id"] = single_id(text, "eos_token_id");
  header["max_position_embeddings"] = config.max_positions;
  header["tie_word_embeddings"] = config.tied_embedding.value_or(false);
  const Json dtype = either(root, "torch_dtype", "dtype");
  header["source_torch_dtype"] = dtype.is_null() ? either(text, "torch_dtype", "dtype") : dtype;
  header["source_architectures"] = member(root, "architectures");
  header["source_quantization"] = member(root, "quantization");
  header["source_quantization_config"] = member(root, "quantization_config");
  header["source_text_config"] = text;
  header["source_vision_config"] = member(root, "vision_config");
  header["source_projector_config"] = member(root, "projector_config");
  if (quantizer) {
    header["quantizer"]["scale"] = scale_method_name(quantizer->scale);
    if (quantizer->calibration) {
      header["quantizer"]["calibration_tokens"] = quantizer->calibration->tokens;
      header["quantizer"]["calibration_text"] = quantizer->calibration->text_checksum;
      if (quantizer->calibration->seed != 0) {
        header["quantizer"]["calibration_seed"] = quantizer->calibration->seed;
      }
      if (quantizer->calibration->feedback) header["quantizer"]["feedback"] = true;
      if (quantizer->calibration->corrected_targets) {
        header["quantizer"]["targets"] = "corrected";
      }
    }
  }
  for (const LoraLabel& adapter : adapters) {
    header["lora"].push_back(
        {{"name", adapter.name}, {"xxh3", adapter.checksum}, {"scale", adapter.scale}});
  }
  header["writer"] = "cellm";
  return header.dump();
}

}  // namespace cellm

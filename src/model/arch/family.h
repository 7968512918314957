// A model family: the one place that knows how its config.json spells things.
#pragma once

#include <span>
#include <string_view>

#include "io/json.h"
#include "model/config.h"

namespace cellm {

struct Family {
  std::string_view name;
  std::span<const std::string_view> model_types;  // config.json model_type, of the text part
  // Fills what is particular to the family; parse_model_config() has read what all share.
  void (*read)(const JsonNode& text, ModelConfig& config);
};

extern const Family kQwen35Family;
extern const Family kQwen3Family;
extern const Family kLlamaFamily;

// For the families to share.
void read_attention_heads(const JsonNode& text, std::size_t default_head_dim, ModelConfig& config);
void read_layer_types(const JsonNode& text, bool delta_nets_allowed, ModelConfig& config);
// Throws Error(kUnsupported) if the boolean option `key` is there and true.
void refuse_option(const JsonNode& text, std::string_view key);
// The same if only a part of each head rotates.
void refuse_partial_rotary(const JsonNode& text);

}  // namespace cellm

#include "convert/rules.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include <fmt/ranges.h>

#include "base/error.h"
#include "format/formats.h"

namespace cellm {
namespace {

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}
bool contains_any(std::string_view text, std::initializer_list<std::string_view> parts) {
  return std::any_of(parts.begin(), parts.end(), [&](auto part) { return contains(text, part); });
}
bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](auto p) { return text.starts_with(p); });
}

// The original converter's rules for the Qwen models, with its irregularities: int8 does not
// quantize the embedding of a multimodal model, int4 quantizes vision and MTP.
bool int8_quantizes(std::string_view name) {
  if (name == "model.embed_tokens.weight" || name == "lm_head.weight" ||
      name == "model.lm_head.weight") {
    return true;
  }
  return starts_with_any(name, {"model.layers.", "language_model.model.layers.",
                                "model.text_model.layers.", "model.language_model.layers."}) &&
         !contains_any(name, {"norm", "conv1d", ".linear_attn."});
}

bool int4_quantizes(std::string_view name) {
  return contains_any(name, {".mlp.", ".self_attn.", "embed_tokens", "lm_head"});
}

bool int2_quantizes(std::string_view name) {
  return starts_with_any(
             name, {"model.layers.", "model.text_model.layers.", "model.language_model.layers."}) &&
         !contains(name, "norm");
}

bool int1_quantizes(std::string_view name) {
  return int2_quantizes(name) ||
         contains_any(name, {"embed_tokens", "lm_head", ".mlp.", ".self_attn.", "linear_attn."});
}

constexpr FormatChoice kF16{FormatId::kF16, 0};
constexpr FormatChoice kInt8{FormatId::kI8, 0};
constexpr FormatChoice kInt4{FormatId::kI4, 0};
constexpr FormatChoice kInt4G32{FormatId::kI4, 32};
constexpr FormatChoice kInt4G128{FormatId::kI4, 128};

constexpr std::array<std::pair<std::string_view, GeneralFormats>, 6> kRecipes{{
    {"int8", {kInt8, kInt8, kF16}},
    {"int4-g32", {kInt4G32, kF16, kF16}},
    {"mixed-int4", {kInt4G128, kF16, kF16}},
    {"int4-g128", {kInt4G128, kInt4G128, kF16}},
    {"test-i4", {kInt4, kInt4, kF16}},
    {"int4-aggressive", {kInt4, kInt4, kInt4}},
}};

}  // namespace

GeneralFormats general_formats(const FormatChoice& body) {
  const FormatChoice embedding = is_half(body.format) ? body : kInt8;
  return {body, embedding, embedding};
}

GeneralFormats recipe_formats(std::string_view name, std::vector<std::string_view> others) {
  std::vector<std::string_view> known;
  for (const auto& [recipe, formats] : kRecipes) {
    if (recipe == name) return formats;
    known.push_back(recipe);
  }
  known.insert(known.end(), others.begin(), others.end());
  throw usage_error("recipe \"{}\" is unknown; use {}", printable(name), fmt::join(known, ", "));
}

std::optional<FormatChoice> parse_format_or_keep(std::string_view name) {
  if (name == kKeepName) return std::nullopt;
  return parse_format_choice(name, kKeepName);
}

TensorOverride parse_tensor_override(std::string_view text) {
  const std::size_t at = text.rfind('=');
  if (at == std::string_view::npos || at == 0) {
    throw usage_error("\"{}\": expected REGEX=FORMAT, for example 'mlp.down_proj=int8'",
                      printable(text));
  }
  const std::string_view format = text.substr(at + 1);
  return {std::string(text.substr(0, at)), parse_format_or_keep(format)};
}

TensorClass tensor_class(const TensorInfo& tensor) {
  const std::string_view name = tensor.name;
  if (name.starts_with("mtp.") || contains(name, ".mtp.")) return TensorClass::kMtp;
  if (contains_any(name, {"visual.", "vision", "projector"})) return TensorClass::kVision;
  if (contains(name, "lm_head")) return TensorClass::kLmHead;
  if (contains(name, "embed_tokens")) return TensorClass::kEmbedding;
  if (!is_candidate(tensor) || contains_any(name, {"norm", "in_proj_a.", "in_proj_b."})) {
    return TensorClass::kSmall;
  }
  if (contains(name, ".self_attn.")) return TensorClass::kAttention;
  if (contains(name, ".linear_attn.")) return TensorClass::kDeltaNet;
  if (contains(name, ".mlp.")) return TensorClass::kFeedForward;
  return TensorClass::kOther;
}

TensorClass tensor_class(TensorRole role) {
  switch (role) {
    case TensorRole::kEmbedding:
      return TensorClass::kEmbedding;
    case TensorRole::kOutput:
      return TensorClass::kLmHead;
    case TensorRole::kQuery:
    case TensorRole::kKey:
    case TensorRole::kValue:
    case TensorRole::kAttentionOutput:
      return TensorClass::kAttention;
    case TensorRole::kDeltaInput:
    case TensorRole::kDeltaGate:
    case TensorRole::kDeltaOutput:
      return TensorClass::kDeltaNet;
    case TensorRole::kGate:
    case TensorRole::kUp:
    case TensorRole::kDown:
      return TensorClass::kFeedForward;
    default:
      return TensorClass::kSmall;
  }
}

TensorClass tensor_class(const TensorInfo& tensor, const std::optional<TensorId>& id) {
  return id ? tensor_class(id->role) : tensor_class(tensor);
}

std::string_view tensor_class_name(TensorClass tensor_class) {
  switch (tensor_class) {
    case TensorClass::kEmbedding:
      return "embedding";
    case TensorClass::kLmHead:
      return "lm_head";
    case TensorClass::kAttention:
      return "attention";
    case TensorClass::kDeltaNet:
      return "delta net";
    case TensorClass::kFeedForward:
      return "feed-forward";
    case TensorClass::kSmall:
      return "norms and small";
    case TensorClass::kMtp:
      return "mtp";
    case TensorClass::kVision:
      return "vision";
    case TensorClass::kOther:
      break;
  }
  return "other";
}

bool is_candidate(const TensorInfo& tensor) {
  return tensor.shape.size() == 2 && std::string_view(tensor.name).ends_with(".weight");
}

FormatChoice study_choice(StudyMode mode, std::string_view model_type, const TensorInfo& tensor) {
  if (!is_candidate(tensor)) return kF16;
  const std::string_view name = tensor.name;
  // For Llama the original has int8 only, without the embedding.
  const bool llama = model_type == "llama" || model_type == "smollm3";
  const bool int8 = llama ? contains_any(name, {".self_attn.", ".mlp."}) : int8_quantizes(name);
  switch (mode) {
    case StudyMode::kF16:
      return kF16;
    case StudyMode::kInt8:
      return int8 ? kInt8 : kF16;
    case StudyMode::kFp8:
      return int8 ? FormatChoice{FormatId::kF8E4M3, 0} : kF16;
    case StudyMode::kInt4:
      return int4_quantizes(name) ? kInt4 : kF16;
    case StudyMode::kInt2:
      return int2_quantizes(name) ? FormatChoice{FormatId::kI2, 0} : kF16;
    case StudyMode::kInt1:
      return int1_quantizes(name) ? FormatChoice{FormatId::kQ1, 0} : kF16;
  }
  return kF16;
}

FormatChoice general_choice(const GeneralFormats& formats, TensorClass tensor_class) {
  switch (tensor_class) {
    case TensorClass::kEmbedding:
      return formats.embedding;
    case TensorClass::kLmHead:
      return formats.lm_head;
    case TensorClass::kAttention:
    case TensorClass::kDeltaNet:
    case TensorClass::kFeedForward:
      return formats.body;
    case TensorClass::kSmall:
    case TensorClass::kMtp:
    case TensorClass::kVision:
    case TensorClass::kOther:
      break;
  }
  return is_half(formats.body.format) ? formats.body : kF16;
}

std::optional<FormatChoice> kept_choice(const KeptFormats& formats, TensorClass tensor_class) {
  switch (tensor_class) {
    case TensorClass::kEmbedding:
      return formats.embedding;
    case TensorClass::kLmHead:
      return formats.lm_head;
    default:
      return std::nullopt;
  }
}

bool is_text_tensor(std::string_view name, bool has_other_parts) {
  if (starts_with_any(name,
                      {"model.language_model.", "language_model.model.", "language_model.lm_head",
                       "model.text_model.", "text_model.", "lm_head"})) {
    return true;
  }
  return name.starts_with("model.") && !has_other_parts;
}

bool has_other_parts(const ModelSource& source) {
  const auto& tensors = source.tensors();
  return std::any_of(tensors.begin(), tensors.end(), [](const TensorInfo& tensor) {
    return starts_with_any(tensor.name,
                           {"model.language_model.", "language_model.", "model.text_model.",
                            "text_model.", "model.visual.", "vision_tower."});
  });
}

}  // namespace cellm

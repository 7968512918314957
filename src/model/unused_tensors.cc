#include "model/unused_tensors.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "model/model.h"

namespace cellm {
namespace {

constexpr std::size_t kNamedTensors = 3;
constexpr std::string_view kBias = ".bias";
constexpr std::string_view kWeight = ".weight";

// Computed anew, or for training or the quantization of activations only.
constexpr std::array<std::string_view, 20> kBuffers{"rotary_emb.inv_freq",
                                                    "rotary_emb.cos_cached",
                                                    "rotary_emb.sin_cached",
                                                    "rope.freqs",
                                                    ".masked_bias",
                                                    ".attn.bias",
                                                    ".position_ids",
                                                    ".num_batches_tracked",
                                                    "._extra_state",
                                                    ".input_scale",
                                                    ".input_zero_point",
                                                    ".input_global_scale",
                                                    ".input_scale_ub",
                                                    ".output_scale",
                                                    ".k_scale",
                                                    ".v_scale",
                                                    ".q_scale",
                                                    ".kv_scale",
                                                    ".activation_scale",
                                                    ".act_scale"};

// The beginnings of names of parts beside the text model.
constexpr std::array<std::string_view, 13> kOtherParts{"mtp.",
                                                       "model.mtp.",
                                                       "visual.",
                                                       "model.visual.",
                                                       "vision_tower.",
                                                       "vision_model.",
                                                       "model.vision_",
                                                       "audio_tower.",
                                                       "model.audio_",
                                                       "multi_modal_projector.",
                                                       "mm_projector.",
                                                       "model.mm_",
                                                       "model.multi_modal_projector."};

// The heads of other tasks in transformers' classes.
constexpr std::array<std::string_view, 8> kOtherHeads{
    "score.",      "model.score.", "classifier.",          "qa_outputs.",
    "regression.", "reward_head.", "classification_head.", "embedding_head."};

template <std::size_t N>
bool starts_with_any(std::string_view name, const std::array<std::string_view, N>& beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [&](std::string_view beginning) { return name.starts_with(beginning); });
}

bool is_buffer(std::string_view name) {
  return std::any_of(kBuffers.begin(), kBuffers.end(),
                     [&](std::string_view ending) { return name.ends_with(ending); });
}

// Whether a tensor of a layer that the model runs.
bool is_in_layers(std::string_view name, std::string_view prefix, std::size_t layers) {
  constexpr std::string_view kLayers = "layers.";
  if (!name.starts_with(prefix)) return false;
  name.remove_prefix(prefix.size());
  if (!name.starts_with(kLayers)) return false;
  name.remove_prefix(kLayers.size());
  std::size_t layer = 0;
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), layer);
  return parsed.ec == std::errc() && parsed.ptr != name.data() + name.size() &&
         *parsed.ptr == '.' && layer < layers;
}

// Some quantizers give every module a bias.
bool is_zero(const ModelSource& source, std::size_t index) {
  const TensorInfo& info = source.tensors()[index];
  if (!info.readable || info.rows() != 1) return false;
  std::vector<float> values(info.cols());
  source.read_rows(index, 0, 1, values.data());
  return std::all_of(values.begin(), values.end(), [](float value) { return value == 0.0F; });
}

// A source and the tensors of it that the model uses.
struct Used {
  const ModelSource& source;
  const ModelConfig& config;
  std::string prefix = text_prefix(source);
  std::map<std::string, TensorId, std::less<>> ids = tensor_ids(source, config);

  bool is_bias_of_model(std::string_view name) const {
    if (!name.ends_with(kBias)) return false;
    std::string weight(name.substr(0, name.size() - kBias.size()));
    weight += kWeight;
    return ids.contains(weight);
  }
};

void refuse_if_needed(const Used& used, std::size_t index) {
  const std::string& name = used.source.tensors()[index].name;
  if (used.ids.contains(name) || is_buffer(name)) return;
  const std::string where =
      fmt::format("{}: tensor {}", printable(used.source.path()), printable(name));
  const std::string type = printable(used.config.model_type);
  if (used.is_bias_of_model(name)) {
    if (is_zero(used.source, index)) return;
    throw unsupported_error("{} is a bias that models of type {} do not have", where, type);
  }
  if (starts_with_any(name, kOtherHeads)) {
    throw unsupported_error("{} is the head of another task, not of a language model", where);
  }
  if (is_in_layers(name, used.prefix, used.config.layers.size())) {
    throw unsupported_error(
        "{} is no part of models of type {}; without it the results would be those of another "
        "model",
        where, type);
  }
}

}  // namespace

void refuse_unknown_tensors(const ModelSource& source, const ModelConfig& config) {
  const Used used{source, config};
  for (std::size_t i = 0; i < source.tensors().size(); ++i) refuse_if_needed(used, i);
}

std::string unused_tensors_note(const ModelSource& source, const ModelConfig& config) {
  const Used used{source, config};
  std::vector<std::string> names;
  std::size_t count = 0;
  for (const TensorInfo& info : source.tensors()) {
    if (used.ids.contains(info.name) || starts_with_any(info.name, kOtherParts)) continue;
    if (++count <= kNamedTensors) names.push_back(printable(info.name));
  }
  if (count == 0) return {};
  return fmt::format("{} {} not used: {}{}", count, count == 1 ? "tensor is" : "tensors are",
                     fmt::join(names, ", "), count > kNamedTensors ? ", ..." : "");
}

}  // namespace cellm

#include "io/gguf_model.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/limits.h"

namespace cellm {
namespace {

struct ArchName {
  GgufArch arch;
  std::string_view name;
};
constexpr std::array<ArchName, 3> kArchs = {
    {{GgufArch::kLlama, "llama"}, {GgufArch::kQwen3, "qwen3"}, {GgufArch::kQwen35, "qwen35"}}};

// Keys that change what the model computes in ways that cellm does not have; 0 (false) means
// unused.
constexpr std::array<std::string_view, 9> kRefusedKeys = {
    "expert_count",
    "logit_scale",
    "residual_scale",
    "embedding_scale",
    "attention.scale",
    "attention.clamp_kqv",
    "attention.max_alibi_bias",
    "attention.sliding_window",
    "final_logit_softcapping",
};

GgufArch read_arch(const GgufFile& file) {
  const std::string_view name = file.at("general.architecture").as_string();
  const auto it = std::ranges::find(kArchs, name, &ArchName::name);
  if (it != kArchs.end()) return it->arch;
  throw unsupported_error("{}: architecture '{}' is not supported; supported: llama, qwen3, qwen35",
                          file.path(), printable(name));
}

void refuse_features(const GgufFile& file, const GgufModelKeys& keys) {
  if (const GgufValue* count = file.find("split.count"); count != nullptr && count->as_uint() > 1) {
    throw unsupported_error(
        "{}: is one of {} parts of a model; merge them first (llama-gguf-split --merge)",
        file.path(), count->as_uint());
  }
  for (const std::string_view name : kRefusedKeys) {
    const GgufValue* value = keys.find(name);
    if (value != nullptr && value->as_number() != 0) {
      throw unsupported_error("{}: key '{}' is {}, a feature that is not supported", file.path(),
                              keys.full(name), value->as_number());
    }
  }
  const GgufValue* causal = keys.find("attention.causal");
  if (causal != nullptr && !causal->as_bool()) {
    throw unsupported_error("{}: key '{}' is false; only causal attention is supported",
                            file.path(), keys.full("attention.causal"));
  }
}

void read_head_dim(const GgufFile& file, const GgufModelKeys& keys, GgufModel& model) {
  if (keys.find("attention.key_length") != nullptr) {
    model.head_dim = keys.size("attention.key_length", kMaxHeadDim);
  } else if (model.hidden % model.heads == 0) {
    model.head_dim = model.hidden / model.heads;
  } else {
    throw data_error("{}: key '{}' is missing and {} is no multiple of {} heads", file.path(),
                     keys.full("attention.key_length"), model.hidden, model.heads);
  }
  const std::size_t value_length =
      keys.size_or("attention.value_length", kMaxHeadDim, model.head_dim);
  if (value_length != model.head_dim) {
    throw unsupported_error("{}: keys of {} and values of {} numbers per head are not supported",
                            file.path(), model.head_dim, value_length);
  }
  if (model.arch == GgufArch::kQwen35) return;  // rotates a part, see rope_parameters()
  const std::size_t rotated = keys.size_or("rope.dimension_count", kMaxHeadDim, model.head_dim);
  if (rotated != model.head_dim || rotated % 2 != 0) {
    throw unsupported_error("{}: key '{}': rotating {} of {} numbers per head is not supported",
                            file.path(), keys.full("rope.dimension_count"), rotated,
                            model.head_dim);
  }
}

// The layers are listed, or every interval-th one has full attention.
std::vector<bool> read_linear_layers(const GgufFile& file, const GgufModelKeys& keys,
                                     const GgufModel& model) {
  std::vector<bool> linear(model.layers);
  const GgufValue* listed = keys.find("attention.recurrent_layers");
  if (listed == nullptr) {
    const std::size_t interval = keys.size_or("full_attention_interval", kMaxLayers, 4);
    for (std::size_t i = 0; i < model.layers; ++i) linear[i] = (i + 1) % interval != 0;
    return linear;
  }
  const std::vector<std::int64_t> values = listed->as_integers();
  if (values.size() != model.blocks) {
    throw data_error("{}: key '{}' has {} entries for {} blocks", file.path(), listed->key(),
                     values.size(), model.blocks);
  }
  for (std::size_t i = 0; i < model.layers; ++i) linear[i] = values[i] != 0;
  return linear;
}

void read_qwen35(const GgufFile& file, const GgufModelKeys& keys, GgufModel& model) {
  model.linear_layers = read_linear_layers(file, keys, model);
  model.conv_kernel = keys.size("ssm.conv_kernel", kMaxConvKernel);
  model.key_heads = keys.size("ssm.group_count", kMaxHeads);
  model.value_heads = keys.size("ssm.time_step_rank", kMaxHeads);
  model.key_dim = keys.size("ssm.state_size", kMaxHeadDim);
  const std::size_t inner = keys.size("ssm.inner_size", kMaxWidth);
  if (model.value_heads % model.key_heads != 0 || inner % model.value_heads != 0) {
    throw data_error("{}: {} key heads, {} value heads and an inner size of {} do not divide",
                     file.path(), model.key_heads, model.value_heads, inner);
  }
  model.value_dim = inner / model.value_heads;
}

}  // namespace

GgufModelKeys::GgufModelKeys(const GgufFile& file, GgufArch arch)
    : file_(file), arch_(std::ranges::find(kArchs, arch, &ArchName::arch)->name) {}

std::string GgufModelKeys::full(std::string_view name) const {
  return fmt::format("{}.{}", arch_, name);
}

GgufModel read_gguf_model(const GgufFile& file) {
  GgufModel model;
  model.arch = read_arch(file);
  const GgufModelKeys keys(file, model.arch);
  refuse_features(file, keys);

  model.blocks = keys.size("block_count", kMaxLayers);
  model.layers = model.blocks;
  if (const GgufValue* extra = keys.find("nextn_predict_layers"); extra != nullptr) {
    model.layers -= extra->as_uint(0, model.blocks - 1);
  }
  if (model.layers != model.blocks && model.arch != GgufArch::kQwen35) {
    throw unsupported_error("{}: key '{}' is supported for qwen35 only", file.path(),
                            keys.full("nextn_predict_layers"));
  }
  model.hidden = keys.size("embedding_length", kMaxWidth);
  model.heads = keys.size("attention.head_count", kMaxHeads);
  model.kv_heads = keys.size_or("attention.head_count_kv", kMaxHeads, model.heads);
  if (model.heads % model.kv_heads != 0) {
    throw data_error("{}: {} heads are no multiple of {} key/value heads", file.path(), model.heads,
                     model.kv_heads);
  }
  read_head_dim(file, keys, model);
  if (model.arch == GgufArch::kQwen35) read_qwen35(file, keys, model);

  const GgufTensor* embedding = file.find_tensor("token_embd.weight");
  if (embedding == nullptr) {
    throw data_error("{}: tensor 'token_embd.weight' is missing", file.path());
  }
  if (embedding->shape.size() != 2 || embedding->cols() != model.hidden ||
      embedding->rows() > kMaxVocabRows) {
    throw data_error("{}: tensor 'token_embd.weight': expected (vocabulary, {}), found ({})",
                     file.path(), model.hidden, fmt::join(embedding->shape, ", "));
  }
  model.vocab = embedding->rows();
  return model;
}

}  // namespace cellm

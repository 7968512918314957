#include "model/gguf/sizes.h"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/ranges.h>

#include "base/error.h"
#include "base/limits.h"
#include "model/arch/family.h"

namespace cellm {
namespace {

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

void refuse_features(const GgufModelKeys& keys) {
  const GgufFile& file = keys.file();
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

std::size_t read_head_dim(const GgufModelKeys& keys, const GgufSizes& sizes) {
  const std::string& path = keys.file().path();
  std::size_t head_dim = 0;
  if (keys.find("attention.key_length") != nullptr) {
    head_dim = keys.size("attention.key_length", kMaxHeadDim);
  } else if (sizes.hidden % sizes.heads == 0) {
    head_dim = sizes.hidden / sizes.heads;
  } else {
    throw data_error("{}: key '{}' is missing and {} is no multiple of {} heads", path,
                     keys.full("attention.key_length"), sizes.hidden, sizes.heads);
  }
  const std::size_t value_length = keys.size_or("attention.value_length", kMaxHeadDim, head_dim);
  if (value_length != head_dim) {
    throw unsupported_error("{}: keys of {} and values of {} numbers per head are not supported",
                            path, head_dim, value_length);
  }
  return head_dim;
}

std::size_t read_vocab(const GgufFile& file, std::size_t hidden) {
  const GgufTensor* embedding = file.find_tensor("token_embd.weight");
  if (embedding == nullptr) {
    throw data_error("{}: tensor 'token_embd.weight' is missing", file.path());
  }
  if (embedding->shape.size() != 2 || embedding->cols() != hidden ||
      embedding->rows() > kMaxVocabRows) {
    throw data_error("{}: tensor 'token_embd.weight': expected (vocabulary, {}), found ({})",
                     file.path(), hidden, fmt::join(embedding->shape, ", "));
  }
  return embedding->rows();
}

}  // namespace

std::size_t GgufModelKeys::size_of_layers(std::string_view name, std::size_t max) const {
  const GgufValue& value = at(name);
  if (value.type() != GgufType::kArray) return value.as_uint(1, max);
  std::int64_t size = 0;
  for (const std::int64_t one : value.as_integers()) {
    if (one == 0) continue;
    if (one < 0 || static_cast<std::uint64_t>(one) > max) {
      throw data_error("{}: key '{}': expected 1 to {}, found {}", file_.path(), value.key(), max,
                       one);
    }
    if (size != 0 && one != size) {
      throw unsupported_error("{}: key '{}': layers of {} and of {} are not supported",
                              file_.path(), value.key(), size, one);
    }
    size = one;
  }
  if (size == 0) throw data_error("{}: key '{}' has no size", file_.path(), value.key());
  return static_cast<std::size_t>(size);
}

std::string GgufModelKeys::full(std::string_view name) const {
  return fmt::format("{}.{}", architecture_, name);
}

const Family& gguf_family(const GgufFile& file) {
  const std::string_view name = file.at("general.architecture").as_string();
  std::vector<std::string_view> known;
  for (const Family* family : families()) {
    if (family->gguf.architecture == name) return *family;
    known.push_back(family->gguf.architecture);
  }
  std::ranges::sort(known);
  throw unsupported_error("{}: architecture '{}' is not supported; supported: {}", file.path(),
                          printable(name), fmt::join(known, ", "));
}

GgufSizes read_gguf_sizes(const GgufModelKeys& keys, const Family& family) {
  const GgufFile& file = keys.file();
  refuse_features(keys);
  GgufSizes sizes;
  sizes.blocks = keys.size("block_count", kMaxLayers);
  sizes.layers = sizes.blocks;
  if (const GgufValue* extra = keys.find("nextn_predict_layers"); extra != nullptr) {
    sizes.layers -= extra->as_uint(0, sizes.blocks - 1);
  }
  if (sizes.layers != sizes.blocks && !family.gguf.may_predict_further) {
    throw unsupported_error("{}: key '{}' is not supported for this architecture", file.path(),
                            keys.full("nextn_predict_layers"));
  }
  sizes.hidden = keys.size("embedding_length", kMaxWidth);
  sizes.heads = keys.size_of_layers("attention.head_count", kMaxHeads);
  sizes.kv_heads = keys.find("attention.head_count_kv") == nullptr
                       ? sizes.heads
                       : keys.size_of_layers("attention.head_count_kv", kMaxHeads);
  if (sizes.heads % sizes.kv_heads != 0) {
    throw data_error("{}: {} heads are no multiple of {} key/value heads", file.path(), sizes.heads,
                     sizes.kv_heads);
  }
  sizes.head_dim = read_head_dim(keys, sizes);
  sizes.vocab = read_vocab(file, sizes.hidden);
  return sizes;
}

}  // namespace cellm

#include "io/gguf_tensor_map.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/error.h"

namespace cellm {
namespace {

// What a tensor is, as far as its shape and values need to know.
enum class Role {
  kMatrix,
  kVector,
  kNorm,          // a vector; Qwen3.5's are stored plus one
  kQuery,         // rows (head, head_dim); Llama's are stored in the order of adjacent pairs
  kKey,           // the same for the key/value heads
  kLinearQkv,     // rows: queries, keys, then values by value head
  kLinearConv,    // the same channels, (channel, kernel), without Hugging Face's middle dimension
  kValueRows,     // rows (value head, value_dim)
  kHeadRows,      // one row per value head
  kHeadVector,    // one number per value head
  kDecay,         // likewise: A_log
  kValueColumns,  // columns (value head, value_dim)
};

enum class Layers { kAny, kFull, kLinear };  // of Qwen3.5

struct NameMap {
  std::string_view gguf;
  std::string_view hugging_face;
  Role role;
  Layers layers = Layers::kAny;
};

constexpr std::array<NameMap, 3> kOutsideLayers = {{
    {"token_embd.weight", "model.embed_tokens.weight", Role::kMatrix},
    {"output_norm.weight", "model.norm.weight", Role::kNorm},
    {"output.weight", "lm_head.weight", Role::kMatrix},
}};

constexpr std::array<NameMap, 9> kDense = {{
    {"attn_norm.weight", "input_layernorm.weight", Role::kNorm},
    {"ffn_norm.weight", "post_attention_layernorm.weight", Role::kNorm},
    {"attn_q.weight", "self_attn.q_proj.weight", Role::kQuery},
    {"attn_k.weight", "self_attn.k_proj.weight", Role::kKey},
    {"attn_v.weight", "self_attn.v_proj.weight", Role::kMatrix},
    {"attn_output.weight", "self_attn.o_proj.weight", Role::kMatrix},
    {"ffn_gate.weight", "mlp.gate_proj.weight", Role::kMatrix},
    {"ffn_up.weight", "mlp.up_proj.weight", Role::kMatrix},
    {"ffn_down.weight", "mlp.down_proj.weight", Role::kMatrix},
}};

constexpr std::array<NameMap, 2> kQwen3Norms = {{
    {"attn_q_norm.weight", "self_attn.q_norm.weight", Role::kNorm},
    {"attn_k_norm.weight", "self_attn.k_norm.weight", Role::kNorm},
}};

constexpr std::array<NameMap, 20> kQwen35 = {{
    {"attn_norm.weight", "input_layernorm.weight", Role::kNorm},
    {"post_attention_norm.weight", "post_attention_layernorm.weight", Role::kNorm},
    {"ffn_gate.weight", "mlp.gate_proj.weight", Role::kMatrix},
    {"ffn_up.weight", "mlp.up_proj.weight", Role::kMatrix},
    {"ffn_down.weight", "mlp.down_proj.weight", Role::kMatrix},
    {"attn_q.weight", "self_attn.q_proj.weight", Role::kMatrix, Layers::kFull},
    {"attn_k.weight", "self_attn.k_proj.weight", Role::kMatrix, Layers::kFull},
    {"attn_v.weight", "self_attn.v_proj.weight", Role::kMatrix, Layers::kFull},
    {"attn_output.weight", "self_attn.o_proj.weight", Role::kMatrix, Layers::kFull},
    {"attn_q_norm.weight", "self_attn.q_norm.weight", Role::kNorm, Layers::kFull},
    {"attn_k_norm.weight", "self_attn.k_norm.weight", Role::kNorm, Layers::kFull},
    {"attn_qkv.weight", "linear_attn.in_proj_qkv.weight", Role::kLinearQkv, Layers::kLinear},
    {"attn_gate.weight", "linear_attn.in_proj_z.weight", Role::kValueRows, Layers::kLinear},
    {"ssm_beta.weight", "linear_attn.in_proj_b.weight", Role::kHeadRows, Layers::kLinear},
    {"ssm_alpha.weight", "linear_attn.in_proj_a.weight", Role::kHeadRows, Layers::kLinear},
    {"ssm_conv1d.weight", "linear_attn.conv1d.weight", Role::kLinearConv, Layers::kLinear},
    {"ssm_dt.bias", "linear_attn.dt_bias", Role::kHeadVector, Layers::kLinear},
    {"ssm_a", "linear_attn.A_log", Role::kDecay, Layers::kLinear},
    {"ssm_norm.weight", "linear_attn.norm.weight", Role::kVector, Layers::kLinear},
    {"ssm_out.weight", "linear_attn.out_proj.weight", Role::kValueColumns, Layers::kLinear},
}};

template <std::size_t Size>
const NameMap* find_name(const std::array<NameMap, Size>& names, std::string_view gguf) {
  const auto it = std::ranges::find(names, gguf, &NameMap::gguf);
  return it != names.end() ? &*it : nullptr;
}

constexpr std::string_view kBlockPrefix = "blk.";

struct BlockName {
  std::size_t block;
  std::string_view rest;
};

// "blk.12.attn_q.weight" → 12, "attn_q.weight".
std::optional<BlockName> split_block_name(std::string_view name) {
  if (!name.starts_with(kBlockPrefix)) return std::nullopt;
  name.remove_prefix(kBlockPrefix.size());
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos || dot == 0 || (dot > 1 && name[0] == '0')) return std::nullopt;
  std::size_t block = 0;
  const auto parsed = std::from_chars(name.data(), name.data() + dot, block);
  if (parsed.ec != std::errc() || parsed.ptr != name.data() + dot) return std::nullopt;
  return BlockName{block, name.substr(dot + 1)};
}

const NameMap* find_layer_name(const GgufModel& model, const BlockName& name) {
  if (model.arch == GgufArch::kQwen35) {
    const NameMap* map = find_name(kQwen35, name.rest);
    if (map == nullptr || map->layers == Layers::kAny) return map;
    const bool linear = model.linear_layers[name.block];
    return linear == (map->layers == Layers::kLinear) ? map : nullptr;
  }
  const NameMap* map = find_name(kDense, name.rest);
  if (map == nullptr && model.arch == GgufArch::kQwen3) map = find_name(kQwen3Norms, name.rest);
  return map;
}

// llama.cpp's Llama rotates adjacent pairs (2i, 2i + 1), Hugging Face halves (i, i + head_dim / 2):
// the file holds each head's rows as (pair, half), Hugging Face as (half, pair).
IndexMap rotation_map(const GgufModel& model) {
  if (model.arch != GgufArch::kLlama) return {};
  return {.outer = 2, .inner = model.head_dim / 2};
}

// Hugging Face orders value heads by the key head that they use, (key head, which of its value
// heads); the file the other way round.
IndexMap value_head_map(const GgufModel& model, std::size_t first, std::size_t unit) {
  return {.first = first,
          .outer = model.key_heads,
          .inner = model.value_heads / model.key_heads,
          .unit = unit};
}

class Mapper {
 public:
  Mapper(const GgufFile& file, const GgufModel& model) : file_(file), model_(model) {}

  std::vector<MappedTensor> map() const {
    std::vector<MappedTensor> mapped;
    mapped.reserve(file_.tensors().size());
    for (const GgufTensor& tensor : file_.tensors()) {
      if (auto result = map_one(tensor)) mapped.push_back(std::move(*result));
    }
    std::ranges::sort(mapped, {}, &MappedTensor::name);
    return mapped;
  }

 private:
  std::optional<MappedTensor> map_one(const GgufTensor& tensor) const {
    if (model_.arch == GgufArch::kLlama && tensor.name == "rope_freqs.weight") return std::nullopt;
    if (const NameMap* map = find_name(kOutsideLayers, tensor.name)) {
      return apply(tensor, std::string(map->hugging_face), map->role);
    }
    const auto name = split_block_name(tensor.name);
    if (!name || name->block >= model_.blocks) refuse(tensor);
    if (name->block >= model_.layers) return std::nullopt;
    const NameMap* map = find_layer_name(model_, *name);
    if (map == nullptr) refuse(tensor);
    return apply(tensor, fmt::format("model.layers.{}.{}", name->block, map->hugging_face),
                 map->role);
  }

  [[noreturn]] void refuse(const GgufTensor& tensor) const {
    if (tensor.name.ends_with(".bias")) {
      throw unsupported_error("{}: tensor '{}': biases are not supported", file_.path(),
                              printable(tensor.name));
    }
    throw unsupported_error("{}: tensor '{}' is no part of a supported model", file_.path(),
                            printable(tensor.name));
  }

  void expect_rank(const GgufTensor& tensor, std::size_t rank) const {
    if (tensor.shape.size() == rank) return;
    throw data_error("{}: tensor '{}': expected {} dimensions, found {}", file_.path(),
                     printable(tensor.name), rank, tensor.shape.size());
  }

  void expect_size(const GgufTensor& tensor, std::string_view what, std::size_t expected,
                   std::size_t found) const {
    if (expected == found) return;
    throw data_error("{}: tensor '{}': expected {} {}, found {}", file_.path(),
                     printable(tensor.name), expected, what, found);
  }

  MappedTensor apply(const GgufTensor& tensor, std::string name, Role role) const {
    const bool vector = role == Role::kVector || role == Role::kNorm || role == Role::kHeadVector ||
                        role == Role::kDecay;
    expect_rank(tensor, vector ? 1 : 2);
    MappedTensor mapped;
    mapped.stored = &tensor;
    mapped.name = std::move(name);
    mapped.shape = tensor.shape;
    const std::size_t value_size = model_.value_heads * model_.value_dim;
    const std::size_t first_value = 2 * model_.key_heads * model_.key_dim;

    switch (role) {
      case Role::kMatrix:
      case Role::kVector:
        break;
      case Role::kNorm:
        if (model_.arch == GgufArch::kQwen35) mapped.values = ValueMap::kMinusOne;
        break;
      case Role::kQuery:
        expect_size(tensor, "rows", model_.heads * model_.head_dim, tensor.rows());
        mapped.rows = rotation_map(model_);
        break;
      case Role::kKey:
        expect_size(tensor, "rows", model_.kv_heads * model_.head_dim, tensor.rows());
        mapped.rows = rotation_map(model_);
        break;
      case Role::kLinearConv:
        expect_size(tensor, "columns", model_.conv_kernel, tensor.cols());
        mapped.shape = {tensor.rows(), 1, tensor.cols()};
        [[fallthrough]];
      case Role::kLinearQkv:
        expect_size(tensor, "rows", first_value + value_size, tensor.rows());
        mapped.rows = value_head_map(model_, first_value, model_.value_dim);
        break;
      case Role::kValueRows:
        expect_size(tensor, "rows", value_size, tensor.rows());
        mapped.rows = value_head_map(model_, 0, model_.value_dim);
        break;
      case Role::kHeadRows:
        expect_size(tensor, "rows", model_.value_heads, tensor.rows());
        mapped.rows = value_head_map(model_, 0, 1);
        break;
      case Role::kDecay:
        mapped.values = ValueMap::kLogOfNegated;
        [[fallthrough]];
      case Role::kHeadVector:
        expect_size(tensor, "numbers", model_.value_heads, tensor.cols());
        mapped.columns = value_head_map(model_, 0, 1);
        break;
      case Role::kValueColumns:
        expect_size(tensor, "columns", value_size, tensor.cols());
        mapped.columns = value_head_map(model_, 0, model_.value_dim);
        break;
    }
    return mapped;
  }

  const GgufFile& file_;
  const GgufModel& model_;
};

}  // namespace

std::vector<MappedTensor> map_gguf_tensors(const GgufFile& file, const GgufModel& model) {
  return Mapper(file, model).map();
}

}  // namespace cellm

#include "model/gguf/tensor_map.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "base/error.h"
#include "model/arch/family.h"
#include "model/visit.h"

namespace cellm {
namespace {

// Hugging Face's names of a text model alone.
constexpr std::string_view kPrefix = "model.";

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

// Ollama's names of tensors, and llama.cpp's.
constexpr std::array<std::pair<std::string_view, std::string_view>, 1> kOtherNames{
    {{"ssm_dt", "ssm_dt.bias"}}};

std::string_view usual_name(std::string_view name) {
  for (const auto& [other, usual] : kOtherNames) {
    if (name == other) return usual;
  }
  return name;
}

// Parts beside the text model that Ollama keeps in the same file: vision, its projector, audio,
// multi-token prediction.
constexpr std::array<std::string_view, 4> kOtherParts{"v.", "mm.", "a.", "mtp."};

// Tensors that llama.cpp's converter adds to a matrix of ModelOpt's NVFP4, NAME.weight: scale of
// the whole matrix, and that of its activations, which other programs round to 4 bits.
constexpr std::string_view kWeight = ".weight";
constexpr std::string_view kScale = ".scale";
constexpr std::string_view kInputScale = ".input_scale";

// NAME.weight for NAME with this ending; empty if it has another one.
std::string weight_of(std::string_view name, std::string_view ending) {
  if (!name.ends_with(ending)) return {};
  name.remove_suffix(ending.size());
  return std::string(name) + std::string(kWeight);
}

const TensorNames* find_names(const Family& family, std::string_view gguf, bool in_layer) {
  const auto found = std::ranges::find_if(family.names, [&](const TensorNames& names) {
    return names.gguf == gguf && is_in_layer(names.role) == in_layer;
  });
  return found == family.names.end() ? nullptr : &*found;
}

std::string hugging_face_name(const ModelConfig& config, TensorId id) {
  return (id == kOutputId ? "" : std::string(kPrefix)) + tensor_name(config, id);
}

class Mapper {
 public:
  Mapper(const GgufFile& file, const GgufSizes& sizes, const ModelConfig& config)
      : file_(file), sizes_(sizes), config_(config), family_(*config.family) {}

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
    const auto& held = family_.gguf.held_by_config;
    if (std::ranges::find(held, tensor.name) != held.end()) return std::nullopt;
    if (std::ranges::any_of(kOtherParts,
                            [&](auto part) { return tensor.name.starts_with(part); })) {
      return std::nullopt;
    }
    for (const std::string_view ending : {kInputScale, kScale}) {
      const std::string weight = weight_of(tensor.name, ending);
      if (!weight.empty() && file_.find_tensor(weight) != nullptr) return std::nullopt;
    }
    if (const TensorNames* names = find_names(family_, tensor.name, false)) {
      return apply(tensor, {0, names->role}, *names);
    }
    const auto name = split_block_name(tensor.name);
    if (!name || name->block >= sizes_.blocks) refuse(tensor);
    if (name->block >= sizes_.layers) return std::nullopt;
    const TensorNames* names = find_names(family_, usual_name(name->rest), true);
    if (names == nullptr) refuse(tensor);
    return apply(tensor, {name->block, names->role}, *names);
  }

  [[noreturn]] void refuse(const GgufTensor& tensor) const {
    if (tensor.name.ends_with(".bias")) {
      throw unsupported_error("{}: tensor '{}': biases are not supported", file_.path(),
                              printable(tensor.name));
    }
    throw unsupported_error("{}: tensor '{}' is no part of a supported model", file_.path(),
                            printable(tensor.name));
  }

  void expect_size(const GgufTensor& tensor, std::string_view what, std::size_t expected,
                   std::size_t found) const {
    if (expected == found) return;
    throw data_error("{}: tensor '{}': expected {} {}, found {}", file_.path(),
                     printable(tensor.name), expected, what, found);
  }

  void check_shape(const GgufTensor& tensor, const std::vector<std::size_t>& full) const {
    const std::vector<std::size_t> shape = gguf_shape(full);
    expect_size(tensor, "dimensions", shape.size(), tensor.shape.size());
    if (shape.size() == 1) {
      expect_size(tensor, "numbers", shape.back(), tensor.cols());
      return;
    }
    expect_size(tensor, "rows", shape.front(), tensor.rows());
    expect_size(tensor, "columns", shape.back(), tensor.cols());
  }

  MappedTensor apply(const GgufTensor& tensor, TensorId id, const TensorNames& names) const {
    const auto shape = tensor_shape(config_, id);
    if (!shape) refuse(tensor);  // of another kind of layer
    check_shape(tensor, *shape);
    MappedTensor mapped;
    mapped.stored = &tensor;
    mapped.name = hugging_face_name(config_, id);
    mapped.shape = *shape;
    if (names.gguf_transform != nullptr) mapped.transform = names.gguf_transform(config_);
    mapped.factor = scale_of(tensor);
    return mapped;
  }

  float scale_of(const GgufTensor& tensor) const {
    if (!tensor.name.ends_with(kWeight)) return 1.0F;
    std::string name(tensor.name.substr(0, tensor.name.size() - kWeight.size()));
    const GgufTensor* scale = file_.find_tensor(name += kScale);
    if (scale == nullptr) return 1.0F;
    if (scale->shape != std::vector<std::size_t>{1}) {
      throw data_error("{}: tensor '{}': expected 1 number", file_.path(), printable(name));
    }
    float factor = 0;
    scale->read_rows(0, 1, &factor);
    if (!std::isfinite(factor)) {
      throw data_error("{}: tensor '{}': expected a number, found {}", file_.path(),
                       printable(name), factor);
    }
    return factor;
  }

  const GgufFile& file_;
  const GgufSizes& sizes_;
  const ModelConfig& config_;
  const Family& family_;
};

}  // namespace

std::vector<MappedTensor> map_gguf_tensors(const GgufFile& file, const GgufSizes& sizes,
                                           const ModelConfig& config) {
  return Mapper(file, sizes, config).map();
}

std::optional<MappedName> map_gguf_name(std::string_view gguf, const ModelConfig& config) {
  TensorId id;
  const TensorNames* names = find_names(*config.family, gguf, false);
  if (names == nullptr) {
    const auto block = split_block_name(gguf);
    if (!block) return std::nullopt;
    names = find_names(*config.family, usual_name(block->rest), true);
    id.layer = block->block;
  }
  if (names == nullptr) return std::nullopt;
  id.role = names->role;
  if (!tensor_shape(config, id)) return std::nullopt;  // of another kind of layer, or no layer
  MappedName mapped{id, hugging_face_name(config, id), {}};
  if (names->gguf_transform != nullptr) mapped.transform = names->gguf_transform(config);
  return mapped;
}

GgufName gguf_name(TensorId id, const ModelConfig& config) {
  const TensorNames& names = names_of(*config.family, id.role);
  GgufName result{std::string(names.gguf), {}};
  if (is_in_layer(id.role))
    result.name = fmt::format("{}{}.{}", kBlockPrefix, id.layer, names.gguf);
  if (names.gguf_transform != nullptr) result.transform = names.gguf_transform(config);
  return result;
}

std::vector<std::size_t> gguf_shape(std::vector<std::size_t> shape) {
  if (shape.size() > 2) {
    shape.erase(std::remove(shape.begin() + 1, shape.end() - 1, 1), shape.end() - 1);
  }
  return shape;
}

}  // namespace cellm

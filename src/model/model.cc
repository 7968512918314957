#include "model/model.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/aligned_buffer.h"
#include "base/error.h"
#include "base/finite.h"
#include "base/work_count.h"
#include "io/shape.h"
#include "layout/matrix.h"
#include "model/arch/family.h"
#include "model/rope.h"
#include "model/unused_tensors.h"
#include "model/visit.h"

namespace cellm {
namespace {

constexpr std::string_view kEmbedding = "embed_tokens.weight";

// Prefixes of the text model alone, in a multimodal folder, by mlx-lm, and in older exports.
constexpr std::array<std::string_view, 6> kPrefixes{
    "model.language_model.", "language_model.model.",
    "model.text_model.",     "model.",
    "text_model.",           ""};

// Layers with their steps, weights still empty.
Model empty_model(const ModelConfig& config) {
  Model model;
  model.config = config;
  model.layers.resize(config.layers.size());
  for (std::size_t i = 0; i < config.layers.size(); ++i) {
    model.layers[i].spec = config.layers[i];
    model.layers[i].steps = layer_steps(config.layers[i]);
  }
  return model;
}

class Loader {
 public:
  Loader(const ModelSource& source, const ModelConfig& config, std::string prefix)
      : source_(source), config_(config), prefix_(std::move(prefix)) {}

  void matrix(TensorId id, Linear& to, std::size_t rows, std::size_t cols) {
    to = read_matrix(prefix_ + tensor_name(config_, id), rows, cols);  // its bias comes after it
  }

  void vector(TensorId id, std::vector<float>& to, const std::vector<std::size_t>& shape) {
    const std::size_t index = require(prefix_ + tensor_name(config_, id), shape);
    const TensorInfo& info = source_.tensors()[index];
    to.resize(info.rows() * info.cols());
    source_.read_rows(index, 0, info.rows(), to.data());
    // An infinite decay would come out as a finite, wrong result: do not wait for the logits.
    const auto bad = std::find_if(to.begin(), to.end(), [](float v) { return !std::isfinite(v); });
    if (bad != to.end()) {
      throw data_error("{}: tensor {} has {} at element {}", printable(source_.path()), info.name,
                       *bad, bad - to.begin());
    }
    switch (tensor_kind(id.role)) {
      case TensorKind::kNorm:
        for (float& value : to) value += config_.norm_offset;
        break;
      case TensorKind::kDecay:
        for (float& value : to) value = -std::exp(value);
        break;
      case TensorKind::kConv:
        to = transposed(to, shape.front(), shape.back());
        break;
      case TensorKind::kMatrix:
      case TensorKind::kPlain:
      case TensorKind::kBias:
        break;
    }
  }

  Linear read_matrix(const std::string& name, std::size_t rows, std::size_t cols) const {
    const std::size_t index = require(name, {rows, cols});
    Linear linear{.weights = source_.weights(index)};
    if (linear.weights == nullptr) linear.weights = in_memory(index, rows, cols);
    if (!all_finite(linear.weights->input_factors())) {
      throw data_error("{}: tensor {} has a column scale that is not finite",
                       printable(source_.path()), name);
    }
    return linear;
  }

 private:
  // The rows that the source has to compute, as f32.
  MatrixPtr in_memory(std::size_t index, std::size_t rows, std::size_t cols) const {
    auto memory = std::make_shared<AlignedBuffer<float>>(rows * cols);
    source_.read_rows(index, 0, rows, memory->data());
    return float_matrix(rows, cols, memory->data(), memory);
  }

  std::size_t require(const std::string& name, const std::vector<std::size_t>& shape) const {
    const auto index = find_tensor(source_, name);
    if (!index) throw missing_tensor(source_, name);
    const TensorInfo& info = source_.tensors()[*index];
    if (info.shape != shape) {
      throw data_error("{}: tensor {} has shape {}, the configuration needs {}",
                       printable(source_.path()), name, shape_text(info.shape), shape_text(shape));
    }
    return *index;
  }

  static std::vector<float> transposed(const std::vector<float>& m, std::size_t rows,
                                       std::size_t cols) {
    std::vector<float> out(m.size());
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < cols; ++c) out[c * rows + r] = m[r * cols + c];
    }
    return out;
  }

  const ModelSource& source_;
  const ModelConfig& config_;
  std::string prefix_;
};

}  // namespace

std::string tensor_name(const ModelConfig& config, TensorId id) {
  CELLM_CHECK(config.family != nullptr);
  const std::string_view name = names_of(*config.family, id.role).hugging_face;
  return is_in_layer(id.role) ? fmt::format("layers.{}.{}", id.layer, name) : std::string(name);
}

std::vector<TensorSpec> model_tensors(const ModelConfig& config) {
  std::vector<TensorSpec> specs;
  const auto add = [&](TensorId id, std::vector<std::size_t> shape) {
    specs.push_back({id, tensor_name(config, id), std::move(shape)});
  };
  add(kEmbeddingId, {config.vocab_size, config.hidden});
  for (std::size_t i = 0; i < config.layers.size(); ++i) {
    for (auto& [role, shape] : layer_tensors(config, config.layers[i])) {
      add({i, role}, std::move(shape));
    }
  }
  add(kFinalNormId, {config.hidden});
  if (config.tied_embedding == false) add(kOutputId, {config.vocab_size, config.hidden});
  return specs;
}

std::string text_prefix(const ModelSource& source) {
  for (const auto prefix : kPrefixes) {
    std::string candidate(prefix);
    if (find_tensor(source, candidate + std::string(kEmbedding))) return candidate;
  }
  const std::string usual = "model." + std::string(kEmbedding);
  if (!source.why_missing(usual).empty()) throw missing_tensor(source, usual);
  throw data_error("{}: no tensor is named {}", printable(source.path()), usual);
}

std::vector<std::string> lm_head_names(const std::string& prefix) {
  return {"lm_head.weight", "model.lm_head.weight", "language_model.lm_head.weight",
          prefix + "lm_head.weight"};
}

std::map<std::string, TensorId, std::less<>> tensor_ids(const ModelSource& source,
                                                        const ModelConfig& config) {
  std::map<std::string, TensorId, std::less<>> ids;
  const std::string prefix = text_prefix(source);
  const auto add = [&](std::string name, TensorId id) {
    if (find_tensor(source, name)) ids.emplace(std::move(name), id);
  };
  for (const TensorSpec& spec : model_tensors(config)) {
    if (spec.id != kOutputId) add(prefix + spec.name, spec.id);
  }
  for (const std::string& name : lm_head_names(prefix)) add(name, kOutputId);
  return ids;
}

Model load_model(const ModelSource& source, const ModelConfig& whole, std::size_t max_layers) {
  report_work(Work::kWeightsLoad, source.path());
  ModelConfig config = whole;
  if (max_layers < config.layers.size()) config.layers.resize(max_layers);
  Model model = empty_model(config);
  model.inverse_frequencies = inverse_frequencies(config);
  model.rope_magnitude = rope_magnitude(config);
  refuse_unknown_tensors(source, config);
  const std::string prefix = text_prefix(source);
  Loader loader(source, model.config, prefix);
  visit_tensors(model, loader);
  // A stored output matrix wins over the tie: transformers ties only what is equal, and a converter
  // may have given the two different formats.
  for (const auto& name : lm_head_names(prefix)) {
    if (!find_tensor(source, name)) continue;
    model.lm_head = loader.read_matrix(name, config.vocab_size, config.hidden);
    return model;
  }
  if (config.tied_embedding == false) {
    throw data_error("{}: tensor lm_head.weight is missing and tie_word_embeddings is false",
                     printable(source.path()));
  }
  model.lm_head = model.embedding;
  model.tied = true;
  return model;
}

LoadMemory load_memory(const ModelSource& source, const ModelConfig& whole,
                       std::size_t max_layers) {
  ModelConfig config = whole;
  if (max_layers < config.layers.size()) config.layers.resize(max_layers);
  const std::string prefix = text_prefix(source);
  LoadMemory memory;
  const auto add = [&](const std::string& name, TensorKind kind) {
    const auto index = find_tensor(source, name);
    if (!index) return false;
    const TensorInfo& info = source.tensors()[*index];
    const auto matrix = kind == TensorKind::kMatrix ? source.weights(*index) : nullptr;
    if (matrix == nullptr) {
      memory.loaded += info.rows() * info.cols() * sizeof(float);
    } else {
      memory.loaded += source.copied_bytes(*index);
      memory.packed += matrix->int8_bytes();
      memory.unpacked += matrix->exact_bytes();
    }
    return true;
  };
  for (const auto& spec : model_tensors(config)) {
    if (spec.id != kOutputId) add(prefix + spec.name, tensor_kind(spec.id.role));
  }
  for (const auto& name : lm_head_names(prefix)) {
    if (add(name, TensorKind::kMatrix)) break;
  }
  return memory;
}

namespace {

// Calls visit(Linear&) for every matrix, the output matrix included if it is one of its own.
template <class Visit>
void change_matrices(Model& model, Visit&& visit) {
  visit_matrices(model, [&](TensorId /*id*/, Linear& linear) { visit(linear); });
  if (model.tied) {
    model.lm_head = model.embedding;
  } else {
    visit(model.lm_head);
  }
}

}  // namespace

void pack_weights(Model& model, const ModelSource& source, ThreadPool& pool) {
  change_matrices(model, [&](Linear& linear) {
    MatrixPtr packed = linear.weights->for_int8(pool);
    if (packed == nullptr) return;
    source.forget(*linear.weights);
    linear.weights = std::move(packed);
  });
}

void unpack_weights(Model& model, ThreadPool& pool) {
  change_matrices(model, [&](Linear& linear) {
    if (MatrixPtr exact = linear.weights->exact(pool)) linear.weights = std::move(exact);
  });
}

void use_bf16(Model& model, const KernelTable& kernels) {
  change_matrices(model, [&](Linear& linear) {
    if (MatrixPtr rounded = linear.weights->for_bf16(kernels)) linear.weights = std::move(rounded);
  });
}

std::string find_nonfinite(const ModelSource& source, const ModelConfig& config) {
  const std::string prefix = text_prefix(source);
  std::vector<std::string> names = lm_head_names(prefix);
  for (const auto& spec : model_tensors(config)) names.push_back(prefix + spec.name);
  for (const auto& name : names) {
    const auto index = find_tensor(source, name);
    if (!index) continue;
    const TensorInfo& info = source.tensors()[*index];
    std::vector<float> row(info.cols());
    for (std::size_t r = 0; r < info.rows(); ++r) {
      source.read_rows(*index, r, r + 1, row.data());
      if (!all_finite(row)) return fmt::format("{}, row {}", name, r);
    }
  }
  return {};
}

}  // namespace cellm

#include <algorithm>

#include "base/advice.h"
#include "convert/convert.h"
#include "convert/kept_tensor.h"
#include "convert/mixtures.h"
#include "convert/name_pattern.h"
#include "convert/output.h"
#include "format/block_coding.h"
#include "format/formats.h"
#include "format/trellis.h"
#include "io/shape.h"
#include "model/model.h"
#include "model/unused_tensors.h"

namespace cellm {
namespace {

struct CompiledOverride {
  NamePattern pattern;
  const TensorOverride* source;
  bool used = false;
};

std::vector<CompiledOverride> compile(const std::vector<TensorOverride>& overrides) {
  std::vector<CompiledOverride> compiled;
  for (const auto& item : overrides) compiled.push_back({NamePattern(item.pattern), &item});
  return compiled;
}

// Whether the format holds every value of the tensor exactly.
bool holds_exactly(const ModelSource& source, std::size_t index, FormatId id) {
  const TensorInfo& info = source.tensors()[index];
  const FormatSpec& format = format_spec(id);
  std::vector<float> values(info.cols());
  std::vector<float> rounded(info.cols());
  std::vector<std::byte> codes(format.row_bytes(info.cols()));
  for (std::size_t row = 0; row < info.rows(); ++row) {
    source.read_rows(index, row, row + 1, values.data());
    format.quantize_row(values.data(), info.cols(), 0, codes.data(), nullptr);
    format.dequantize_row(codes.data(), nullptr, info.cols(), 0, rounded.data());
    if (values != rounded) return false;
  }
  return true;
}

// The format of a norm, a convolution and the like in a container other than .cellm. llama.cpp
// computes with f32 only; a folder has the format of the matrices where that changes nothing.
FormatChoice vector_choice(const ConvertOptions& options, const ModelSource& source,
                           std::size_t index) {
  if (options.container == Container::kFolder) {
    const FormatChoice body = std::get<GeneralFormats>(options.formats).body;
    if (is_half(body.format) && holds_exactly(source, index, body.format)) return body;
  }
  return {kExactFormat, 0};
}

// The inputs of the choice of a tensor's format.
struct Choosing {
  const ConvertOptions& options;
  const ModelConfig& config;
  const ModelSource& source;
  bool tied = false;  // whether the embedding will be the output matrix too
};

std::optional<FormatChoice> lm_head_given(const ConvertOptions& options) {
  if (const auto* kept = std::get_if<KeptFormats>(&options.formats)) return kept->lm_head;
  if (const auto* mixed = std::get_if<MixtureFormats>(&options.formats)) return mixed->lm_head;
  const auto* general = std::get_if<GeneralFormats>(&options.formats);
  return general == nullptr ? std::nullopt : std::optional(general->lm_head);
}

FormatChoice mixed_choice(const Choosing& by, const MixtureFormats& formats,
                          const TensorInfo& tensor, const std::optional<TensorId>& id) {
  if (!id) return {};
  if (id == kEmbeddingId && formats.embedding) return *formats.embedding;
  if (id == kOutputId && formats.lm_head) return *formats.lm_head;
  return mixture_choice(*formats.mixture, *id, by.config, by.tied, tensor.cols());
}

FormatChoice fitted_choice(const GeneralFormats& formats, const TensorInfo& tensor,
                           TensorClass kind) {
  const bool fits = kind == TensorClass::kEmbedding ? formats.fit_embedding
                    : kind == TensorClass::kLmHead  ? formats.fit_lm_head
                                                    : formats.fit_body;
  const FormatChoice choice = general_choice(formats, kind);
  return fits ? fitting_choice(choice, tensor.cols()) : choice;
}

// Nothing for a tensor that is kept.
std::optional<FormatChoice> choose(const Choosing& by, std::size_t index,
                                   const std::optional<TensorId>& id) {
  const ConvertOptions& options = by.options;
  const TensorInfo& tensor = by.source.tensors()[index];
  if (options.container != Container::kCellm && !is_candidate(tensor)) {
    return vector_choice(options, by.source, index);
  }
  if (const auto* kept = std::get_if<KeptFormats>(&options.formats)) {
    return kept_choice(*kept, tensor_class(tensor, id));
  }
  if (!is_candidate(tensor)) return FormatChoice{};
  const auto allocated = options.allocated.find(tensor.name);
  if (allocated != options.allocated.end()) return allocated->second;
  if (const auto* mode = std::get_if<StudyMode>(&options.formats)) {
    return study_choice(*mode, by.config.model_type, tensor);
  }
  if (const auto* mixed = std::get_if<MixtureFormats>(&options.formats)) {
    return mixed_choice(by, *mixed, tensor, id);
  }
  return fitted_choice(std::get<GeneralFormats>(options.formats), tensor, tensor_class(tensor, id));
}

// The override of the tensor; null if there is none.
const TensorOverride* overriding(const TensorInfo& tensor,
                                 std::vector<CompiledOverride>& overrides) {
  const TensorOverride* last = nullptr;
  if (!is_candidate(tensor)) return last;
  for (auto& item : overrides) {
    if (!item.pattern.found_in(tensor.name)) continue;
    last = item.source;
    item.used = true;
  }
  return last;
}

bool same_values(const ModelSource& source, std::size_t a, std::size_t b) {
  const TensorInfo& info = source.tensors()[a];
  if (info.shape != source.tensors()[b].shape) return false;
  std::vector<float> row_a(info.cols());
  std::vector<float> row_b(info.cols());
  for (std::size_t row = 0; row < info.rows(); ++row) {
    source.read_rows(a, row, row + 1, row_a.data());
    source.read_rows(b, row, row + 1, row_b.data());
    if (row_a != row_b) return false;
  }
  return true;
}

// See ConvertOptions::settle_lm_head.
void settle_lm_head(const ModelSource& source, const ModelConfig& config,
                    const ConvertOptions& options, ConvertPlan& plan) {
  if (!options.settle_lm_head || config.tied_embedding == false) return;
  const auto by_id = [&](TensorId id) {
    return std::find_if(plan.tensors.begin(), plan.tensors.end(),
                        [&](const PlannedTensor& t) { return t.id == id; });
  };
  const auto* kept = std::get_if<KeptFormats>(&options.formats);
  const auto embedding = by_id(kEmbeddingId);
  CELLM_CHECK(embedding != plan.tensors.end());
  if (const auto stored = by_id(kOutputId); stored != plan.tensors.end()) {
    if (config.tied_embedding == true && kept == nullptr && stored->choice == embedding->choice &&
        same_values(source, stored->source_index, embedding->source_index)) {
      plan.left_out.push_back(stored->name);
      plan.tensors.erase(stored);
    }
    return;
  }
  std::optional<FormatChoice> wanted = lm_head_given(options);
  const auto* general = std::get_if<GeneralFormats>(&options.formats);
  if (general != nullptr && general->fit_lm_head) {
    wanted = fitting_choice(*wanted, embedding->info.cols());
  }
  if (!wanted || wanted == embedding->choice) return;
  PlannedTensor head = plan_tensor(embedding->info, embedding->source_index, *wanted, options);
  head.name = "lm_head.weight";
  head.id = kOutputId;
  plan.tensors.insert(std::upper_bound(plan.tensors.begin(), plan.tensors.end(), head.name,
                                       [](const std::string& name, const PlannedTensor& t) {
                                         return name < t.name;
                                       }),
                      head);
}

// See PlannedTensor::linear.
void name_linears(ConvertPlan& plan) {
  PlannedTensor* tied = nullptr;
  bool has_head = false;
  for (auto& tensor : plan.tensors) {
    if (!tensor.id || tensor_kind(tensor.id->role) != TensorKind::kMatrix) continue;
    if (tensor.id == kEmbeddingId) {
      tied = &tensor;
      continue;
    }
    tensor.linear = tensor.id;
    has_head |= tensor.id == kOutputId;
  }
  if (tied != nullptr && !has_head) tied->linear = kOutputId;
}

// Checks that every tensor of the model is present with the right shape, and no unknown bias.
void require_complete(const ModelSource& source, const ModelConfig& config) {
  refuse_unknown_tensors(source, config);
  const std::string prefix = text_prefix(source);
  for (const auto& spec : model_tensors(config)) {
    std::optional<std::size_t> index;
    if (spec.id == kOutputId) {
      for (const auto& name : lm_head_names(prefix)) {
        if (!index) index = find_tensor(source, name);
      }
      if (!index) {
        throw data_error("{}: tensor lm_head.weight is missing and tie_word_embeddings is false",
                         printable(source.path()));
      }
    } else {
      index = find_tensor(source, prefix + spec.name);
    }
    if (!index) {
      throw missing_tensor(source, prefix + spec.name);
    }
    const TensorInfo& info = source.tensors()[*index];
    if (info.shape != spec.shape) {
      throw data_error("{}: tensor {} has shape {}, the configuration needs {}",
                       printable(source.path()), info.name, shape_text(info.shape),
                       shape_text(spec.shape));
    }
  }
}

// The header's `quantizer` entry; empty for a file without codes.
std::optional<QuantizerLabel> quantizer_label(const ConvertOptions& options,
                                              const ConvertPlan& plan) {
  if (!has_codes(plan) && !(options.calibration && is_coded(plan))) return std::nullopt;
  return QuantizerLabel{options.scale, options.calibration};
}

void finish(const OpenedModel& model, const ConvertOptions& options, ConvertPlan& plan) {
  switch (options.container) {
    case Container::kCellm:
      finish_cellm(model, options, quantizer_label(options, plan), plan);
      break;
    case Container::kGguf:
      finish_gguf(model, options, plan);
      break;
    case Container::kFolder:
      finish_folder(model, options, plan);
      break;
  }
}

}  // namespace

PlannedTensor plan_tensor(const TensorInfo& info, std::size_t source_index,
                          const FormatChoice& choice, const ConvertOptions& options) {
  const FormatSpec& format = format_spec(choice.format);
  if (format.order == StoredOrder::kBlocks && info.cols() % format.block != 0) {
    throw usage_error("{}: rows of {} weights are no multiple of the {} in a block of {}",
                      printable(info.name), info.cols(), format.block, format.name);
  }
  PlannedTensor tensor;
  tensor.name = info.name;
  tensor.source_index = source_index;
  tensor.info = info;
  tensor.choice = choice;
  tensor.shape = {.format = choice.format,
                  .rows = info.rows(),
                  .cols = info.cols(),
                  .group = group_for(choice, info.cols(), printable(info.name))};
  tensor.layout = &own_layout(choice.format);
  if (tensor.layout->has_trellis_code) {
    tensor.shape.trellis = {default_trellis_table(choice.format).id, options.rotation};
  }
  if (options.packed && kPackedLayout.accepts(tensor.shape)) tensor.layout = &kPackedLayout;
  const PayloadSizes sizes = tensor.layout->sizes(tensor.shape);
  tensor.code_bytes = sizes.code_bytes;
  tensor.scale_bytes = sizes.scale_bytes();
  return tensor;
}

ConvertPlan plan_conversion(const OpenedModel& model, const ConvertOptions& options) {
  const ModelSource& source = model.source();
  const ModelConfig& config = model.config();
  require_complete(source, config);
  ConvertPlan plan;
  auto overrides = compile(options.overrides);
  const auto ids = tensor_ids(source, config);
  const bool other_parts = has_other_parts(source);
  const bool stored_head = std::any_of(ids.begin(), ids.end(),
                                       [](const auto& item) { return item.second == kOutputId; });
  const Choosing by{options, config, source,
                    !lm_head_given(options) && config.tied_embedding.value_or(!stored_head)};
  for (std::size_t i = 0; i < source.tensors().size(); ++i) {
    const TensorInfo& info = source.tensors()[i];
    if (options.text_only && !is_text_tensor(info.name, other_parts)) {
      plan.left_out.push_back(info.name);
      continue;
    }
    const auto found = ids.find(info.name);
    const auto id = found == ids.end() ? std::nullopt : std::optional(found->second);
    const bool has_place = id || (info.readable && options.container == Container::kCellm);
    if (!has_place) {
      plan.left_out.push_back(info.name);
      continue;
    }
    const TensorOverride* named = overriding(info, overrides);
    const std::optional<FormatChoice> choice = named != nullptr ? named->choice : choose(by, i, id);
    plan.tensors.push_back(choice ? plan_tensor(info, i, *choice, options)
                                  : plan_kept_tensor(source, i, options));
    plan.tensors.back().id = id;
    plan.tensors.back().overridden = named != nullptr;
  }
  plan.container = options.container;
  plan.allow_nonfinite = options.allow_nonfinite;
  settle_lm_head(source, config, options, plan);
  for (const auto& item : overrides) {
    if (!item.used) {
      throw usage_error(AdviceKind::kTensorOverride, "\"{}\" matches no matrix of {}",
                        printable(item.source->pattern), printable(source.path()));
    }
  }
  name_linears(plan);
  plan.scale = options.scale;
  finish(model, options, plan);
  return plan;
}

bool is_embedding(const PlannedTensor& tensor) {
  return tensor.id == kEmbeddingId;
}

TensorClass tensor_class(const PlannedTensor& tensor) {
  return tensor_class(tensor.info, tensor.id);
}

bool has_codes(const PlannedTensor& tensor) {
  if (tensor.kept != Kept::kNo) return false;
  if (find_block_coding(tensor.shape.format) != nullptr) return true;
  const Encoder encoder = format_spec(tensor.shape.format).encoder;
  return encoder == Encoder::kGrid || encoder == Encoder::kTrellis;
}

bool has_codes(const ConvertPlan& plan) {
  return std::any_of(plan.tensors.begin(), plan.tensors.end(),
                     [](const PlannedTensor& tensor) { return has_codes(tensor); });
}

bool is_coded(const PlannedTensor& tensor) {
  constexpr double kByte = 8.0;
  const FormatSpec& format = format_spec(tensor.shape.format);
  const bool byte_floats = format.encoder == Encoder::kRound && format.bits_per_weight <= kByte;
  return has_codes(tensor) || (tensor.kept == Kept::kNo && byte_floats);
}

bool is_coded(const ConvertPlan& plan) {
  return std::any_of(plan.tensors.begin(), plan.tensors.end(),
                     [](const PlannedTensor& tensor) { return is_coded(tensor); });
}

double bits_per_weight(const ConvertPlan& plan) {
  std::uint64_t bytes = 0;
  std::uint64_t weights = 0;
  for (const auto& tensor : plan.tensors) {
    bytes += tensor.bytes();
    weights += tensor.info.rows() * tensor.info.cols();
  }
  return 8.0 * static_cast<double>(bytes) / static_cast<double>(weights);
}

}  // namespace cellm

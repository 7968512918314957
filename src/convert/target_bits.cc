#include "convert/target_bits.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <random>
#include <utility>

#include "base/advice.h"
#include "base/memory.h"
#include "convert/allocation.h"
#include "convert/mixtures.h"
#include "convert/quantized_parts.h"
#include "convert/quantized_tensor.h"
#include "engine/observe.h"
#include "format/block_coding.h"
#include "format/formats.h"
#include "format/trellis.h"

namespace cellm {
namespace {

// Bits per weight of the probe format, in which parts are measured.
constexpr double kProbeBits = 2.0;

FormatChoice probe_choice(Container container) {
  for (const FormatChoice& choice : target_choices(container)) {
    if (format_spec(choice.format).bits_per_weight >= kProbeBits) return choice;
  }
  CELLM_CHECK(false);
  return {};
}

// Tokens of calibration of the probe: the minimum, and per column of the widest matrix.
constexpr std::size_t kProbeTokens = 4096;
constexpr std::size_t kProbeTokensPerColumn = 2;
// Tokens of the measurement of a part; short windows cover several places of the text.
constexpr std::size_t kPartWindow = 192;
constexpr std::size_t kPartWindows = 2;

// Whether the format of the tensor is fixed by the user.
bool is_given(const PlannedTensor& tensor, const TargetBits& wanted) {
  if (tensor.overridden) return true;
  if (is_embedding(tensor)) return wanted.embedding_given;
  return tensor.linear == kOutputId && wanted.lm_head_given;
}

bool is_free(const PlannedTensor& tensor, const TargetBits& wanted) {
  switch (tensor_class(tensor)) {
    case TensorClass::kEmbedding:
    case TensorClass::kLmHead:
    case TensorClass::kAttention:
    case TensorClass::kDeltaNet:
    case TensorClass::kFeedForward:
      return !is_given(tensor, wanted);
    default:
      return false;
  }
}

// The tensors over which the bits are counted: all except those with a fixed format.
struct Counted {
  double weights = 0.0;
  double other_bytes = 0.0;  // of tensors that are not free: norms, convolutions and the like
};
Counted counted(const ConvertPlan& plan, const TargetBits& wanted) {
  Counted sum;
  for (const PlannedTensor& tensor : plan.tensors) {
    if (is_given(tensor, wanted)) continue;
    sum.weights += static_cast<double>(tensor.info.rows() * tensor.info.cols());
    if (is_free(tensor, wanted)) continue;
    sum.other_bytes += static_cast<double>(tensor.bytes());
  }
  return sum;
}

// The tensor that names the part that a tensor belongs to.
TensorId first_of_part(TensorId id) {
  if (id.role == TensorRole::kKey) return {id.layer, TensorRole::kQuery};
  if (id.role == TensorRole::kUp) return {id.layer, TensorRole::kGate};
  return id;
}

// The parts that are assigned one format each: queries and keys of a layer together, gate and up
// projection together, every other matrix by itself.
std::vector<QuantizedPart> free_parts(const ConvertPlan& plan, const TargetBits& wanted) {
  std::map<TensorId, std::string> names;
  for (const PlannedTensor& tensor : plan.tensors) {
    if (tensor.id) names[*tensor.id] = tensor.name;
  }
  std::map<std::string, QuantizedPart> parts;  // by the name of the first
  for (const PlannedTensor& tensor : plan.tensors) {
    if (!is_free(tensor, wanted)) continue;
    const auto first = tensor.id ? names.find(first_of_part(*tensor.id)) : names.end();
    parts[first == names.end() ? tensor.name : first->second].push_back(&tensor);
  }
  std::vector<QuantizedPart> result;
  for (auto& [name, part] : parts) result.push_back(std::move(part));
  return result;
}

std::uint64_t part_bytes(const QuantizedPart& part, const FormatChoice& choice,
                         const ConvertOptions& options) {
  std::uint64_t bytes = 0;
  for (const PlannedTensor* tensor : part) {
    const PlannedTensor other = plan_tensor(tensor->info, tensor->source_index,
                                            fitting_choice(choice, tensor->info.cols()), options);
    bytes += other.bytes();
  }
  return bytes;
}

// gaussian_error() of formats, each measured once; 0 for f16, which rows get that no block fits.
class GaussianErrors {
 public:
  double of(const FormatChoice& choice) {
    if (choice == FormatChoice()) return 0.0;
    const auto [found, is_new] = errors_.try_emplace(choice.format, 0.0);
    if (is_new) found->second = gaussian_error(choice);
    return found->second;
  }

 private:
  std::map<FormatId, double> errors_;
};

// Windows of the measurement, of the held-out text if there is any.
std::vector<std::vector<std::uint32_t>> part_windows(const CalibrationText& text) {
  const auto& from = text.held_out.empty() ? text.windows : text.held_out;
  std::vector<std::vector<std::uint32_t>> windows;
  for (std::size_t i = 0; i < kPartWindows && i < from.size(); ++i) {
    const auto& window = from[i * from.size() / std::min(kPartWindows, from.size())];
    const std::size_t count = std::min(kPartWindow, window.size());
    windows.emplace_back(window.begin(), window.begin() + static_cast<std::ptrdiff_t>(count));
  }
  return windows;
}

CalibrationText probe_text(const ConvertPlan& plan, const CalibrationText& text) {
  return thinned(text,
                 std::max(kProbeTokens, kProbeTokensPerColumn * widest_quantized_input(plan)));
}

// Quantizes the tensors without a calibrated input: an embedding that is not tied.
void code_rest(const ModelSource& source, std::span<const QuantizedPart> parts,
               const ConvertPlan& plan, ThreadPool& pool, QuantizedTensors& quantized) {
  const Quantizer quantizer = scale_quantizer(plan.scale);
  for (const QuantizedPart& part : parts) {
    for (const PlannedTensor* tensor : part) {
      if (quantized.contains(tensor->name)) continue;
      quantized[tensor->name] = std::make_shared<QuantizedTensor>(
          quantize_tensor(*tensor, rows_of_source(source, *tensor), quantizer(request_of(*tensor)),
                          pool, [](std::size_t /*rows*/) {}));
    }
  }
}

}  // namespace

std::vector<FormatChoice> target_choices(Container container) {
  std::vector<const FormatSpec*> searched;
  for (const FormatSpec* spec : all_formats()) {
    const bool fits =
        container == Container::kCellm ? spec->searched : find_block_coding(spec->id) != nullptr;
    if (fits) searched.push_back(spec);
  }
  std::ranges::sort(searched, {}, &FormatSpec::bits_per_weight);
  std::vector<FormatChoice> choices;
  for (const FormatSpec* spec : searched) choices.push_back({spec->id, 0});
  return choices;
}

ConvertOptions with_probe_formats(ConvertOptions options, const TargetBits& wanted) {
  GeneralFormats& formats = std::get<GeneralFormats>(options.formats);
  const FormatChoice probe = probe_choice(options.container);
  formats.body = probe;
  if (!wanted.embedding_given) formats.embedding = probe;
  if (!wanted.lm_head_given) formats.lm_head = formats.embedding;
  formats.fit_body = true;
  formats.fit_embedding = !wanted.embedding_given;
  formats.fit_lm_head = !wanted.lm_head_given && !wanted.embedding_given;
  return options;
}

void require_reachable(const ConvertPlan& plan, const ConvertOptions& options,
                       const TargetBits& wanted) {
  const Counted all = counted(plan, wanted);
  double bytes = all.other_bytes;
  for (const QuantizedPart& part : free_parts(plan, wanted)) {
    bytes +=
        static_cast<double>(part_bytes(part, target_choices(options.container).front(), options));
  }
  const double bits = 8.0 * bytes / all.weights;
  if (wanted.bits_per_weight < bits) {
    throw usage_error(AdviceKind::kTargetBits,
                      "{}: this model takes at least {:.3f} bits per weight",
                      wanted.bits_per_weight, std::ceil(bits * 1000.0) / 1000.0);
  }
}

double gaussian_error(const FormatChoice& choice) {
  constexpr std::size_t kRows = kTrellisRows;
  constexpr std::size_t kCols = 1024;
  std::mt19937_64 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> weights(kRows * kCols);
  for (float& weight : weights) weight = normal(random);

  TensorInfo info;
  info.name = "weights";
  info.shape = {kRows, kCols};
  const PlannedTensor tensor = plan_tensor(info, 0, choice, {});
  const auto quantized = std::make_shared<QuantizedTensor>(empty_quantized_tensor(tensor));
  scale_quantizer(ScaleMethod::kAuto)(request_of(tensor))
      .quantize({0, kRows, weights.data(), quantized->codes.data(), quantized->scales.data()});
  ThreadPool alone(1);
  const MatrixPtr matrix = as_matrix(tensor, quantized, alone);
  double error = 0.0;
  std::vector<float> row(kCols);
  for (std::size_t r = 0; r < kRows; ++r) {
    matrix->read_row(r, row.data());
    for (std::size_t c = 0; c < kCols; ++c) {
      const double difference =
          static_cast<double>(row[c]) - static_cast<double>(weights[r * kCols + c]);
      error += difference * difference;
    }
  }
  return error / static_cast<double>(kRows * kCols);
}

SearchWork search_work(const ConvertPlan& plan, const TargetBits& wanted,
                       const CalibrationText& text) {
  SearchWork work{free_parts(plan, wanted).size(), 0, probe_text(plan, text).label.tokens};
  for (const auto& window : part_windows(text)) work.part_tokens += window.size();
  return work;
}

FoundFormats find_formats(const OpenedModel& model, const ConvertPlan& plan,
                          const ConvertOptions& options, const TargetBits& wanted,
                          const CalibrationText& text, ThreadPool& pool,
                          const CalibratedOptions& calibrated, const SearchProgress& progress) {
  const auto stage = [&](std::string_view name) {
    return [&progress, name](std::uint64_t done, std::uint64_t total) {
      if (progress) progress(name, done, total);
    };
  };
  const std::vector<QuantizedPart> parts = free_parts(plan, wanted);
  const auto windows = part_windows(text);
  require_memory(quantized_parts_bytes(model, parts, windows),
                 fmt::format("{}: measuring its parts", printable(model.path())),
                 AdviceKind::kGivenFormats);
  CalibratedTensors codes = quantize_along_text(model, plan, probe_text(plan, text), pool,
                                                calibrated, stage(kQuantizingProbe));
  code_rest(model.source(), parts, plan, pool, codes.tensors);
  const std::vector<double> losses = measure_quantized_parts(
      model, codes.tensors, parts, windows, pool, calibrated.target, stage(kMeasuringParts));

  const std::vector<FormatChoice> choices = target_choices(options.container);
  GaussianErrors errors;
  std::vector<std::vector<AllocationChoice>> items;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    auto& item = items.emplace_back();
    // The matrices of a part have the same input.
    const std::size_t cols = parts[i].front()->info.cols();
    const double probe_error = errors.of(parts[i].front()->choice);
    for (const FormatChoice& choice : choices) {
      const double error = errors.of(fitting_choice(choice, cols));
      const double loss = probe_error == 0.0 ? 0.0 : losses[i] * error / probe_error;
      item.push_back({part_bytes(parts[i], choice, options), loss});
    }
  }
  const Counted all = counted(plan, wanted);
  const double free_bytes = all.weights * wanted.bits_per_weight / 8.0 - all.other_bytes;
  const auto chosen = allocate(items, static_cast<std::uint64_t>(free_bytes));
  CELLM_CHECK(chosen);  // require_reachable()

  FoundFormats found{options, 0.0, parts.size(), std::move(codes.state)};
  auto& formats = std::get<GeneralFormats>(found.options.formats);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const FormatChoice& chosen_choice = choices[(*chosen)[i]];
    found.predicted_kld += items[i][(*chosen)[i]].loss;
    for (const PlannedTensor* tensor : parts[i]) {
      const FormatChoice choice = fitting_choice(chosen_choice, tensor->info.cols());
      found.options.allocated[tensor->name] = choice;
      // So that a tied output matrix stays the embedding.
      if (is_embedding(*tensor)) formats.embedding = choice;
      if (tensor->linear == kOutputId) formats.lm_head = choice;
    }
  }
  return found;
}

}  // namespace cellm

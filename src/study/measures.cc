#include "study/measures.h"

#include <algorithm>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "convert/rules.h"
#include "model/open_source.h"
#include "study/histogram.h"

namespace cellm {
namespace {

using OrderedJson = nlohmann::ordered_json;

// The approximate number of rows of a tensor that its histogram reads.
constexpr std::size_t kHistogramRows = 512;

double bits(std::uint64_t bytes, std::uint64_t weights) {
  return weights == 0 ? 0.0 : 8.0 * static_cast<double>(bytes) / static_cast<double>(weights);
}

template <class Member>
double median(std::span<const SpeedMeasurement> measured, Member member) {
  CELLM_CHECK(!measured.empty());
  std::vector<double> values;
  for (const SpeedMeasurement& m : measured) values.push_back(static_cast<double>(m.*member));
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// Sums of weights and bytes over tensors.
class Sizes {
 public:
  void add(const TensorInfo& info, std::uint64_t bytes) {
    const std::uint64_t count = info.rows() * info.cols();
    bytes_ += bytes;
    weights_ += count;
    const TensorClass kind = tensor_class(info);
    if (kind == TensorClass::kEmbedding || kind == TensorClass::kLmHead) return;
    body_bytes_ += bytes;
    body_weights_ += count;
  }
  OrderedJson json(std::uint64_t file_bytes) const {
    return {{"file_bytes", file_bytes},
            {"tensor_bytes", bytes_},
            {"weights", weights_},
            {"bits_per_weight", bits(bytes_, weights_)},
            {"body_bits_per_weight", bits(body_bytes_, body_weights_)}};
  }

 private:
  std::uint64_t body_bytes_ = 0;
  std::uint64_t body_weights_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t weights_ = 0;
};

}  // namespace

OrderedJson size_json(const ConvertPlan& plan) {
  Sizes sizes;
  for (const PlannedTensor& tensor : plan.tensors) {
    sizes.add(tensor.info, tensor.code_bytes + tensor.scale_bytes);
  }
  return sizes.json(plan.file_bytes);
}

OrderedJson size_json(const ModelSource& source, std::uint64_t file_bytes) {
  Sizes sizes;
  for (const TensorInfo& info : source.tensors()) sizes.add(info, info.stored_bytes);
  return sizes.json(file_bytes);
}

OrderedJson speed_json(std::span<const SpeedMeasurement> measured) {
  return {
      {"prompt_tokens_per_second", median(measured, &SpeedMeasurement::prompt_tokens_per_second)},
      {"decode_tokens_per_second", median(measured, &SpeedMeasurement::decode_tokens_per_second)},
      {"peak_memory_bytes", median(measured, &SpeedMeasurement::peak_memory_bytes)}};
}

OrderedJson sensitivity_json(std::span<const ModelPart> parts,
                             std::span<const PartSensitivity> found) {
  OrderedJson json = OrderedJson::array();
  for (const PartSensitivity& item : found) {
    json.push_back({{"part", parts[item.part].name},
                    {"is_layer", parts[item.part].is_layer},
                    {"kld", item.kld}});
  }
  return json;
}

OrderedJson histograms_json(const std::filesystem::path& reference_file,
                            std::span<const FormatFile> files) {
  const auto reference_model = open_model(reference_file);
  const ModelSource* reference = &reference_model->source();
  OrderedJson json = OrderedJson::array();
  for (const std::string& name : histogram_tensors(*reference_model)) {
    const std::size_t index = *find_tensor(*reference, name);
    const TensorInfo& info = reference->tensors()[index];
    const std::size_t row_step = std::max<std::size_t>(1, info.rows() / kHistogramRows);
    OrderedJson formats = OrderedJson::array();
    for (const FormatFile& item : files) {
      const auto quantized = open_model_source(item.file);
      const auto other = find_tensor(*quantized, name);
      if (!other || quantized->tensors()[*other].format == info.format) continue;
      const TensorLevels found = tensor_levels(*reference, index, *quantized, *other, row_step);
      OrderedJson levels = OrderedJson::array();
      for (const QuantizationLevel& level : found.levels) {
        levels.push_back({{"position", level.position}, {"share", level.share}});
      }
      formats.push_back(
          {{"format", item.format}, {"rms_error", found.rms_error}, {"levels", std::move(levels)}});
    }
    json.push_back({{"tensor", name},
                    {"rows", info.rows()},
                    {"cols", info.cols()},
                    {"reach", kHistogramReach},
                    {"shares", weight_histogram(*reference, index, row_step).shares},
                    {"formats", std::move(formats)}});
  }
  return json;
}

}  // namespace cellm

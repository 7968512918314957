#include "eval/model_facts.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "format/formats.h"

namespace cellm {
double bits_per_weight(const ModelSource& source) {
  std::uint64_t bytes = 0;
  std::uint64_t weights = 0;
  for (const TensorInfo& info : source.tensors()) {
    bytes += info.stored_bytes;
    weights += info.rows() * info.cols();
  }
  return weights == 0 ? 0.0 : 8.0 * static_cast<double>(bytes) / static_cast<double>(weights);
}

std::string main_format(const ModelSource& source) {
  std::map<std::string, std::uint64_t> weights;
  for (const TensorInfo& info : source.tensors()) {
    weights[stored_name(info)] += info.rows() * info.cols();
  }
  return std::max_element(weights.begin(), weights.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

void require_same_model(const ModelConfig& model, const ModelConfig& expected,
                        std::string_view name) {
  if (model.vocab_size == expected.vocab_size && model.hidden == expected.hidden &&
      model.layers == expected.layers && model.intermediate == expected.intermediate) {
    return;
  }
  throw usage_error("{}: this is another model: {} layers of {} and {} ids, not {} of {} and {}",
                    printable(name), model.layers.size(), model.hidden, model.vocab_size,
                    expected.layers.size(), expected.hidden, expected.vocab_size);
}

bool computes_exactly(const ModelSource& source, Activations activations,
                      const KernelTable& kernels) {
  if (activations == Activations::kF32) return true;
  return std::none_of(source.tensors().begin(), source.tensors().end(),
                      [&](const TensorInfo& info) {
                        if (info.shape.size() != 2) return false;
                        const Encoder encoder = format_spec(info.format).encoder;
                        if (encoder == Encoder::kGrid || encoder == Encoder::kTrellis) return true;
                        if (format_spec(info.format).order == StoredOrder::kBlocks) return true;
                        return is_half(info.format) && activations == Activations::kFast &&
                               kernels.matmul_bf16 != nullptr;
                      });
}

}  // namespace cellm

#include "convert/calibrated_conversion.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <xxhash.h>

#include <fmt/ranges.h>

#include "base/advice.h"
#include "base/memory.h"
#include "base/version.h"
#include "convert/matrix_quantizer.h"
#include "convert/planned_rows.h"
#include "engine/lockstep.h"
#include "format/formats.h"
#include "model/model.h"
#include "quantize/calibrated_input.h"
#include "quantize/feedback_factor.h"
#include "quantize/second_moments.h"

namespace cellm {
namespace {

// Increased when other codes are chosen than by an older program.
constexpr int kMethod = 2;

// The key of the state: a hash of everything that the codes depend on, 16 hexadecimal digits.
std::string state_key(const ConvertPlan& plan, const CalibrationText& text,
                      const KernelTable& kernels, const CalibratedOptions& options) {
  std::string all = fmt::format("{} {} {} {}\n{}\n", kMethod, kProgramVersion, kernels.name,
                                options.source_checksum, plan.header_json);
  if (options.targets) {
    all += fmt::format("targets {} {}\n", options.targets->inputs, options.targets->streams);
  }
  for (const auto& tensor : plan.tensors) {
    all += fmt::format("{} {} {} {}\n", tensor.name, format_spec(tensor.shape.format).dtype,
                       tensor.shape.group, fmt::join(tensor.info.shape, "x"));
    all += fmt::format("{} {} {}\n", tensor.shape.trellis.table, tensor.shape.trellis.rotation,
                       tensor.stored_name);
  }
  for (const auto& window : text.windows) all += fmt::format("{}\n", fmt::join(window, " "));
  return fmt::format("{:016x}", XXH3_64bits(all.data(), all.size()));
}

// Passes on the output matrix alone.
class OutputAlone final : public LockstepTap {
 public:
  explicit OutputAlone(MatrixQuantizer& quantizer) : quantizer_(quantizer) {}
  void begin(std::span<const LayerMatrix> matrices, std::size_t cols) override {
    is_output_ = matrices.front().id == kOutputId;
    if (is_output_) quantizer_.begin(matrices, cols);
  }
  void see(const LockstepInput& input) override {
    if (is_output_) {
      quantizer_.see(input);
    } else {
      quantizer_.report();
    }
  }
  void end(std::span<const LayerMatrix> matrices) override {
    if (is_output_) quantizer_.end(matrices);
  }

 private:
  MatrixQuantizer& quantizer_;
  bool is_output_ = false;
};

const PlannedTensor* quantized_embedding(const ConvertPlan& plan) {
  const auto found = std::find_if(
      plan.tensors.begin(), plan.tensors.end(),
      [](const PlannedTensor& tensor) { return is_embedding(tensor) && is_coded(tensor); });
  return found == plan.tensors.end() ? nullptr : &*found;
}

// Quantizes the embedding and puts it into the model, so that the corrected targets of the layers
// make up for its error too. A tied one is quantized as output matrix of the source's model.
void quantize_embedding_first(const PlannedTensor& embedding, Model& model,
                              const CalibrationText& text, const KernelTable& kernels,
                              ThreadPool& pool, MatrixQuantizer& quantizer) {
  if (!quantizer.resume(embedding)) {
    if (embedding.linear == kOutputId) {
      OutputAlone output(quantizer);
      run_in_lockstep(model, kernels, pool, text.windows, output);
    } else {
      quantizer.quantize_alone(embedding);
    }
  }
  model.embedding.weights = stored_matrix(embedding, quantizer.finished(embedding.name));
}

}  // namespace

std::size_t widest_quantized_input(const ConvertPlan& plan) {
  std::size_t widest = 0;
  for (const auto& tensor : plan.tensors) {
    if (is_quantized_along_text(tensor)) widest = std::max(widest, tensor.info.cols());
  }
  return widest;
}

std::uint64_t calibration_memory_bytes(const OpenedModel& model, const ConvertPlan& plan,
                                       const CalibrationText& text, unsigned threads,
                                       bool with_targets) {
  std::uint64_t codes = 0;
  std::uint64_t largest = 0;                    // weights of a matrix of a layer
  std::map<std::size_t, std::uint64_t> floats;  // dequantized matrices, by layer
  for (const auto& tensor : plan.tensors) {
    if (!is_quantized_along_text(tensor)) continue;
    codes += tensor.code_bytes + tensor.scale_bytes;
    if (*tensor.linear == kOutputId) continue;
    largest = std::max(largest, weights_of(tensor));
    if (!tensor.layout->has_trellis_code && tensor.transform.is_identity()) continue;
    floats[tensor.linear->layer] += weights_of(tensor) * sizeof(float);
  }
  std::uint64_t most_floats = 0;
  for (const auto& [layer, bytes] : floats) most_floats = std::max(most_floats, bytes);
  const std::size_t cols = widest_quantized_input(plan);
  // Per thread, of the rows it quantizes: weights, codes, errors and dequantized values.
  constexpr std::uint64_t kChunkBytes = std::uint64_t{16} << 20;
  const std::uint64_t targets = with_targets ? target_moments_bytes(cols, model.config().hidden) +
                                                   target_correction_bytes(cols, largest, threads)
                                             : 0;
  return model.weights_bytes(kAllLayers, false) +
         lockstep_bytes(model.config(), text.windows, with_targets) + second_moments_bytes(cols) +
         factor_bytes(cols) + targets + codes + most_floats + threads * kChunkBytes;
}

CalibratedTensors quantize_along_text(const OpenedModel& opened, const ConvertPlan& plan,
                                      const CalibrationText& text, ThreadPool& pool,
                                      const CalibratedOptions& options,
                                      const ConvertProgress& progress) {
  require_memory(
      calibration_memory_bytes(opened, plan, text, pool.threads(), options.targets.has_value()),
      fmt::format("{}: calibrating on {} tokens", printable(opened.path()), text.label.tokens),
      AdviceKind::kFewerCalibrationTokens);
  const KernelTable& kernels = kernel_table(options.target.c_str());
  std::unique_ptr<QuantizedStore> store;
  if (!options.state.empty()) {
    store = std::make_unique<QuantizedStore>(options.state, state_key(plan, text, kernels, options),
                                             plan);
  }
  Model model = opened.weights();
  unpack_weights(model, pool);
  std::optional<Model> reference;
  if (options.targets) reference = model;
  MatrixQuantizer quantizer({.source = opened.source(),
                             .plan = plan,
                             .tokens = text.label.tokens,
                             .kernels = kernels,
                             .pool = pool,
                             .store = store.get(),
                             .progress = progress,
                             .targets = options.targets ? &*options.targets : nullptr,
                             .reference = reference ? &*reference : nullptr});
  if (const PlannedTensor* embedding = reference ? quantized_embedding(plan) : nullptr) {
    quantize_embedding_first(*embedding, model, text, kernels, pool, quantizer);
  }
  run_in_lockstep(model, kernels, pool, text.windows, quantizer, {},
                  reference ? &*reference : nullptr);
  CalibratedTensors result = std::move(quantizer).result();
  result.state = std::move(store);
  return result;
}

void refuse_bad_values(const OpenedModel& model, const ConvertPlan& plan, ThreadPool& pool,
                       const ConvertProgress& progress) {
  if (plan.allow_nonfinite) return;
  BadValueLog log(false);
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  for (const auto& tensor : plan.tensors) total += weights_of(tensor);
  for (const auto& tensor : plan.tensors) {
    pool.parallel_for(tensor.info.rows(),
                      std::max<std::size_t>(1, kChunkWeights / tensor.info.cols()),
                      [&](std::size_t begin, std::size_t end) {
                        read_rows(model.source(), tensor, begin, end, log);
                      });
    done += weights_of(tensor);
    if (progress) progress(done, total);
  }
  log.throw_if_refused(model.path());
}

}  // namespace cellm

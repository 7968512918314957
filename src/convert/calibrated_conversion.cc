#include "convert/calibrated_conversion.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <xxhash.h>

#include <fmt/ranges.h>

#include "base/advice.h"
#include "base/memory.h"
#include "base/stopwatch.h"
#include "base/version.h"
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
constexpr int kMethod = 1;

bool is_quantized_along_text(const PlannedTensor& tensor) {
  return tensor.linear && has_codes(tensor);
}

std::uint64_t weights_of(const PlannedTensor& tensor) {
  return tensor.info.rows() * tensor.info.cols();
}

// The key of the state: a hash of everything that the codes depend on, 16 hexadecimal digits.
std::string state_key(const ConvertPlan& plan, const CalibrationText& text,
                      const KernelTable& kernels, const std::string& source_checksum) {
  std::string all = fmt::format("{} {} {} {}\n{}\n", kMethod, kProgramVersion, kernels.name,
                                source_checksum, plan.header_json);
  for (const auto& tensor : plan.tensors) {
    all += fmt::format("{} {} {} {}\n", tensor.name, format_spec(tensor.shape.format).dtype,
                       tensor.shape.group, fmt::join(tensor.info.shape, "x"));
    all += fmt::format("{} {}\n", tensor.shape.trellis.table, tensor.shape.trellis.rotation);
  }
  for (const auto& window : text.windows) all += fmt::format("{}\n", fmt::join(window, " "));
  return fmt::format("{:016x}", XXH3_64bits(all.data(), all.size()));
}

// A placeholder of the same shape for a matrix that is not used again.
MatrixPtr without_payload(const Matrix& matrix) {
  return float_matrix(matrix.rows(), matrix.cols(), nullptr, nullptr);
}

// Quantizes the matrices of an input once the whole input was seen.
class MatrixQuantizer final : public LockstepTap {
 public:
  MatrixQuantizer(const ModelSource& source, const ConvertPlan& plan, const CalibrationText& text,
                  const KernelTable& kernels, ThreadPool& pool, QuantizedStore* store,
                  const ConvertProgress& progress)
      : source_(source),
        quantizer_(scale_quantizer(plan.scale)),
        kernels_(kernels),
        pool_(pool),
        store_(store),
        progress_(progress),
        tokens_(text.label.tokens) {
    for (const auto& tensor : plan.tensors) {
      if (!is_quantized_along_text(tensor)) continue;
      planned_[*tensor.linear].push_back(&tensor);
      total_ += 2 * weights_of(tensor);
    }
  }

  void begin(std::span<const LayerMatrix> matrices, std::size_t cols) override {
    result_.forward += watch_.lap();
    missing_.clear();
    weights_ = 0;
    for (const LayerMatrix& matrix : matrices) {
      for (const PlannedTensor* tensor : planned_of(matrix)) {
        weights_ += weights_of(*tensor);
        if (!stored(*tensor)) missing_.push_back(tensor);
      }
    }
    done_before_ = done_;
    if (!missing_.empty()) sum_.emplace(cols, kernels_, pool_);
  }

  void see(const LockstepInput& input) override {
    result_.forward += watch_.lap();
    if (sum_) sum_->add(input.x, input.tokens);
    result_.moments += watch_.lap();
    seen_ += input.tokens;
    report(done_before_ +
           static_cast<std::uint64_t>(static_cast<double>(weights_) * static_cast<double>(seen_) /
                                      static_cast<double>(tokens_)));
  }

  void end(std::span<const LayerMatrix> matrices) override {
    result_.forward += watch_.lap();
    seen_ = 0;
    done_ = done_before_ + weights_;
    if (sum_) quantize_missing();
    for (const LayerMatrix& matrix : matrices) {
      for (const PlannedTensor* tensor : planned_of(matrix)) put_into_model(matrix, *tensor);
    }
    done_ = done_before_ + 2 * weights_;
    report(done_);
    result_.quantizing += watch_.lap();
  }

  void leave(std::span<const LayerMatrix> matrices) override {
    for (const LayerMatrix& matrix : matrices) {
      if (planned_of(matrix).empty()) continue;
      matrix.linear->weights = without_payload(*matrix.linear->weights);
    }
  }

  CalibratedTensors result() && { return std::move(result_); }

 private:
  std::span<const PlannedTensor* const> planned_of(const LayerMatrix& matrix) const {
    const auto found = planned_.find(matrix.id);
    if (found == planned_.end()) return {};
    return found->second;
  }

  bool stored(const PlannedTensor& tensor) const {
    return store_ != nullptr && store_->tensors().contains(tensor.name);
  }

  void report(std::uint64_t done) const {
    if (progress_) progress_(done, total_);
  }

  void quantize_missing() {
    CalibratedInput input(sum_->finish(), kernels_, pool_);
    sum_.reset();
    result_.moments += watch_.lap();
    const InputMoments moments{input.moments().tokens, input.moments().diagonal()};
    // Without a factor, moments that are not finite would spoil the scales.
    const bool usable = std::all_of(moments.diagonal.begin(), moments.diagonal.end(),
                                    [](double v) { return std::isfinite(v); });
    for (const PlannedTensor* tensor : missing_) {
      const QuantizeRequest request{tensor->name,
                                    format_spec(tensor->shape.format),
                                    tensor->shape.rows,
                                    tensor->shape.cols,
                                    tensor->shape.group,
                                    usable ? &moments : nullptr,
                                    &input,
                                    tensor->shape.trellis.rotation};
      auto quantized = std::make_shared<QuantizedTensor>(
          quantize_tensor(source_, *tensor, quantizer_(request), pool_, [&](std::size_t rows) {
            done_ += rows * tensor->info.cols();
            report(done_);
          }));
      quantized->with_feedback = !input.lacks_factor();
      if (store_ != nullptr) store_->add(tensor->name, quantized);
      result_.tensors[tensor->name] = std::move(quantized);
    }
  }

  void put_into_model(const LayerMatrix& matrix, const PlannedTensor& tensor) {
    if (!result_.tensors.contains(tensor.name)) {
      result_.tensors[tensor.name] = store_->tensors().at(tensor.name);
      ++result_.resumed;
    }
    const auto& quantized = result_.tensors.at(tensor.name);
    if (!quantized->with_feedback) result_.without_feedback.push_back(tensor.name);
    matrix.linear->weights = as_matrix(tensor, quantized, pool_);
  }

  const ModelSource& source_;
  Quantizer quantizer_;
  const KernelTable& kernels_;
  ThreadPool& pool_;
  QuantizedStore* store_;
  const ConvertProgress& progress_;
  std::uint64_t tokens_;
  std::map<TensorId, std::vector<const PlannedTensor*>> planned_;  // by matrix
  std::vector<const PlannedTensor*> missing_;                      // of this input, to be quantized
  std::optional<SecondMomentsSum> sum_;                            // of this input
  std::uint64_t seen_ = 0;                                         // tokens of this input
  std::uint64_t weights_ = 0;                                      // of its quantized matrices
  // Progress: every weight counts once for the text and once for its code.
  std::uint64_t total_ = 0;
  std::uint64_t done_ = 0;
  std::uint64_t done_before_ = 0;  // this input
  CalibratedTensors result_;
  Stopwatch watch_;
};

}  // namespace

std::size_t widest_quantized_input(const ConvertPlan& plan) {
  std::size_t widest = 0;
  for (const auto& tensor : plan.tensors) {
    if (is_quantized_along_text(tensor)) widest = std::max(widest, tensor.info.cols());
  }
  return widest;
}

std::uint64_t calibration_memory_bytes(const OpenedModel& model, const ConvertPlan& plan,
                                       const CalibrationText& text, unsigned threads) {
  std::uint64_t codes = 0;
  // Dequantized trellis matrices, by layer; the output matrix is separate.
  std::map<std::size_t, std::uint64_t> floats;
  for (const auto& tensor : plan.tensors) {
    if (!is_quantized_along_text(tensor)) continue;
    codes += tensor.code_bytes + tensor.scale_bytes;
    if (!tensor.layout->has_trellis_code) continue;
    const bool output = *tensor.linear == kOutputId;
    floats[output ? model.config().layers.size() : tensor.linear->layer] +=
        weights_of(tensor) * sizeof(float);
  }
  std::uint64_t most_floats = 0;
  for (const auto& [layer, bytes] : floats) most_floats = std::max(most_floats, bytes);
  const std::size_t cols = widest_quantized_input(plan);
  // Per thread, of the rows it quantizes: weights, codes, errors and dequantized values.
  constexpr std::uint64_t kChunkBytes = std::uint64_t{16} << 20;
  return model.weights_bytes(kAllLayers, false) + lockstep_bytes(model.config(), text.windows) +
         second_moments_bytes(cols) + factor_bytes(cols) + codes + most_floats +
         threads * kChunkBytes;
}

CalibratedTensors quantize_along_text(const OpenedModel& opened, const ConvertPlan& plan,
                                      const CalibrationText& text, ThreadPool& pool,
                                      const CalibratedOptions& options,
                                      const ConvertProgress& progress) {
  require_memory(
      calibration_memory_bytes(opened, plan, text, pool.threads()),
      fmt::format("{}: calibrating on {} tokens", printable(opened.path()), text.label.tokens),
      AdviceKind::kFewerCalibrationTokens);
  const KernelTable& kernels = kernel_table(options.target.c_str());
  std::unique_ptr<QuantizedStore> store;
  if (!options.state.empty()) {
    store = std::make_unique<QuantizedStore>(
        options.state, state_key(plan, text, kernels, options.source_checksum), plan);
  }
  Model model = opened.weights();
  unpack_weights(model, pool);
  MatrixQuantizer quantizer(opened.source(), plan, text, kernels, pool, store.get(), progress);
  run_in_lockstep(model, kernels, pool, text.windows, quantizer);
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

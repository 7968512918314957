#include "convert/matrix_quantizer.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "base/error.h"
#include "convert/planned_rows.h"
#include "format/formats.h"
#include "model/model.h"

namespace cellm {
namespace {

// The moments of an input whose columns are in another order: column c is that at order.stored(c).
SecondMoments reordered(SecondMoments moments, const IndexMap& order) {
  if (order.is_identity()) return moments;
  SecondMoments result{moments.cols, moments.tokens, AlignedBuffer<double>(moments.values.size())};
  for (std::size_t row = 0; row < moments.cols; ++row) {
    for (std::size_t col = 0; col < moments.cols; ++col) {
      result.values[row * moments.cols + col] = moments.at(order.stored(row), order.stored(col));
    }
  }
  return result;
}

// Drops the weights of a matrix that is not used again.
void drop(Linear& linear) {
  linear.weights = float_matrix(linear.rows(), linear.cols(), nullptr, nullptr);
}

}  // namespace

bool is_quantized_along_text(const PlannedTensor& tensor) {
  return tensor.linear && is_coded(tensor);
}

MatrixQuantizer::MatrixQuantizer(const Request& request)
    : request_(request), quantizer_(scale_quantizer(request.plan.scale)) {
  CELLM_CHECK((request.targets == nullptr) == (request.reference == nullptr));
  for (const auto& tensor : request.plan.tensors) {
    if (!is_quantized_along_text(tensor)) continue;
    planned_[*tensor.linear].push_back(&tensor);
    total_ += 2 * weights_of(tensor);
  }
}

std::span<const PlannedTensor* const> MatrixQuantizer::planned_of(const LayerMatrix& matrix) const {
  const auto found = planned_.find(matrix.id);
  if (found == planned_.end()) return {};
  return found->second;
}

bool MatrixQuantizer::take_stored(const PlannedTensor& tensor) {
  if (request_.store == nullptr) return false;
  const auto found = request_.store->tensors().find(tensor.name);
  if (found == request_.store->tensors().end()) return false;
  if (result_.tensors.emplace(tensor.name, found->second).second) ++result_.resumed;
  return true;
}

bool MatrixQuantizer::resume(const PlannedTensor& tensor) {
  if (!take_stored(tensor)) return false;
  if (!is_quantized_along_text(tensor)) return true;
  if (!finished(tensor.name)->with_feedback) result_.without_feedback.push_back(tensor.name);
  done_ += 2 * weights_of(tensor);
  report();
  return true;
}

std::shared_ptr<const QuantizedTensor> MatrixQuantizer::finished(const std::string& name) const {
  const auto found = result_.tensors.find(name);
  return found == result_.tensors.end() ? nullptr : found->second;
}

void MatrixQuantizer::report(std::uint64_t done) const {
  if (request_.progress) request_.progress(done, total_);
}

void MatrixQuantizer::begin(std::span<const LayerMatrix> matrices, std::size_t cols) {
  result_.forward += watch_.lap();
  missing_.clear();
  weights_ = 0;
  for (const LayerMatrix& matrix : matrices) {
    for (const PlannedTensor* tensor : planned_of(matrix)) {
      if (finished(tensor->name) != nullptr) continue;  // counted when it was
      weights_ += weights_of(*tensor);
      if (!take_stored(*tensor)) missing_.push_back(tensor);
    }
  }
  done_before_ = done_;
  if (missing_.empty()) return;
  sum_.emplace(cols, request_.kernels, request_.pool);
  // The output matrix may be the embedding too, whose rows must stay what they are.
  if (request_.targets == nullptr || matrices.front().id == kOutputId) return;
  target_sum_.emplace(cols, request_.reference->config.hidden, request_.kernels, request_.pool);
}

void MatrixQuantizer::see(const LockstepInput& input) {
  result_.forward += watch_.lap();
  if (sum_) sum_->add(input.x, input.tokens);
  if (target_sum_) {
    target_sum_->add(input.tokens, input.x, input.reference_x, input.stream,
                     input.reference_stream);
  }
  result_.moments += watch_.lap();
  seen_ += input.tokens;
  report(done_before_ +
         static_cast<std::uint64_t>(static_cast<double>(weights_) * static_cast<double>(seen_) /
                                    static_cast<double>(request_.tokens)));
}

void MatrixQuantizer::end(std::span<const LayerMatrix> matrices) {
  result_.forward += watch_.lap();
  seen_ = 0;
  done_ = done_before_ + weights_;
  if (sum_) quantize_missing();
  for (const LayerMatrix& matrix : matrices) {
    for (const PlannedTensor* tensor : planned_of(matrix)) {
      const auto quantized = finished(tensor->name);
      if (weights_ != 0 && !quantized->with_feedback) {
        result_.without_feedback.push_back(tensor->name);
      }
      // No sequence is multiplied by the output matrix.
      if (matrix.id == kOutputId) continue;
      matrix.linear->weights = as_matrix(*tensor, quantized, request_.pool);
    }
  }
  done_ = done_before_ + 2 * weights_;
  report();
  result_.quantizing += watch_.lap();
}

void MatrixQuantizer::leave(std::span<const LayerMatrix> matrices) {
  for (const LayerMatrix& matrix : matrices) {
    if (request_.reference != nullptr) {
      drop(request_.reference->layers[matrix.id.layer].matrix(matrix.id.role));
    }
    if (!planned_of(matrix).empty()) drop(*matrix.linear);
  }
}

std::optional<TargetCorrection> MatrixQuantizer::correction(const SecondMoments& moments) {
  if (!target_sum_) return std::nullopt;
  TargetMoments sums = target_sum_->finish();
  target_sum_.reset();
  if (sums.empty()) return std::nullopt;
  std::optional<UpperFactor> factor = upper_factor(moments, kFeedbackDamping, request_.pool);
  if (!factor) return std::nullopt;
  return std::make_optional<TargetCorrection>(std::move(sums), *std::move(factor),
                                              *request_.targets, request_.kernels, request_.pool);
}

std::vector<float> MatrixQuantizer::targets_of(const PlannedTensor& tensor,
                                               const TargetCorrection& correction) {
  BadValueLog replaced(true);
  std::vector<float> weights(weights_of(tensor));
  const std::size_t cols = tensor.info.cols();
  request_.pool.parallel_for(
      tensor.info.rows(), std::max<std::size_t>(1, kChunkWeights / cols),
      [&](std::size_t begin, std::size_t end) {
        const auto rows = read_rows(request_.source, tensor, begin, end, replaced);
        std::copy(rows.begin(), rows.end(),
                  weights.begin() + static_cast<std::ptrdiff_t>(begin * cols));
      });
  weights = to_source_order(tensor, std::move(weights));
  const double change = correction.apply(weights);
  result_.targets.push_back({tensor.name, change});
  return to_file_order(tensor, std::move(weights));
}

void MatrixQuantizer::quantize_missing() {
  SecondMoments sums = sum_->finish();
  sum_.reset();
  result_.moments += watch_.lap();
  const std::optional<TargetCorrection> corrected = correction(sums);
  // Of one input, so that all of its matrices have their columns in the same order.
  CalibratedInput input(reordered(std::move(sums), missing_.front()->transform.columns.inverse()),
                        request_.kernels, request_.pool);
  const InputMoments moments{input.moments().tokens, input.moments().diagonal()};
  // Without a factor, moments that are not finite would spoil the scales.
  const bool usable = std::all_of(moments.diagonal.begin(), moments.diagonal.end(),
                                  [](double v) { return std::isfinite(v); });
  for (const PlannedTensor* tensor : missing_) {
    QuantizeRequest request = request_of(*tensor);
    request.inputs = usable ? &moments : nullptr;
    request.calibrated = &input;
    std::vector<float> targets;
    if (corrected) targets = targets_of(*tensor, *corrected);
    const TensorRows rows =
        corrected ? rows_in_memory(*tensor, targets) : rows_of_source(request_.source, *tensor);
    QuantizedTensor quantized =
        quantize_tensor(*tensor, rows, quantizer_(request), request_.pool, [&](std::size_t count) {
          done_ += count * tensor->info.cols();
          report();
        });
    quantized.with_feedback = !input.lacks_factor();
    keep(*tensor, std::move(quantized));
  }
}

void MatrixQuantizer::quantize_alone(const PlannedTensor& tensor) {
  keep(tensor, quantize_tensor(tensor, rows_of_source(request_.source, tensor),
                               quantizer_(request_of(tensor)), request_.pool,
                               [&](std::size_t /*rows*/) { report(); }));
  result_.quantizing += watch_.lap();
}

void MatrixQuantizer::keep(const PlannedTensor& tensor, QuantizedTensor&& quantized) {
  auto shared = std::make_shared<const QuantizedTensor>(std::move(quantized));
  if (request_.store != nullptr) request_.store->add(tensor.name, shared);
  result_.tensors[tensor.name] = std::move(shared);
}

}  // namespace cellm

#include "convert/quantized_parts.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/error.h"
#include "base/finite.h"
#include "convert/quantized_tensor.h"
#include "engine/lockstep.h"
#include "eval/row_score.h"
#include "model/model.h"

namespace cellm {
namespace {

using Windows = std::span<const std::vector<std::uint32_t>>;

// A token that predicts the next one of its window.
struct Prediction {
  std::size_t token;  // counted through all windows
  std::uint32_t next;
};

std::vector<Prediction> choose_predictions(Windows windows, std::size_t vocab) {
  std::vector<Prediction> all;
  std::size_t begin = 0;
  for (const auto& window : windows) {
    for (std::size_t i = 0; i + 1 < window.size(); ++i) all.push_back({begin + i, window[i + 1]});
    begin += window.size();
  }
  const std::size_t most = std::max<std::size_t>(1, kPartLogitBytes / (vocab * sizeof(float)));
  if (all.size() <= most) return all;
  std::vector<Prediction> spread;
  for (std::size_t i = 0; i < most; ++i) spread.push_back(all[i * all.size() / most]);
  return spread;
}

// Computes the logits of the predictions from the input of the output matrix.
class LogitsTap final : public LockstepTap {
 public:
  LogitsTap(const Compute& compute, std::span<const Prediction> predictions)
      : compute_(compute), predictions_(predictions) {}

  void begin(std::span<const LayerMatrix> matrices, std::size_t cols) override {
    output_ = matrices.front().id == kOutputId ? matrices.front().linear : nullptr;
    cols_ = cols;
  }
  void see(const LockstepInput& input) override {
    if (output_ == nullptr) return;
    while (next_ < predictions_.size() && predictions_[next_].token < seen_ + input.tokens) {
      const float* row = input.x + (predictions_[next_].token - seen_) * cols_;
      inputs_.insert(inputs_.end(), row, row + cols_);
      ++next_;
    }
    seen_ += input.tokens;
  }
  void end(std::span<const LayerMatrix> /*matrices*/) override {
    if (output_ == nullptr) return;
    logits.resize(next_ * output_->rows());
    apply(compute_, *output_, inputs_.data(), next_, logits.data());
  }

  std::vector<float> logits;  // (predictions, vocabulary)

 private:
  const Compute& compute_;
  std::span<const Prediction> predictions_;
  const Linear* output_ = nullptr;
  std::size_t cols_ = 0;
  std::size_t seen_ = 0;
  std::size_t next_ = 0;
  std::vector<float> inputs_;
};

// The matrices of the model that the tensor is: two for a tied embedding.
std::vector<Linear*> matrices_of(Model& model, const PlannedTensor& tensor) {
  std::vector<Linear*> matrices;
  if (is_embedding(tensor)) matrices.push_back(&model.embedding);
  if (tensor.linear == kOutputId) matrices.push_back(&model.lm_head);
  if (!matrices.empty()) return matrices;
  CELLM_CHECK(tensor.linear);
  return {&model.layers[tensor.linear->layer].matrix(tensor.linear->role)};
}

// The first layer whose result changes if the part is quantized; for the output matrix, which
// follows all layers, the last one.
std::size_t first_layer(const QuantizedPart& part, std::size_t layers) {
  std::size_t first = layers - 1;
  for (const PlannedTensor* tensor : part) {
    std::size_t layer = layers - 1;
    if (is_embedding(*tensor)) {
      layer = 0;
    } else if (tensor->linear != kOutputId) {
      CELLM_CHECK(tensor->linear);
      layer = tensor->linear->layer;
    }
    first = std::min(first, layer);
  }
  return first;
}

double mean_divergence(const KernelTable& kernels, ThreadPool& pool, std::span<const float> logits,
                       std::span<const float> reference, std::span<const Prediction> predictions) {
  std::vector<std::uint32_t> next;
  for (const Prediction& prediction : predictions) next.push_back(prediction.next);
  std::vector<RowScore> scores(next.size());
  score_rows(kernels, pool, logits, reference, logits.size() / next.size(), next, scores);
  double sum = 0.0;
  for (const RowScore& score : scores) sum += score.kld;
  return sum / static_cast<double>(scores.size());
}

}  // namespace

std::vector<double> measure_quantized_parts(
    const OpenedModel& opened, const QuantizedTensors& quantized,
    std::span<const QuantizedPart> parts, Windows windows, ThreadPool& pool,
    const std::string& target,
    const std::function<void(std::uint64_t done, std::uint64_t total)>& progress) {
  const KernelTable& kernels = kernel_table(target.c_str());
  Model model = opened.weights();
  unpack_weights(model, pool);
  const auto predictions = choose_predictions(windows, model.config.vocab_size);
  CELLM_CHECK(!predictions.empty());
  std::uint64_t tokens = 0;
  for (const auto& window : windows) tokens += window.size();

  ActivationScratch scratch;
  const Compute compute{kernels, pool, scratch};
  const auto run = [&](std::string_view what, const LockstepRange& range) {
    LogitsTap tap(compute, predictions);
    run_in_lockstep(model, kernels, pool, windows, tap, range);
    if (!all_finite(tap.logits)) {
      throw data_error("{}: {} gives no finite logits", printable(opened.path()), what);
    }
    return std::move(tap.logits);
  };
  std::vector<ResidualStreams> streams;  // before each layer, as long as nothing is quantized
  const std::vector<float> reference = run("the model", {0, nullptr, &streams});
  std::vector<double> result;
  for (const QuantizedPart& part : parts) {
    std::vector<std::pair<Linear*, MatrixPtr>> replaced;
    for (const PlannedTensor* tensor : part) {
      const MatrixPtr matrix = as_matrix(*tensor, quantized.at(tensor->name), pool);
      for (Linear* linear : matrices_of(model, *tensor)) {
        replaced.emplace_back(linear, std::exchange(linear->weights, matrix));
      }
    }
    const std::size_t first = first_layer(part, streams.size());
    const LockstepRange range{first, first == 0 ? nullptr : &streams[first], nullptr};
    const std::vector<float> logits = run(part.front()->name + " in this format", range);
    result.push_back(mean_divergence(kernels, pool, logits, reference, predictions));
    for (auto& [linear, weights] : replaced) linear->weights = std::move(weights);
    if (progress) progress(result.size() * tokens, parts.size() * tokens);
  }
  return result;
}

std::uint64_t quantized_parts_bytes(const OpenedModel& opened, std::span<const QuantizedPart> parts,
                                    Windows windows) {
  const ModelConfig& config = opened.config();
  std::uint64_t largest_part = 0;
  for (const QuantizedPart& part : parts) {
    std::uint64_t weights = 0;
    for (const PlannedTensor* tensor : part) weights += tensor->info.rows() * tensor->info.cols();
    largest_part = std::max(largest_part, weights * sizeof(float));
  }
  std::uint64_t tokens = 0;
  for (const auto& window : windows) tokens += window.size();
  const std::uint64_t logits =
      choose_predictions(windows, config.vocab_size).size() * config.vocab_size * sizeof(float);
  return opened.weights_bytes(kAllLayers, false) + lockstep_bytes(config, windows) + largest_part +
         2 * logits + config.layers.size() * tokens * config.hidden * sizeof(float);
}

}  // namespace cellm

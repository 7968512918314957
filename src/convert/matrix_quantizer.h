// Quantization of a model's matrices along a text, each once the whole of its input was seen.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/stopwatch.h"
#include "convert/calibrated_conversion.h"
#include "convert/convert.h"
#include "convert/quantized_store.h"
#include "engine/lockstep.h"
#include "quantize/calibrated_input.h"
#include "quantize/corrected_targets.h"
#include "quantize/second_moments.h"

namespace cellm {

// Whether quantize_along_text() quantizes the tensor for its input.
bool is_quantized_along_text(const PlannedTensor& tensor);

// The tap of quantize_along_text(). Not thread-safe; uses the pool.
class MatrixQuantizer final : public LockstepTap {
 public:
  struct Request {
    const ModelSource& source;
    const ConvertPlan& plan;
    std::uint64_t tokens = 0;  // of the text
    const KernelTable& kernels;
    ThreadPool& pool;
    QuantizedStore* store = nullptr;  // null: no state
    const ConvertProgress& progress;
    // With a reference model in the run: the correction of the targets, and that model, whose
    // matrices are dropped after their layer. Null: the matrices' own weights.
    const TargetFactors* targets = nullptr;
    Model* reference = nullptr;
  };
  explicit MatrixQuantizer(const Request& request);

  void begin(std::span<const LayerMatrix> matrices, std::size_t cols) override;
  void see(const LockstepInput& input) override;
  void end(std::span<const LayerMatrix> matrices) override;
  void leave(std::span<const LayerMatrix> matrices) override;

  // Takes a tensor's codes over from the state, if they are there.
  bool resume(const PlannedTensor& tensor);
  // Quantizes a tensor without input moments.
  void quantize_alone(const PlannedTensor& tensor);
  // A finished tensor; null if it is not finished.
  std::shared_ptr<const QuantizedTensor> finished(const std::string& name) const;

  // Calls the progress as it stands.
  void report() const { report(done_); }

  CalibratedTensors result() && { return std::move(result_); }

 private:
  std::span<const PlannedTensor* const> planned_of(const LayerMatrix& matrix) const;
  bool take_stored(const PlannedTensor& tensor);
  void report(std::uint64_t done) const;
  void quantize_missing();
  void keep(const PlannedTensor& tensor, QuantizedTensor&& quantized);
  std::optional<TargetCorrection> correction(const SecondMoments& moments);
  // The values to quantize in place of a tensor's weights, (rows, cols) in the order of the file.
  std::vector<float> targets_of(const PlannedTensor& tensor, const TargetCorrection& correction);

  Request request_;
  Quantizer quantizer_;
  std::map<TensorId, std::vector<const PlannedTensor*>> planned_;  // by matrix
  std::vector<const PlannedTensor*> missing_;                      // of this input, to be quantized
  std::optional<SecondMomentsSum> sum_;                            // of this input
  std::optional<TargetMomentsSum> target_sum_;                     // likewise
  std::uint64_t seen_ = 0;                                         // tokens of this input
  std::uint64_t weights_ = 0;                                      // of its quantized matrices
  // Progress: every weight counts once for the text and once for its code.
  std::uint64_t total_ = 0;
  std::uint64_t done_ = 0;
  std::uint64_t done_before_ = 0;  // this input
  CalibratedTensors result_;
  Stopwatch watch_;
};

}  // namespace cellm

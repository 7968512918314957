#include "quantize/quantize_blocks.h"

#include <array>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.h"
#include "format/half.h"
#include "quantize/block_search.h"
#include "quantize/feedback.h"
#include "quantize/quantize_mse.h"

namespace cellm {
namespace {

constexpr std::size_t kMaxGroupColumns = 32;
constexpr std::size_t kLanes = 4;  // sums that are added up side by side
// Steps of a group's scale that are tried on either side.
constexpr int kScaleSteps = 3;

const BlockCoding& coding_of(const QuantizeRequest& request) {
  const BlockCoding* coding = find_block_coding(request.format.id);
  CELLM_CHECK(coding != nullptr);
  return *coding;
}

// Quantizes blocks of rows of one tensor.
class BlockQuantizer {
 public:
  explicit BlockQuantizer(const QuantizeRequest& request)
      : search_(coding_of(request)),
        kernels_(request.calibrated == nullptr ? kernel_table() : request.calibrated->kernels()),
        cols_(request.cols),
        row_bytes_(request.format.row_bytes(request.cols)) {
    CELLM_CHECK(cols_ % search_.coding().columns == 0);
    CELLM_CHECK(search_.coding().group <= kMaxGroupColumns);
    if (request.inputs != nullptr) importance_ = column_importance(*request.inputs);
    if (request.calibrated != nullptr) factor_ = request.calibrated->factor(1);
    if (factor_ != nullptr && importance_.empty()) importance_.assign(cols_, 1.0F);
  }

  void operator()(const RowBlock& block) const {
    const std::size_t blocks = cols_ / search_.coding().columns;
    std::vector<BlockNumbers> numbers(block.count * blocks);
    std::vector<std::uint8_t> codes(block.count * cols_);
    if (factor_ == nullptr) {
      code_rows(block, numbers.data(), codes.data());
    } else {
      code_columns(block, numbers.data(), codes.data());
    }
    const std::size_t bytes = row_bytes_ / blocks;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      numbers[i].codes = codes.data() + i * search_.coding().columns;
      search_.coding().pack(numbers[i], block.codes + i * bytes);
    }
  }

 private:
  const float* importance(std::size_t col) const {
    return importance_.empty() ? nullptr : importance_.data() + col;
  }

  void code_rows(const RowBlock& block, BlockNumbers* numbers, std::uint8_t* codes) const {
    const BlockCoding& coding = search_.coding();
    for (std::size_t at = 0; at < block.count * cols_; at += coding.columns) {
      BlockNumbers& now = numbers[at / coding.columns];
      search_.choose(block.weights + at, importance(at % cols_), now);
      for (std::size_t i = 0; i < coding.columns; ++i) {
        codes[at + i] =
            search_.nearest(block.weights[at + i], group_step(coding, now, i / coding.group));
      }
    }
  }

  // The cost of a group's errors with this step, if its columns were quantized now, each with the
  // errors of those before it: Σ (target − value)² R_kk √H_kk. R_kk² is the cost if the columns
  // behind make up for all they can, H_kk if for nothing; measured, their mean is better than R_kk²
  // (docs/log/2026-11-30-gguf-out.md). `targets` are those under the assumption that the columns of
  // the group cause no errors.
  double feedback_loss(const float* targets, std::size_t col, const GroupStep& step) const {
    const BlockCoding& coding = search_.coding();
    std::array<float, kMaxGroupColumns> errors;
    double loss = 0.0;
    for (std::size_t k = 0; k < coding.group; ++k) {
      const float* feedback = factor_->feedback.data() + (col + k) * cols_ + col;
      std::array<float, kLanes> sums{};
      for (std::size_t j = 0; j < k; ++j) sums[j % kLanes] += errors[j] * feedback[j];
      const float target = targets[k] + ((sums[0] + sums[1]) + (sums[2] + sums[3]));
      const auto level = static_cast<float>(coding.levels[search_.nearest(target, step)]);
      const float value = step.step * level + step.offset;
      errors[k] = targets[k] - value;
      const auto rest = static_cast<double>(target - value);
      loss += rest * rest * factor_->diagonal[col + k] *
              std::sqrt(static_cast<double>(importance_[col + k]));
    }
    return loss;
  }

  // Tries numbers of a group next to those given, and keeps the ones whose errors cost least.
  void refine(const float* targets, std::size_t col, std::size_t g, BlockNumbers& numbers) const {
    const BlockCoding& coding = search_.coding();
    const BlockNumbers start = numbers;
    double least = feedback_loss(targets, col, group_step(coding, numbers, g));
    const auto look_at = [&](const BlockNumbers& tried) {
      const double loss = feedback_loss(targets, col, group_step(coding, tried, g));
      if (!(loss < least)) return;
      least = loss;
      numbers = tried;
    };
    const int offsets = coding.has_minimum() ? 1 : 0;
    for (int s = -kScaleSteps; s <= kScaleSteps; ++s) {
      for (int o = -offsets; o <= offsets; ++o) {
        if (s == 0 && o == 0) continue;
        if (const auto tried = moved(start, g, s, o)) look_at(*tried);
      }
    }
  }

  // The numbers with the step of a group moved by `s` and its offset by `o` small steps; nothing
  // beyond their range.
  std::optional<BlockNumbers> moved(BlockNumbers numbers, std::size_t g, int s, int o) const {
    const BlockCoding& coding = search_.coding();
    if (coding.is_one_group()) {
      // The outermost level moves by a third of a level.
      const float part = 2.0F / 3.0F / static_cast<float>(coding.levels.size());
      const float scale = f16_to_f32(numbers.scale);
      numbers.scale = f32_to_f16(scale * (1.0F + part * static_cast<float>(s)));
      numbers.minimum =
          f32_to_f16(f16_to_f32(numbers.minimum) + 0.25F * scale * static_cast<float>(o));
      return numbers;
    }
    const int multiplier = numbers.multipliers[g] + s;
    const int minimum = numbers.minima[g] + o;
    if (multiplier < coding.least_multiplier || multiplier > coding.greatest_multiplier ||
        minimum < 0 || minimum > coding.greatest_minimum) {
      return std::nullopt;
    }
    numbers.multipliers[g] = static_cast<std::int8_t>(multiplier);
    numbers.minima[g] = static_cast<std::uint8_t>(minimum);
    return numbers;
  }

  void code_columns(const RowBlock& block, BlockNumbers* numbers, std::uint8_t* codes) const {
    const BlockCoding& coding = search_.coding();
    const std::size_t rows = block.count;
    const std::size_t blocks = cols_ / coding.columns;
    std::vector<float> quantized(rows * cols_);
    std::vector<GroupStep> steps(rows);  // of the group that is being quantized
    const auto numbers_of = [&](std::size_t row, std::size_t col) -> BlockNumbers& {
      return numbers[row * blocks + col / coding.columns];
    };
    const auto enter_block = [&](const ColumnGroup& group) {
      for (std::size_t r = 0; r < rows; ++r) {
        search_.choose(group.targets + r * group.width, importance(group.begin),
                       numbers_of(r, group.begin));
      }
    };
    const auto enter_group = [&](const ColumnGroup& group) {
      const std::size_t g = group.begin % coding.columns / coding.group;
      for (std::size_t r = 0; r < rows; ++r) {
        const float* targets = group.targets + r * group.width;
        BlockNumbers& now = numbers_of(r, group.begin);
        if (g != 0) search_.choose_multiples(targets, importance(group.begin), g, now);
        refine(targets, group.begin, g, now);
        steps[r] = group_step(coding, now, g);
      }
    };
    const auto code = [&](const ColumnBlock& column) {
      for (std::size_t r = 0; r < rows; ++r) {
        const std::uint8_t chosen = search_.nearest(column.targets[r], steps[r]);
        codes[r * cols_ + column.begin] = chosen;
        column.quantized[r] =
            steps[r].step * static_cast<float>(coding.levels[chosen]) + steps[r].offset;
      }
    };
    quantize_columns(*factor_, kernels_, rows, block.weights, code,
                     {coding.columns, enter_block, coding.group, enter_group}, quantized.data(),
                     nullptr);
  }

  BlockSearch search_;
  const KernelTable& kernels_;
  std::shared_ptr<const FeedbackFactor> factor_;  // null without feedback
  std::size_t cols_;
  std::size_t row_bytes_;
  std::vector<float> importance_;  // empty: all 1
};

}  // namespace

TensorQuantizer block_quantizer(const QuantizeRequest& request) {
  return {1, BlockQuantizer(request)};
}

}  // namespace cellm

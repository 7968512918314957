#include "engine/lockstep.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "engine/sequence.h"
#include "model/pass.h"

namespace cellm {
namespace {

constexpr KvEncoding kExact = KvEncoding::kF32;
constexpr std::size_t kTokensPerBlock = 16;

// The widest input of a layer's matrices.
std::size_t widest_input(const ModelConfig& config) {
  std::size_t widest = config.hidden;
  for (const LayerSpec& layer : config.layers) {
    for (const Step& step : layer_steps(layer)) {
      if (step.operation != &kMultiply) continue;
      widest = std::max(widest, slot_width(config, layer, step.in.front()));
    }
  }
  return widest;
}

// The steps of a layer between two stops.
struct Stretch {
  std::span<const Step> steps;
  std::optional<Slot> input;   // that all batches stopped at before; nothing at the layer's start
  const Step* next = nullptr;  // the products of the next stop; null at the layer's end
  Slot stream_before;
  Slot stream_after;
};

// Stops are at each input of products.
std::vector<Stretch> stretches(std::span<const Step> steps) {
  std::vector<Stretch> result;
  std::size_t begin = 0;
  std::optional<Slot> input;
  Slot before = Slot::kInput;
  Slot after = Slot::kInput;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].operation == &kAddResidual) after = steps[i].out.front();
    if (steps[i].operation != &kMultiply) continue;
    result.push_back({steps.subspan(begin, i - begin), input, &steps[i], before, after});
    begin = i;
    input = steps[i].in.front();
    before = after;
  }
  result.push_back({steps.subspan(begin), input, nullptr, before, after});
  return result;
}

class Lockstep {
 public:
  Lockstep(Model& model, const KernelTable& kernels, ThreadPool& pool,
           std::span<const std::vector<std::uint32_t>> sequences, LockstepTap& tap)
      : model_(model),
        tap_(tap),
        compute_{kernels, pool, scratch_},
        work_(model.config),
        state_(empty_state(model.config, kExact, kTokensPerBlock)),
        width_(widest_input(model.config)) {
    std::size_t total = 0;
    for (const auto& tokens : sequences) total += tokens.size();
    parts_.reserve(total);  // so that passes can point to them
    for (const auto& tokens : sequences) {
      for (std::size_t begin = 0; begin < tokens.size(); begin += kMaxBatchTokens) {
        const std::size_t count = std::min(kMaxBatchTokens, tokens.size() - begin);
        state_.position = begin;
        parts_.push_back({std::span(tokens).subspan(begin, count), &state_});
        batches_.push_back({begin, begin_pass(compute_, model, {&parts_.back(), 1})});
        batches_.back().pass.slots = work_.slots(model.config, count);
      }
    }
    hidden_ = AlignedBuffer<float>(total * model.config.hidden);
    inputs_ = AlignedBuffer<float>(total * width_);
  }

  void run(const LockstepRange& range) {
    if (range.start != nullptr) {
      CELLM_CHECK(range.start->size() == hidden_.size());
      std::copy_n(range.start->data(), hidden_.size(), hidden_.data());
    } else {
      CELLM_CHECK(range.first_layer == 0);
      for_each_batch([&](Batch& batch, float* hidden, float* /*input*/) {
        embed(batch.pass, model_, hidden);
      });
    }
    for (std::size_t i = range.first_layer; i < model_.layers.size(); ++i) {
      if (range.kept != nullptr) {
        range.kept->emplace_back(hidden_.data(), hidden_.data() + hidden_.size());
      }
      run_layer(i);
    }
    const LayerMatrix output{kOutputId, &model_.lm_head};
    show({&output, 1}, [&](Batch& batch, float* hidden, float* /*input*/) -> const float* {
      normalize_output(batch.pass, model_, hidden, work_.hidden.data());
      return work_.hidden.data();
    });
  }

 private:
  struct Batch {
    std::size_t position;  // of its first token in its sequence
    Pass pass;
  };

  // Calls visit(batch, its residual stream, its input of matrices) with what is kept of it.
  template <class Visit>
  void for_each_batch(Visit&& visit) {
    std::size_t token = 0;
    for (Batch& batch : batches_) {
      visit(batch, hidden_.data() + token * model_.config.hidden, inputs_.data() + token * width_);
      token += batch.pass.tokens;
    }
  }

  // Passes the result of advance(batch, hidden, input), the input of matrices, to the tap for each
  // batch.
  template <class Advance>
  void show(std::span<const LayerMatrix> matrices, Advance&& advance) {
    tap_.begin(matrices, matrices.front().linear->cols());
    for_each_batch([&](Batch& batch, float* hidden, float* input) {
      tap_.see(advance(batch, hidden, input), batch.pass.tokens);
    });
    tap_.end(matrices);
  }

  void run_layer(std::size_t index) {
    const Layer& layer = model_.layers[index];
    std::vector<std::vector<LayerMatrix>> passed;
    for (const Stretch& stretch : stretches(layer.steps)) {
      const auto advance = [&](Batch& batch, float* hidden, float* input) {
        return run_stretch(stretch, {batch.pass, layer, index}, batch.position, hidden, input);
      };
      if (stretch.next != nullptr) {
        passed.push_back(matrices_of(*stretch.next, index));
        show(passed.back(), advance);
      } else {
        for_each_batch(advance);
      }
    }
    state_.layers[index] = empty_layer_state(model_.config, index, kExact, kTokensPerBlock);
    for (const auto& matrices : passed) tap_.leave(matrices);
  }

  // Live at a stop are the residual stream and the input of the products. Returns the latter.
  const float* run_stretch(const Stretch& stretch, const LayerRun& run, std::size_t position,
                           float* hidden, float* input) {
    std::copy_n(hidden, run.size(stretch.stream_before), run.at(stretch.stream_before));
    if (stretch.input) std::copy_n(input, run.size(*stretch.input), run.at(*stretch.input));
    const bool advances = std::any_of(stretch.steps.begin(), stretch.steps.end(),
                                      [](const Step& s) { return s.operation->advances_state; });
    if (advances && position == 0) {
      state_.layers[run.index] =
          empty_layer_state(model_.config, run.index, kExact, kTokensPerBlock);
    }
    state_.position = position;
    run_steps(run, stretch.steps);
    std::copy_n(run.at(stretch.stream_after), run.size(stretch.stream_after), hidden);
    if (stretch.next == nullptr) return nullptr;
    const Slot next = stretch.next->in.front();
    std::copy_n(run.at(next), run.size(next), input);
    return input;
  }

  std::vector<LayerMatrix> matrices_of(const Step& step, std::size_t index) {
    std::vector<LayerMatrix> matrices;
    for (const TensorRole role : step.weights) {
      matrices.push_back({{index, role}, &model_.layers[index].matrix(role)});
    }
    return matrices;
  }

  Model& model_;
  LockstepTap& tap_;
  ActivationScratch scratch_;
  Compute compute_;
  Workspace work_;
  SequenceState state_;  // of the current sequence and layer
  std::size_t width_;
  std::vector<Part> parts_;
  std::vector<Batch> batches_;
  AlignedBuffer<float> hidden_;  // (tokens, hidden): the residual streams
  AlignedBuffer<float> inputs_;  // what the tap saw last; a batch of n tokens has n · width_ floats
};

}  // namespace

std::uint64_t lockstep_bytes(const ModelConfig& config,
                             std::span<const std::vector<std::uint32_t>> sequences) {
  std::uint64_t tokens = 0;
  std::size_t longest = 0;
  for (const auto& sequence : sequences) {
    tokens += sequence.size();
    longest = std::max(longest, sequence.size());
  }
  const std::uint64_t batch = kMaxBatchTokens;
  return sizeof(float) * (tokens * (config.hidden + widest_input(config)) +
                          batch * (2 * config.hidden + 4 * widest_activation(config))) +
         state_bytes(config, kExact, kTokensPerBlock, longest);
}

void run_in_lockstep(Model& model, const KernelTable& kernels, ThreadPool& pool,
                     std::span<const std::vector<std::uint32_t>> sequences, LockstepTap& tap,
                     const LockstepRange& range) {
  for (const auto& tokens : sequences) {
    require_fit(model.config, tokens, 0, model.config.max_positions);
  }
  Lockstep(model, kernels, pool, sequences, tap).run(range);
}

}  // namespace cellm

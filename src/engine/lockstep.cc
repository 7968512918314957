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

// The steps of a layer between two stops, which are at each input of products.
struct Stretch {
  std::span<const Step> steps;
  std::optional<Slot> input;   // that all batches stopped at before; nothing at the layer's start
  const Step* next = nullptr;  // the products of the next stop; null at the layer's end
  Slot stream_before = Slot::kInput;
  Slot stream_after = Slot::kInput;
  bool is_added = false;  // whether the product of `next` is added to the residual stream as it is
  // For a model whose weights do not change, so that only its stream is kept: the slot of the last
  // stream, the steps from there to the stop, and those on to the next stream, if no other stop is
  // between.
  Slot last_stream = Slot::kInput;
  std::span<const Step> from_stream;
  std::span<const Step> to_stream;
};

// The index of the next step of this kind from `begin` on; that of the end if there is none.
std::size_t find_step(std::span<const Step> steps, std::size_t begin, const Operation& operation) {
  while (begin < steps.size() && steps[begin].operation != &operation) ++begin;
  return begin;
}

std::vector<Stretch> stretches(std::span<const Step> steps) {
  std::vector<Stretch> result;
  Stretch now;
  std::size_t begin = 0;
  std::size_t stream = 0;  // the step after `last_stream`
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].operation == &kAddResidual) now.stream_after = steps[i].out.front();
    if (steps[i].operation != &kMultiply) continue;
    now.steps = steps.subspan(begin, i - begin);
    now.next = &steps[i];
    now.from_stream = steps.subspan(stream, i - stream);
    now.to_stream = {};
    now.is_added = false;
    const std::size_t add = find_step(steps, i, kAddResidual);
    if (add < find_step(steps, i + 1, kMultiply)) {
      now.to_stream = steps.subspan(i, add + 1 - i);
      now.is_added = steps[i].out.size() == 1 && steps[add].in.back() == steps[i].out.front();
    }
    result.push_back(now);
    if (!now.to_stream.empty()) {
      stream = add + 1;
      now.last_stream = steps[add].out.front();
    }
    begin = i;
    now.input = steps[i].in.front();
    now.stream_before = now.stream_after;
  }
  now.steps = steps.subspan(begin);
  now.next = nullptr;
  now.from_stream = steps.subspan(stream);
  now.to_stream = {};
  now.is_added = false;
  result.push_back(now);
  return result;
}

// One model's passes over the sequences, and their residual streams.
class Streams {
 public:
  Streams(const Model& model, const Compute& compute,
          std::span<const std::vector<std::uint32_t>> sequences)
      : model_(model),
        work_(model.config),
        state_(empty_state(model.config, kExact, kTokensPerBlock)) {
    std::size_t total = 0;
    for (const auto& tokens : sequences) total += tokens.size();
    parts_.reserve(total);  // so that passes can point to them
    std::size_t first = 0;
    for (const auto& tokens : sequences) {
      for (std::size_t begin = 0; begin < tokens.size(); begin += kMaxBatchTokens) {
        const std::size_t count = std::min(kMaxBatchTokens, tokens.size() - begin);
        state_.position = begin;
        parts_.push_back({std::span(tokens).subspan(begin, count), &state_});
        batches_.push_back({begin, first, begin_pass(compute, model, {&parts_.back(), 1})});
        batches_.back().pass.slots = work_.slots(model.config, count);
        first += count;
      }
    }
    hidden_ = AlignedBuffer<float>(total * model.config.hidden);
  }
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;

  std::size_t batches() const { return batches_.size(); }
  std::size_t tokens(std::size_t batch) const { return batches_[batch].pass.tokens; }
  std::size_t first_token(std::size_t batch) const { return batches_[batch].first_token; }
  LayerRun run(std::size_t batch, std::size_t layer) const {
    return {batches_[batch].pass, model_.layers[layer], layer};
  }

  std::span<float> all() { return hidden_.span(); }
  float* stream(std::size_t batch) {
    return hidden_.data() + batches_[batch].first_token * model_.config.hidden;
  }
  void embed_all() {
    for (std::size_t b = 0; b < batches(); ++b) embed(batches_[b].pass, model_, stream(b));
  }
  // The input of the output matrix, valid until the next call.
  const float* normed(std::size_t batch) {
    normalize_output(batches_[batch].pass, model_, stream(batch), work_.hidden.data());
    return work_.hidden.data();
  }

  void take_stream(std::size_t batch, const LayerRun& run, Slot slot) {
    std::copy_n(stream(batch), run.size(slot), run.at(slot));
  }
  void keep_stream(std::size_t batch, const LayerRun& run, Slot slot) {
    std::copy_n(run.at(slot), run.size(slot), stream(batch));
  }
  void run_batch(std::size_t batch, const LayerRun& run, std::span<const Step> steps) {
    const std::size_t position = batches_[batch].position;
    const bool advances = std::any_of(steps.begin(), steps.end(),
                                      [](const Step& s) { return s.operation->advances_state; });
    if (advances && position == 0) forget_state(run.index);
    state_.position = position;
    run_steps(run, steps);
  }
  void forget_state(std::size_t layer) {
    state_.layers[layer] = empty_layer_state(model_.config, layer, kExact, kTokensPerBlock);
  }

 private:
  struct Batch {
    std::size_t position;     // of its first token in its sequence
    std::size_t first_token;  // counted through all sequences
    Pass pass;
  };

  const Model& model_;
  Workspace work_;
  SequenceState state_;  // of the current sequence and layer
  std::vector<Part> parts_;
  std::vector<Batch> batches_;
  AlignedBuffer<float> hidden_;  // (tokens, hidden): the residual streams
};

class Lockstep {
 public:
  Lockstep(Model& model, const Model* reference, const KernelTable& kernels, ThreadPool& pool,
           std::span<const std::vector<std::uint32_t>> sequences, LockstepTap& tap)
      : model_(model),
        tap_(tap),
        compute_{kernels, pool, scratch_},
        streams_(model, compute_, sequences),
        width_(widest_input(model.config)) {
    if (reference != nullptr) reference_.emplace(*reference, compute_, sequences);
    inputs_ = AlignedBuffer<float>(streams_.all().size() / model.config.hidden * width_);
  }

  void run(const LockstepRange& range) {
    if (range.start != nullptr) {
      CELLM_CHECK(range.start->size() == streams_.all().size() && !reference_);
      std::copy_n(range.start->data(), range.start->size(), streams_.all().data());
    } else {
      CELLM_CHECK(range.first_layer == 0);
      streams_.embed_all();
      if (reference_) reference_->embed_all();
    }
    for (std::size_t i = range.first_layer; i < model_.layers.size(); ++i) {
      if (range.kept != nullptr) {
        range.kept->emplace_back(streams_.all().begin(), streams_.all().end());
      }
      run_layer(i);
    }
    const LayerMatrix output{kOutputId, &model_.lm_head};
    tap_.begin({&output, 1}, model_.lm_head.cols());
    for (std::size_t b = 0; b < streams_.batches(); ++b) {
      LockstepInput input{.tokens = streams_.tokens(b), .x = streams_.normed(b)};
      if (reference_) input.reference_x = reference_->normed(b);
      tap_.see(input);
    }
    tap_.end({&output, 1});
  }

 private:
  void run_layer(std::size_t index) {
    const std::span<const Step> all(model_.layers[index].steps);
    std::vector<std::vector<LayerMatrix>> passed;
    for (const Stretch& stretch : stretches(all)) {
      if (stretch.next != nullptr) {
        passed.push_back(matrices_of(*stretch.next, index));
        show(passed.back(), stretch, index);
        continue;
      }
      for (std::size_t b = 0; b < streams_.batches(); ++b) {
        run_stretch(stretch, b, index);
        if (reference_) finish_reference(stretch, b, index);
      }
    }
    streams_.forget_state(index);
    if (reference_) reference_->forget_state(index);
    for (const auto& matrices : passed) tap_.leave(matrices);
  }

  // Passes the input of matrices to the tap, batch by batch.
  void show(std::span<const LayerMatrix> matrices, const Stretch& stretch, std::size_t index) {
    tap_.begin(matrices, matrices.front().linear->cols());
    for (std::size_t b = 0; b < streams_.batches(); ++b) {
      LockstepInput input{.tokens = streams_.tokens(b), .x = run_stretch(stretch, b, index)};
      if (reference_) {
        input.reference_x = run_reference(stretch, b, index);
        if (stretch.is_added) {
          input.stream = streams_.stream(b);
          input.reference_stream = reference_->stream(b);
        }
      }
      tap_.see(input);
      if (reference_) pass_reference(stretch.to_stream, b, index);
    }
    tap_.end(matrices);
  }

  // Live at a stop are the residual stream and the input of the products. Returns the latter.
  const float* run_stretch(const Stretch& stretch, std::size_t batch, std::size_t index) {
    const LayerRun run = streams_.run(batch, index);
    float* input = inputs_.data() + streams_.first_token(batch) * width_;
    streams_.take_stream(batch, run, stretch.stream_before);
    if (stretch.input) std::copy_n(input, run.size(*stretch.input), run.at(*stretch.input));
    streams_.run_batch(batch, run, stretch.steps);
    streams_.keep_stream(batch, run, stretch.stream_after);
    if (stretch.next == nullptr) return nullptr;
    const Slot next = stretch.next->in.front();
    std::copy_n(run.at(next), run.size(next), input);
    return input;
  }

  // The reference's input of the products, valid until its next step.
  const float* run_reference(const Stretch& stretch, std::size_t batch, std::size_t index) {
    const LayerRun run = reference_->run(batch, index);
    reference_->take_stream(batch, run, stretch.last_stream);
    reference_->run_batch(batch, run, stretch.from_stream);
    return run.at(stretch.next->in.front());
  }
  // Advances the reference's stream by steps that end with an addition to it, if there are any.
  void pass_reference(std::span<const Step> steps, std::size_t batch, std::size_t index) {
    if (steps.empty()) return;
    const LayerRun run = reference_->run(batch, index);
    reference_->run_batch(batch, run, steps);
    reference_->keep_stream(batch, run, steps.back().out.front());
  }
  // Advances the reference's stream to the layer's end.
  void finish_reference(const Stretch& stretch, std::size_t batch, std::size_t index) {
    if (stretch.from_stream.empty()) return;
    const LayerRun run = reference_->run(batch, index);
    reference_->take_stream(batch, run, stretch.last_stream);
    reference_->run_batch(batch, run, stretch.from_stream);
    reference_->keep_stream(batch, run, stretch.stream_after);
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
  Streams streams_;
  std::optional<Streams> reference_;
  std::size_t width_;
  AlignedBuffer<float> inputs_;  // what the tap saw last; a batch of n tokens has n · width_ floats
};

}  // namespace

std::uint64_t lockstep_bytes(const ModelConfig& config,
                             std::span<const std::vector<std::uint32_t>> sequences,
                             bool with_reference) {
  std::uint64_t tokens = 0;
  std::size_t longest = 0;
  for (const auto& sequence : sequences) {
    tokens += sequence.size();
    longest = std::max(longest, sequence.size());
  }
  const std::uint64_t batch = kMaxBatchTokens;
  const std::uint64_t streams =
      sizeof(float) *
          (tokens * config.hidden + batch * (2 * config.hidden + 4 * widest_activation(config))) +
      state_bytes(config, kExact, kTokensPerBlock, longest);
  return streams * (with_reference ? 2 : 1) + sizeof(float) * tokens * widest_input(config);
}

void run_in_lockstep(Model& model, const KernelTable& kernels, ThreadPool& pool,
                     std::span<const std::vector<std::uint32_t>> sequences, LockstepTap& tap,
                     const LockstepRange& range, const Model* reference) {
  for (const auto& tokens : sequences) {
    require_fit(model.config, tokens, 0, model.config.max_positions);
  }
  Lockstep(model, reference, kernels, pool, sequences, tap).run(range);
}

}  // namespace cellm

#include "engine/lockstep.h"

#include <algorithm>

#include "base/error.h"
#include "model/pass.h"
#include "model/visit.h"

namespace cellm {
namespace {

constexpr KvEncoding kExact = KvEncoding::kF32;
constexpr std::size_t kTokensPerBlock = 16;

// The widest input of a layer's matrices.
std::size_t widest_input(const ModelConfig& config) {
  std::size_t widest = std::max(config.hidden, config.intermediate);
  for (const MixerKind kind : config.layers) {
    const DeltaNetConfig& net = config.delta_net;
    widest = std::max(widest, kind == MixerKind::kAttention ? config.heads * config.head_dim
                                                            : net.value_heads * net.value_dim);
  }
  return widest;
}

// Collects the matrices with their names.
struct MatrixNames {
  std::vector<NamedMatrix> all;
  void matrix(const std::string& name, Linear& linear, std::size_t /*rows*/, std::size_t /*cols*/) {
    all.push_back({name, &linear});
  }
  void vector(const std::string& /*name*/, std::vector<float>& /*of*/,
              const std::vector<std::size_t>& /*shape*/, TensorRole /*role*/) {}
};

// The matrices of a layer by the input they share, in the order of the forward pass.
struct LayerMatrices {
  std::vector<NamedMatrix> mixer;
  std::vector<NamedMatrix> mixer_output;
  std::vector<NamedMatrix> feed_forward;
  std::vector<NamedMatrix> feed_forward_output;
};

class Lockstep {
 public:
  Lockstep(Model& model, const KernelTable& kernels, ThreadPool& pool,
           std::span<const std::vector<std::uint32_t>> sequences, LockstepTap& tap)
      : model_(model),
        tap_(tap),
        compute_{kernels, pool, scratch_},
        work_(model.config),
        state_(empty_state(model.config, kExact, kTokensPerBlock)),
        width_(widest_input(model.config)),
        names_(named_matrices(model)) {
    std::size_t total = 0;
    for (const auto& tokens : sequences) total += tokens.size();
    parts_.reserve(total);  // so that passes can point to them
    for (const auto& tokens : sequences) {
      for (std::size_t begin = 0; begin < tokens.size(); begin += kMaxBatchTokens) {
        const std::size_t count = std::min(kMaxBatchTokens, tokens.size() - begin);
        state_.position = begin;
        parts_.push_back({std::span(tokens).subspan(begin, count), &state_});
        batches_.push_back({begin, begin_pass(compute_, model, {&parts_.back(), 1}, work_)});
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
        embed(batch.pass, model_);
        keep(work_.hidden, hidden, batch, model_.config.hidden);
      });
    }
    for (std::size_t i = range.first_layer; i < model_.layers.size(); ++i) {
      if (range.kept != nullptr) {
        range.kept->emplace_back(hidden_.data(), hidden_.data() + hidden_.size());
      }
      run_layer(i);
    }
    const NamedMatrix output{kOutputMatrix, &model_.lm_head};
    show({&output, 1}, [&](Batch& batch, float* hidden, float* /*input*/) -> const float* {
      restore(hidden, work_.hidden, batch, model_.config.hidden);
      normalize(batch.pass, model_.final_norm, work_.hidden);
      return work_.hidden.data();
    });
  }

 private:
  struct Batch {
    std::size_t position;  // of its first token in its sequence
    Pass pass;
  };

  static void keep(const AlignedBuffer<float>& from, float* to, const Batch& batch,
                   std::size_t cols) {
    std::copy_n(from.data(), batch.pass.tokens * cols, to);
  }
  static void restore(const float* from, AlignedBuffer<float>& to, const Batch& batch,
                      std::size_t cols) {
    std::copy_n(from, batch.pass.tokens * cols, to.data());
  }

  // Calls visit(batch, its residual stream, its input of matrices) with what is kept of it.
  template <class Visit>
  void for_each_batch(Visit&& visit) {
    std::size_t token = 0;
    for (Batch& batch : batches_) {
      visit(batch, hidden_.data() + token * model_.config.hidden, inputs_.data() + token * width_);
      token += batch.pass.tokens;
    }
  }

  // Shows the tap what advance(batch, hidden, input) returns for each batch: the input of matrices.
  template <class Advance>
  void show(std::span<const NamedMatrix> matrices, Advance&& advance) {
    tap_.begin(matrices, matrices.front().linear->cols());
    for_each_batch([&](Batch& batch, float* hidden, float* input) {
      tap_.see(advance(batch, hidden, input), batch.pass.tokens);
    });
    tap_.end(matrices);
  }

  void run_layer(std::size_t index) {
    const Layer& layer = model_.layers[index];
    const LayerMatrices matrices = matrices_of(index);
    const std::size_t hidden_cols = model_.config.hidden;
    const std::size_t mixed_cols = output_matrix(layer).cols();
    const std::size_t gated_cols = layer.feed_forward.down_proj.cols();

    show(matrices.mixer, [&](Batch& batch, float* hidden, float* input) {
      restore(hidden, work_.hidden, batch, hidden_cols);
      normalize(batch.pass, layer.input_norm, work_.normed);
      keep(work_.normed, input, batch, hidden_cols);
      return input;
    });
    show(matrices.mixer_output, [&](Batch& batch, float* /*hidden*/, float* input) {
      restore(input, work_.normed, batch, hidden_cols);
      if (batch.position == 0) {
        state_.layers[index] = empty_layer_state(model_.config, index, kExact, kTokensPerBlock);
      }
      state_.position = batch.position;
      mix(batch.pass, layer, index);
      keep(work_.a, input, batch, mixed_cols);
      return input;
    });
    state_.layers[index] = empty_layer_state(model_.config, index, kExact, kTokensPerBlock);
    show(matrices.feed_forward, [&](Batch& batch, float* hidden, float* input) {
      restore(hidden, work_.hidden, batch, hidden_cols);
      restore(input, work_.a, batch, mixed_cols);
      add_product(batch.pass, output_matrix(layer));
      normalize(batch.pass, layer.post_norm, work_.normed);
      keep(work_.hidden, hidden, batch, hidden_cols);
      keep(work_.normed, input, batch, hidden_cols);
      return input;
    });
    show(matrices.feed_forward_output, [&](Batch& batch, float* /*hidden*/, float* input) {
      restore(input, work_.normed, batch, hidden_cols);
      gate(batch.pass, layer.feed_forward);
      keep(work_.a, input, batch, gated_cols);
      return input;
    });
    for_each_batch([&](Batch& batch, float* hidden, float* input) {
      restore(hidden, work_.hidden, batch, hidden_cols);
      restore(input, work_.a, batch, gated_cols);
      add_product(batch.pass, layer.feed_forward.down_proj);
      keep(work_.hidden, hidden, batch, hidden_cols);
    });
    for (const auto* passed : {&matrices.mixer, &matrices.mixer_output, &matrices.feed_forward,
                               &matrices.feed_forward_output}) {
      tap_.leave(*passed);
    }
  }

  LayerMatrices matrices_of(std::size_t index) {
    Layer& layer = model_.layers[index];
    FeedForward& forward = layer.feed_forward;
    LayerMatrices result{
        {}, {}, {named(forward.gate_proj), named(forward.up_proj)}, {named(forward.down_proj)}};
    if (auto* attention = std::get_if<Attention>(&layer.mixer)) {
      result.mixer = {named(attention->q_proj), named(attention->k_proj), named(attention->v_proj)};
      result.mixer_output = {named(attention->o_proj)};
    } else {
      auto& net = std::get<GatedDeltaNet>(layer.mixer);
      result.mixer = {named(net.in_proj_qkv), named(net.in_proj_z), named(net.in_proj_b),
                      named(net.in_proj_a)};
      result.mixer_output = {named(net.out_proj)};
    }
    return result;
  }

  NamedMatrix named(const Linear& linear) const {
    const auto found = std::find_if(names_.begin(), names_.end(),
                                    [&](const NamedMatrix& m) { return m.linear == &linear; });
    CELLM_CHECK(found != names_.end());
    return *found;
  }

  Model& model_;
  LockstepTap& tap_;
  ActivationScratch scratch_;
  Compute compute_;
  Workspace work_;
  SequenceState state_;  // of the sequence at hand, in the layer at hand
  std::size_t width_;
  std::vector<NamedMatrix> names_;
  std::vector<Part> parts_;
  std::vector<Batch> batches_;
  AlignedBuffer<float> hidden_;  // (tokens, hidden): the residual streams
  AlignedBuffer<float> inputs_;  // what the tap saw last; a batch of n tokens has n · width_ floats
};

}  // namespace

std::vector<NamedMatrix> named_matrices(Model& model) {
  MatrixNames names;
  visit_tensors(model, names);
  return std::move(names.all);
}

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

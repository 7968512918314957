#include "engine/observe.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/sequence.h"
#include "engine/session.h"
#include "model/pass.h"

namespace cellm {
namespace {

// Shows the input of products, and of layers, to a tap before it computes them.
class ShownLayers final : public Multiplier {
 public:
  explicit ShownLayers(InputTap& tap) : tap_(tap) {}

  void multiply(const LayerRun& run, std::span<const TensorRole> weights,
                std::span<const Product> products, const float* x) override {
    if (next_layer_ == run.index) {  // its first product; the stream is as the layer found it
      ++next_layer_;
      tap_.see_stream(run.index, run.at(Slot::kInput), run.pass.tokens);
    }
    ids_.clear();
    for (const TensorRole role : weights) ids_.push_back({run.index, role});
    tap_.see(ids_, x, run.pass.tokens, products.front().linear->cols());
    apply(run.compute(), products, x, run.pass.tokens);
  }
  void begin_pass() { next_layer_ = 0; }

 private:
  InputTap& tap_;
  std::size_t next_layer_ = 0;
  std::vector<TensorId> ids_;
};

void show_forward(const Engine& engine, std::span<const std::uint32_t> tokens, SequenceState& state,
                  InputTap& tap) {
  ShownLayers layers(tap);
  ActivationScratch scratch;
  const Compute compute{engine.kernels(), engine.pool(), scratch};
  Workspace work(engine.config());
  for (std::size_t begin = 0; begin < tokens.size(); begin += kMaxBatchTokens) {
    const auto batch = tokens.subspan(begin, std::min(kMaxBatchTokens, tokens.size() - begin));
    layers.begin_pass();
    forward(compute, engine.model(), batch, state, work, &layers);
    tap.see({&kOutputId, 1}, work.hidden.data(), batch.size(), engine.config().hidden);
  }
}

}  // namespace

void observe(const Engine& engine, std::span<const std::uint32_t> tokens, InputTap& tap) {
  const ModelConfig& config = engine.config();
  constexpr KvEncoding kExact = KvEncoding::kF32;
  constexpr std::size_t kTokensPerBlock = 16;
  require_fit(config, tokens, 0, config.max_positions);
  SequenceState state = empty_state(config, kExact, kTokensPerBlock);
  show_forward(engine, tokens, state, tap);
}

void observe(Session& session, std::span<const std::uint32_t> tokens, InputTap& tap) {
  session.require_fit(tokens);
  const Engine& engine = session.engine();
  Sequence sequence = session.snapshot().sequence();
  show_forward(engine, tokens, sequence.state, tap);
  sequence.tokens.insert(sequence.tokens.end(), tokens.begin(), tokens.end());
  session.restore(Snapshot(engine, std::move(sequence)));
}

}  // namespace cellm

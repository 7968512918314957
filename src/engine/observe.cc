#include "engine/observe.h"

#include <algorithm>
#include <vector>

#include "engine/sequence.h"
#include "model/pass.h"

namespace cellm {
namespace {

// Shows the input of products to a tap before it computes them.
class ShownProducts final : public Multiplier {
 public:
  explicit ShownProducts(InputTap& tap) : tap_(tap) {}

  void multiply(const LayerRun& run, std::span<const TensorRole> weights,
                std::span<const Product> products, const float* x) override {
    ids_.clear();
    for (const TensorRole role : weights) ids_.push_back({run.index, role});
    tap_.see(ids_, x, run.pass.tokens, products.front().linear->cols());
    apply(run.compute(), products, x, run.pass.tokens);
  }

 private:
  InputTap& tap_;
  std::vector<TensorId> ids_;
};

}  // namespace

void observe(const Engine& engine, std::span<const std::uint32_t> tokens, InputTap& tap) {
  const ModelConfig& config = engine.config();
  constexpr KvEncoding kExact = KvEncoding::kF32;
  constexpr std::size_t kTokensPerBlock = 16;
  require_fit(config, tokens, 0, config.max_positions);
  ShownProducts products(tap);
  ActivationScratch scratch;
  const Compute compute{engine.kernels(), engine.pool(), scratch};
  SequenceState state = empty_state(config, kExact, kTokensPerBlock);
  Workspace work(config);
  for (std::size_t begin = 0; begin < tokens.size(); begin += kMaxBatchTokens) {
    const auto batch = tokens.subspan(begin, std::min(kMaxBatchTokens, tokens.size() - begin));
    forward(compute, engine.model(), batch, state, work, &products);
    tap.see({&kOutputId, 1}, work.hidden.data(), batch.size(), config.hidden);
  }
}

}  // namespace cellm

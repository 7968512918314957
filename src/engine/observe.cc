#include "engine/observe.h"

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "model/visit.h"
#include "ops/linear.h"

namespace cellm {
namespace {

// Gives the matrices of a model their names.
class NamedTap final : public LinearTap {
 public:
  NamedTap(const Model& model, InputTap& tap) : tap_(tap) { visit_tensors(model, *this); }

  void matrix(const std::string& name, const Linear& linear, std::size_t /*rows*/,
              std::size_t /*cols*/) {
    names_[&linear] = name;
  }
  void vector(const std::string& /*name*/, const std::vector<float>& /*of*/,
              const std::vector<std::size_t>& /*shape*/, TensorRole /*role*/) {}

  void see(std::span<const Product> products, const float* x, std::size_t tokens) override {
    shown_.clear();
    for (const Product& product : products) {
      const auto name = names_.find(product.linear);
      CELLM_CHECK(name != names_.end());
      shown_.push_back(name->second);
    }
    tap_.see(shown_, x, tokens, products.front().linear->cols());
  }

 private:
  InputTap& tap_;
  std::unordered_map<const Linear*, std::string> names_;
  std::vector<std::string> shown_;
};

}  // namespace

void observe(const Engine& engine, std::span<const std::uint32_t> tokens, InputTap& tap) {
  const ModelConfig& config = engine.config();
  constexpr KvEncoding kExact = KvEncoding::kF32;
  constexpr std::size_t kTokensPerBlock = 16;
  require_fit(config, tokens, 0, config.max_positions);
  NamedTap named(engine.model(), tap);
  ActivationScratch scratch;
  const Compute compute{engine.kernels(), engine.pool(), scratch, &named};
  SequenceState state = empty_state(config, kExact, kTokensPerBlock);
  Workspace work(config);
  for (std::size_t begin = 0; begin < tokens.size(); begin += kMaxBatchTokens) {
    const auto batch = tokens.subspan(begin, std::min(kMaxBatchTokens, tokens.size() - begin));
    forward(compute, engine.model(), batch, state, work);
    tap.see({&kOutputMatrix, 1}, work.hidden.data(), batch.size(), config.hidden);
  }
}

}  // namespace cellm

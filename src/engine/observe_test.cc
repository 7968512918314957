#include "engine/observe.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include "base/test_files.h"
#include "base/test_models.h"
#include "engine/session.h"
#include "ops/linear.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

std::shared_ptr<const OpenedModel> test_model(const std::string& name) {
  return open_model(fs::path(CELLM_TESTDATA) / "models" / name);
}

EngineOptions exact(unsigned threads) {
  EngineOptions options;
  options.threads = threads;
  options.activations = Activations::kF32;
  return options;
}

std::vector<std::uint32_t> some_tokens(std::size_t count) {
  std::vector<std::uint32_t> tokens(count);
  for (std::size_t i = 0; i < count; ++i) tokens[i] = static_cast<std::uint32_t>((i * i + 3) % 61);
  return tokens;
}

// Keeps everything, by matrix.
struct Recorder final : InputTap {
  void see(std::span<const TensorId> ids, const float* x, std::size_t tokens,
           std::size_t cols) override {
    groups.emplace_back(ids.begin(), ids.end());
    for (const TensorId id : ids) {
      width[id] = cols;
      inputs[id].insert(inputs[id].end(), x, x + tokens * cols);
    }
  }
  std::vector<std::vector<TensorId>> groups;
  std::map<TensorId, std::vector<float>> inputs;
  std::map<TensorId, std::size_t> width;
};

TEST(Observe, ShowsEveryMatrixOnceForEachTokenWithItsWidth) {
  for (const std::string& name : family_models()) {
    const Engine engine(test_model(name), exact(2));
    Recorder recorder;
    const std::size_t count = kMaxBatchTokens + 5;
    observe(engine, some_tokens(count), recorder);
    std::size_t matrices = 0;
    for (const auto& spec : model_tensors(engine.config())) {
      if (tensor_kind(spec.id.role) != TensorKind::kMatrix || spec.id == kEmbeddingId) continue;
      if (spec.id != kOutputId) ++matrices;
      EXPECT_EQ(recorder.width[spec.id], spec.shape[1]) << spec.name;
      EXPECT_EQ(recorder.inputs[spec.id].size(), count * spec.shape[1]) << spec.name;
    }
    EXPECT_EQ(recorder.inputs.size(), matrices + 1) << name;  // and the output matrix, tied or not
    EXPECT_EQ(recorder.inputs[kOutputId].size(), count * engine.config().hidden);
  }
}

TEST(Observe, MatricesOfOneInputComeTogether) {
  const Engine engine(test_model("qwen3"), exact(1));
  Recorder recorder;
  observe(engine, some_tokens(3), recorder);
  const std::vector<std::vector<TensorId>> first{
      {{0, TensorRole::kQuery}, {0, TensorRole::kKey}, {0, TensorRole::kValue}},
      {{0, TensorRole::kAttentionOutput}},
      {{0, TensorRole::kGate}, {0, TensorRole::kUp}},
      {{0, TensorRole::kDown}}};
  ASSERT_GE(recorder.groups.size(), first.size());
  for (std::size_t i = 0; i < first.size(); ++i) EXPECT_EQ(recorder.groups[i], first[i]);
  EXPECT_EQ(recorder.groups.back(), std::vector<TensorId>{kOutputId});
}

// The last input times the output matrix is what the session calls logits.
TEST(Observe, TheOutputMatrixSeesWhatMakesTheLogits) {
  const Engine engine(test_model("qwen3_5_text"), exact(2));
  const auto tokens = some_tokens(20);
  Recorder recorder;
  observe(engine, tokens, recorder);
  Session session(engine, {KvEncoding::kF32, 16, 0});
  const auto logits = session.advance(tokens);
  const Linear& output = engine.model().lm_head;
  const std::size_t cols = output.cols();
  ActivationScratch scratch;
  const Compute compute{engine.kernels(), engine.pool(), scratch};
  const auto& seen = recorder.inputs[kOutputId];
  const float* last = seen.data() + seen.size() - cols;
  std::vector<float> row(cols);
  for (std::size_t r = 0; r < output.rows(); r += 7) {
    read_row(compute, output, r, row.data());
    double sum = 0.0;
    for (std::size_t c = 0; c < cols; ++c) {
      sum += static_cast<double>(row[c]) * static_cast<double>(last[c]);
    }
    EXPECT_NEAR(sum, static_cast<double>(logits[r]), 1e-4 * (1.0 + std::fabs(sum)));
  }
}

TEST(Observe, ThreadsDoNotChangeWhatIsSeen) {
  const Engine one(test_model("qwen3_5_text"), exact(1));
  const Engine three(test_model("qwen3_5_text"), exact(3));
  Recorder a;
  Recorder b;
  observe(one, some_tokens(40), a);
  observe(three, some_tokens(40), b);
  EXPECT_EQ(a.inputs, b.inputs);
}

TEST(Observe, RefusesWhatDoesNotFit) {
  const Engine engine(test_model("qwen3"), exact(1));
  Recorder recorder;
  const std::vector<std::uint32_t> wrong{1U << 20};
  expect_error(ErrorKind::kUsage, "beyond the vocabulary",
               [&] { observe(engine, wrong, recorder); });
  const std::vector<std::uint32_t> many(engine.config().max_positions + 1, 1);
  expect_error(ErrorKind::kUsage, "do not fit", [&] { observe(engine, many, recorder); });
  EXPECT_TRUE(recorder.groups.empty());
}

}  // namespace
}  // namespace cellm

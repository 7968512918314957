#include "engine/lockstep.h"

#include <filesystem>
#include <map>
#include <set>

#include "base/test_files.h"
#include "base/test_models.h"
#include "engine/engine.h"
#include "model/decoder.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

std::shared_ptr<const OpenedModel> test_model(const std::string& name) {
  return open_model(fs::path(CELLM_TESTDATA) / "models" / name);
}

Model exact_model(const OpenedModel& opened, ThreadPool& pool) {
  Model model = opened.weights();
  unpack_weights(model, pool);
  return model;
}

// Sequences of different lengths; the first is cut into two batches.
std::vector<std::vector<std::uint32_t>> some_sequences() {
  std::vector<std::vector<std::uint32_t>> sequences;
  for (const std::size_t count : {kMaxBatchTokens + 5, std::size_t{1}, std::size_t{40}}) {
    auto& tokens = sequences.emplace_back(count);
    for (std::size_t i = 0; i < count; ++i) {
      tokens[i] = static_cast<std::uint32_t>((i * i + 3 * count) % 61);
    }
  }
  return sequences;
}

std::string text(TensorId id) {
  return fmt::format("layer {} role {}", id.layer, static_cast<int>(id.role));
}

// All inputs of a matrix, one after the other.
using Inputs = std::map<TensorId, std::vector<float>>;

struct Observed final : InputTap {
  void see(std::span<const TensorId> ids, const float* x, std::size_t tokens,
           std::size_t cols) override {
    for (const TensorId id : ids) inputs[id].insert(inputs[id].end(), x, x + tokens * cols);
  }
  Inputs inputs;
};

struct Recorder : LockstepTap {
  void begin(std::span<const LayerMatrix> matrices, std::size_t cols) override {
    cols_ = cols;
    for (const LayerMatrix& matrix : matrices) {
      EXPECT_EQ(matrix.linear->cols(), cols) << text(matrix.id);
    }
  }
  void see(const float* x, std::size_t tokens) override {
    seen_.insert(seen_.end(), x, x + tokens * cols_);
  }
  void end(std::span<const LayerMatrix> matrices) override {
    for (const LayerMatrix& matrix : matrices) {
      order.push_back(matrix.id);
      EXPECT_TRUE(inputs.emplace(matrix.id, seen_).second) << text(matrix.id);
    }
    seen_.clear();
  }
  void leave(std::span<const LayerMatrix> matrices) override {
    for (const LayerMatrix& matrix : matrices) {
      EXPECT_TRUE(inputs.contains(matrix.id)) << text(matrix.id);
      EXPECT_TRUE(left.insert(matrix.id).second) << text(matrix.id);
      if (matrix.id.role == TensorRole::kDown) {
        EXPECT_EQ(left.size(), order.size());
      }
    }
  }
  std::vector<TensorId> order;
  std::set<TensorId> left;
  Inputs inputs;

 private:
  std::size_t cols_ = 0;
  std::vector<float> seen_;
};

TEST(Lockstep, GoesOnFromAnyLayerAsItWouldHave) {
  for (const std::string& name : family_models()) {
    ThreadPool pool(2);
    const auto opened = test_model(name);
    Model model = exact_model(*opened, pool);
    std::vector<ResidualStreams> streams;
    Recorder whole;
    run_in_lockstep(model, kernel_table(), pool, some_sequences(), whole, {0, nullptr, &streams});
    ASSERT_EQ(streams.size(), model.layers.size());
    for (std::size_t layer = 0; layer < streams.size(); ++layer) {
      Recorder rest;
      run_in_lockstep(model, kernel_table(), pool, some_sequences(), rest,
                      {layer, &streams[layer], nullptr});
      ASSERT_FALSE(rest.order.empty());
      EXPECT_EQ(rest.order.front().layer, layer);
      for (const auto& [matrix, x] : rest.inputs) {
        EXPECT_TRUE(x == whole.inputs.at(matrix)) << name << " " << text(matrix);
      }
    }
  }
}

TEST(Lockstep, ShowsWhatObserveShows) {
  for (const std::string& name : family_models()) {
    EngineOptions options;
    options.threads = 2;
    options.activations = Activations::kF32;
    const Engine engine(test_model(name), options);
    Observed observed;
    for (const auto& tokens : some_sequences()) observe(engine, tokens, observed);
    for (const unsigned threads : {1U, 3U}) {
      ThreadPool pool(threads);
      const auto opened = test_model(name);
      Model model = exact_model(*opened, pool);
      Recorder recorder;
      run_in_lockstep(model, engine.kernels(), pool, some_sequences(), recorder);
      EXPECT_EQ(recorder.inputs.size(), observed.inputs.size()) << name;
      EXPECT_EQ(recorder.left.size(), recorder.order.size() - 1) << name;  // not the output matrix
      for (const auto& [matrix, x] : observed.inputs) {
        EXPECT_TRUE(recorder.inputs[matrix] == x) << name << " " << text(matrix);
      }
    }
  }
}

// Replaces one matrix by zeros as soon as its input was shown.
struct Replacer final : Recorder {
  explicit Replacer(TensorId id) : id_(id) {}
  void end(std::span<const LayerMatrix> matrices) override {
    Recorder::end(matrices);
    for (const LayerMatrix& matrix : matrices) {
      if (matrix.id != id_) continue;
      MatrixPtr& weights = matrix.linear->weights;
      const std::size_t rows = weights->rows();
      const std::size_t cols = weights->cols();
      auto zeros = std::make_shared<std::vector<float>>(rows * cols);
      weights = row_matrix({.format = FormatId::kF32,
                            .rows = rows,
                            .cols = cols,
                            .data = reinterpret_cast<const std::byte*>(zeros->data()),
                            .owner = zeros});
    }
  }

 private:
  TensorId id_;
};

TEST(Lockstep, SequencesGoOnWithTheNewWeights) {
  ThreadPool pool(2);
  for (const char* name : {"qwen3", "qwen3_5_text"}) {
    const auto opened = test_model(name);
    Model model = exact_model(*opened, pool);
    Recorder before;
    run_in_lockstep(model, kernel_table(""), pool, some_sequences(), before);
    Replacer after({0, TensorRole::kGate});
    run_in_lockstep(model, kernel_table(""), pool, some_sequences(), after);
    EXPECT_EQ(before.order, after.order);
    bool changed = false;
    for (const auto& matrix : before.order) {
      const auto& x = after.inputs[matrix];
      EXPECT_EQ(x == before.inputs[matrix], !changed) << name << " " << text(matrix);
      if (matrix != TensorId{0, TensorRole::kUp}) continue;  // the next input is that of down_proj
      changed = true;
      const auto& down = after.inputs[TensorId{0, TensorRole::kDown}];
      EXPECT_TRUE(std::all_of(down.begin(), down.end(), [](float v) { return v == 0.0F; }));
    }
    EXPECT_TRUE(changed);
  }
}

TEST(Lockstep, RefusesTokensThatAreNone) {
  ThreadPool pool(1);
  const auto opened = test_model("qwen3");
  Model model = exact_model(*opened, pool);
  Recorder recorder;
  const std::vector<std::vector<std::uint32_t>> wrong{{1U << 20}};
  expect_error(ErrorKind::kUsage, "beyond the vocabulary",
               [&] { run_in_lockstep(model, kernel_table(""), pool, wrong, recorder); });
  EXPECT_TRUE(recorder.order.empty());
}

}  // namespace
}  // namespace cellm

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
  void see(const LockstepInput& input) override {
    seen_.insert(seen_.end(), input.x, input.x + input.tokens * cols_);
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

void put_zeros(Linear& linear) {
  const std::size_t rows = linear.rows();
  const std::size_t cols = linear.cols();
  auto zeros = std::make_shared<std::vector<float>>(rows * cols);
  linear.weights = float_matrix(rows, cols, zeros->data(), zeros);
}

// Replaces one matrix by zeros as soon as its input was shown.
struct Replacer final : Recorder {
  explicit Replacer(TensorId id) : id_(id) {}
  void end(std::span<const LayerMatrix> matrices) override {
    Recorder::end(matrices);
    for (const LayerMatrix& matrix : matrices) {
      if (matrix.id == id_) put_zeros(*matrix.linear);
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

// Compares what it sees of a reference model with what a run of that model alone showed.
struct Comparer final : LockstepTap {
  Comparer(const Inputs& alone, TensorId replaced, std::size_t hidden)
      : alone_(alone), replaced_(replaced), hidden_(hidden) {}

  void begin(std::span<const LayerMatrix> matrices, std::size_t cols) override {
    want_ = &alone_.at(matrices.front().id);
    at_ = 0;
    cols_ = cols;
    first_ = matrices.front().id;
    order.push_back(first_);
  }
  void see(const LockstepInput& input) override {
    ASSERT_NE(input.reference_x, nullptr);
    const std::size_t count = input.tokens * cols_;
    EXPECT_TRUE(std::equal(input.reference_x, input.reference_x + count, want_->data() + at_))
        << text(first_);
    at_ += count;
    const bool writes_stream = first_.role == TensorRole::kAttentionOutput ||
                               first_.role == TensorRole::kDeltaOutput ||
                               first_.role == TensorRole::kDown;
    ASSERT_EQ(input.stream != nullptr, writes_stream) << text(first_);
    ASSERT_EQ(input.reference_stream != nullptr, writes_stream) << text(first_);
    const bool same_inputs = std::equal(input.x, input.x + count, input.reference_x);
    if (!same_inputs) differs_from.insert(first_);
    if (!writes_stream) return;
    const bool same_streams =
        std::equal(input.stream, input.stream + input.tokens * hidden_, input.reference_stream);
    if (!same_streams) streams_differ_from.insert(first_);
  }
  void end(std::span<const LayerMatrix> matrices) override {
    EXPECT_EQ(at_, want_->size()) << text(first_);
    for (const LayerMatrix& matrix : matrices) {
      if (matrix.id == replaced_) put_zeros(*matrix.linear);
    }
  }

  std::vector<TensorId> order;  // the first matrix of each input
  std::set<TensorId> differs_from;
  std::set<TensorId> streams_differ_from;

 private:
  const Inputs& alone_;
  TensorId replaced_;
  std::size_t hidden_;
  const std::vector<float>* want_ = nullptr;
  std::size_t at_ = 0;
  std::size_t cols_ = 0;
  TensorId first_{};
};

TEST(Lockstep, AReferenceRunsAlongUnchanged) {
  for (const std::string& name : family_models()) {
    for (const unsigned threads : {1U, 3U}) {
      ThreadPool pool(threads);
      const auto opened = test_model(name);
      Model model = exact_model(*opened, pool);
      Recorder alone;
      run_in_lockstep(model, kernel_table(), pool, some_sequences(), alone);
      const Model reference = model;
      const TensorId replaced{1, TensorRole::kUp};
      Comparer comparer(alone.inputs, replaced, model.config.hidden);
      run_in_lockstep(model, kernel_table(), pool, some_sequences(), comparer, {}, &reference);
      // Equal up to the replaced matrix: its layer's down projection has another input, and
      // everything after that another stream.
      bool after = false;
      for (const TensorId id : comparer.order) {
        after = after || id == TensorId{1, TensorRole::kDown};
        EXPECT_EQ(comparer.differs_from.contains(id), after) << name << " " << text(id);
      }
      EXPECT_TRUE(after) << name;
      const TensorId down{1, TensorRole::kDown};
      EXPECT_FALSE(comparer.streams_differ_from.contains(down)) << name;
      EXPECT_EQ(comparer.streams_differ_from.empty(), model.layers.size() == 2) << name;
    }
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

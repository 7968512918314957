#include <filesystem>
#include <map>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/test_models.h"
#include "engine/observe.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

std::vector<std::uint32_t> some_tokens(std::size_t count) {
  std::vector<std::uint32_t> tokens(count);
  for (std::size_t i = 0; i < count; ++i) tokens[i] = static_cast<std::uint32_t>((i * i + 3) % 61);
  return tokens;
}

// Keeps everything.
struct Recorder final : InputTap {
  void see(std::span<const TensorId> ids, const float* x, std::size_t tokens,
           std::size_t cols) override {
    for (const TensorId id : ids) inputs[id].insert(inputs[id].end(), x, x + tokens * cols);
  }
  void see_stream(std::size_t layer, const float* x, std::size_t tokens) override {
    if (layer == refused) throw std::runtime_error("enough");
    streams[layer].insert(streams[layer].end(), x, x + tokens * hidden);
  }
  std::size_t hidden = 0;
  std::size_t refused = SIZE_MAX;
  std::map<TensorId, std::vector<float>> inputs;
  std::map<std::size_t, std::vector<float>> streams;
};

class Tapped : public ::testing::TestWithParam<std::string> {
 protected:
  static EngineOptions options() {
    EngineOptions options;
    options.threads = 2;
    return options;
  }
  const Engine engine_{open_model(fs::path(CELLM_TESTDATA) / "models" / GetParam()), options()};
  const std::size_t hidden_ = engine_.config().hidden;
};

TEST_P(Tapped, TheSessionGoesOnAsWithoutATap) {
  const auto tokens = some_tokens(kMaxBatchTokens + 20);
  const std::span<const std::uint32_t> all(tokens);
  Session plain(engine_, {});
  const auto row = plain.advance(all);
  const std::vector<float> expected(row.begin(), row.end());

  Session tapped(engine_, {});
  tapped.advance(all.first(7));
  Recorder recorder;
  recorder.hidden = hidden_;
  observe(tapped, all.subspan(7, kMaxBatchTokens + 12), recorder);
  EXPECT_EQ(tapped.position(), kMaxBatchTokens + 19);
  const auto last = tapped.advance(all.last(1));
  EXPECT_EQ(std::vector<float>(last.begin(), last.end()), expected);

  // The input of the output matrix is what the session calls its hidden states.
  Session again(engine_, {});
  again.advance(all.first(7));
  const auto states = again.feed(all.subspan(7, 100));
  const std::vector<float>& output = recorder.inputs[kOutputId];
  ASSERT_EQ(output.size(), (kMaxBatchTokens + 12) * hidden_);
  EXPECT_EQ(std::vector<float>(states.begin(), states.end()),
            std::vector<float>(output.data(), output.data() + 100 * hidden_));
}

TEST_P(Tapped, TheStreamIsThatBeforeEachLayer) {
  const auto tokens = some_tokens(9);
  Session session(engine_, {});
  Recorder recorder;
  recorder.hidden = hidden_;
  observe(session, tokens, recorder);
  ASSERT_EQ(recorder.streams.size(), engine_.config().layers.size());
  // Before the first layer it is the embedding.
  std::vector<float> rows(tokens.size() * hidden_);
  ActivationScratch scratch;
  const Compute compute{engine_.kernels(), engine_.pool(), scratch};
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    read_row(compute, engine_.model().embedding, tokens[i], rows.data() + i * hidden_);
  }
  EXPECT_EQ(recorder.streams[0], rows);
  for (const auto& [layer, stream] : recorder.streams) {
    EXPECT_EQ(stream.size(), rows.size());
    if (layer > 0) {
      EXPECT_NE(stream, recorder.streams[layer - 1]);
    }
  }
}

TEST_P(Tapped, ATapThatThrowsLeavesTheSessionUnchanged) {
  Session session(engine_, {});
  session.advance(some_tokens(5));
  Recorder recorder;
  recorder.hidden = hidden_;
  recorder.refused = 1;
  EXPECT_THROW(observe(session, some_tokens(3), recorder), std::runtime_error);
  EXPECT_EQ(session.position(), 5U);
  const auto row = session.advance(some_tokens(3));
  Session plain(engine_, {});
  plain.advance(some_tokens(5));
  const auto expected = plain.advance(some_tokens(3));
  EXPECT_EQ(std::vector<float>(row.begin(), row.end()),
            std::vector<float>(expected.begin(), expected.end()));
  const std::vector<std::uint32_t> beyond{1U << 30U};
  EXPECT_THROW(observe(session, beyond, recorder), Error);
}

INSTANTIATE_TEST_SUITE_P(Models, Tapped, ::testing::Values("llama", "qwen3", "qwen3_5_text"));

}  // namespace
}  // namespace cellm

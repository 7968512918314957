#include "engine/batch.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/test_files.h"
#include "model/batch.h"
#include "ops/linear.h"

namespace cellm {
namespace {

using Ids = std::vector<std::uint32_t>;
using Floats = std::vector<float>;

constexpr SequenceOptions kOptions[] = {
    {KvEncoding::kF16, 16, 0}, {KvEncoding::kF32, 4, 0}, {KvEncoding::kTurboQuant, 8, 0}};

// A model with delta nets and attention, and some with attention alone; packed weights or not.
constexpr const char* kModels[] = {"qwen3_5_text", "llama", "qwen3_mlx_4bit",
                                   "qwen3_5_text/golden/i4.cellm"};

std::shared_ptr<const OpenedModel> test_model(const std::string& name) {
  return open_model(std::filesystem::path(CELLM_TESTDATA) / "models" / name);
}

// Hidden states of all tokens of a sequence that runs alone, and logits after the last `rows` of
// them: the forward pass by itself, with as many tokens in a call as it takes.
struct Alone {
  Floats hidden;
  Floats logits;
};

Alone run_alone(const Engine& engine, const SequenceOptions& options, const Ids& tokens,
                std::size_t rows) {
  const ModelConfig& config = engine.config();
  ActivationScratch scratch;
  const Compute compute{engine.kernels(), engine.pool(), scratch};
  SequenceState state = empty_state(config, options.kv_encoding, options.tokens_per_block);
  Workspace work(config);
  Alone result;
  for (std::size_t begin = 0; begin < tokens.size(); begin += kMaxBatchTokens) {
    const std::size_t count = std::min(kMaxBatchTokens, tokens.size() - begin);
    forward(compute, engine.model(), std::span(tokens).subspan(begin, count), state, work);
    result.hidden.insert(result.hidden.end(), work.hidden.data(),
                         work.hidden.data() + count * config.hidden);
  }
  result.logits.resize(rows * config.vocab_size);
  const float* last = result.hidden.data() + (tokens.size() - rows) * config.hidden;
  for (std::size_t i = 0; i < rows; ++i) {
    apply(compute, engine.model().lm_head, last + i * config.hidden, 1,
          result.logits.data() + i * config.vocab_size);
  }
  return result;
}

bool ends_with(const Floats& all, std::span<const float> end) {
  return all.size() >= end.size() &&
         std::equal(end.begin(), end.end(), all.end() - static_cast<std::ptrdiff_t>(end.size()));
}

// A batch in which sequences come, fork and go at random, and what each of them has seen.
class RandomBatch {
 public:
  RandomBatch(const Engine& engine, unsigned seed)
      : engine_(engine), batch_(engine), random_(seed) {}

  void act() {
    switch (below(live_.size() < 3 ? 3 : 9)) {
      case 0:
        return add();
      case 1:
        return add_from_snapshot();
      case 2:
        return fork();
      case 3:
        return snapshot();
      case 4:
        return remove();
      default:
        return step();
    }
  }

  std::size_t compared() const { return compared_; }

 private:
  struct Known {
    SequenceOptions options;
    Ids tokens;
  };

  std::size_t below(std::size_t count) { return random_() % count; }
  template <class Container>
  auto any(Container& of) {
    return std::next(of.begin(), static_cast<std::ptrdiff_t>(below(of.size())));
  }

  void add() {
    const SequenceOptions& options = kOptions[below(std::size(kOptions))];
    live_[batch_.add(options)] = {options, {}};
  }

  void add_from_snapshot() {
    if (snapshots_.empty()) return;
    const auto& [snapshot, known] = *any(snapshots_);
    EXPECT_EQ(snapshot.position(), known.tokens.size());
    live_[batch_.add(snapshot)] = known;
  }

  void fork() {
    if (live_.empty()) return;
    const auto [id, known] = *any(live_);
    live_[batch_.fork(id)] = known;
  }

  void snapshot() {
    const auto [id, known] = *any(live_);
    if (snapshots_.size() == 6) snapshots_.erase(any(snapshots_));
    snapshots_.emplace_back(batch_.snapshot(id), known);
  }

  void remove() {
    const auto chosen = any(live_);
    batch_.remove(chosen->first);
    live_.erase(chosen);
  }

  // Chunks for some of the sequences and single tokens for others.
  void step() {
    std::vector<SequenceId> ids;
    for (const auto& [id, known] : live_) ids.push_back(id);
    std::shuffle(ids.begin(), ids.end(), random_);
    ids.resize(1 + below(ids.size()));
    std::size_t room = kMaxBatchTokens;
    std::vector<Ids> chunks;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const std::size_t most = below(2) == 0 ? 1 : 1 + below(70);
      Ids chunk(std::min(most, room - (ids.size() - 1 - i)));
      for (auto& token : chunk) {
        token = static_cast<std::uint32_t>(below(engine_.config().vocab_size));
      }
      room -= chunk.size();
      chunks.push_back(std::move(chunk));
    }
    std::vector<StepInput> inputs;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const std::size_t wanted[] = {0, 1, 1 + below(chunks[i].size()), kAllLogits};
      const bool tentative = below(2) == 0;
      if (tentative) {
        chunks[i].resize(std::min(chunks[i].size(), batch_.max_tentative(ids[i])));
      }
      inputs.push_back({ids[i], chunks[i], wanted[below(4)], tentative});
    }
    const auto outputs = batch_.step(inputs);
    ASSERT_EQ(outputs.size(), inputs.size());
    for (std::size_t i = 0; i < ids.size(); ++i) compare(inputs[i], outputs[i]);
  }

  void compare(const StepInput& input, const StepOutput& output) {
    Known& known = live_.at(input.sequence);
    known.tokens.insert(known.tokens.end(), input.tokens.begin(), input.tokens.end());
    EXPECT_TRUE(std::ranges::equal(batch_.tokens(input.sequence), known.tokens));
    const std::size_t rows = std::min(input.logits, input.tokens.size());
    const Alone alone = run_alone(engine_, known.options, known.tokens, rows);
    ASSERT_EQ(output.hidden().size(), input.tokens.size() * engine_.config().hidden);
    EXPECT_TRUE(ends_with(alone.hidden, output.hidden()));
    ASSERT_EQ(output.logits().size(), rows * engine_.config().vocab_size);
    EXPECT_TRUE(std::ranges::equal(alone.logits, output.logits()));
    ++compared_;
    if (input.tentative) take_back(input, known);
    if (known.tokens.size() > 250) {  // comparing takes long
      batch_.remove(input.sequence);
      live_.erase(input.sequence);
    }
  }

  void take_back(const StepInput& input, Known& known) {
    const std::size_t kept = below(input.tokens.size() + 1);
    batch_.keep(input.sequence, kept);
    known.tokens.resize(known.tokens.size() - (input.tokens.size() - kept));
    EXPECT_TRUE(std::ranges::equal(batch_.tokens(input.sequence), known.tokens));
  }

  const Engine& engine_;
  Batch batch_;
  std::mt19937 random_;
  std::map<SequenceId, Known> live_;
  std::vector<std::pair<Snapshot, Known>> snapshots_;
  std::size_t compared_ = 0;
};

class BatchTest : public testing::TestWithParam<const char*> {
 protected:
  BatchTest() : engine_(test_model(GetParam()), EngineOptions{"", 2}) {}

  Ids some_tokens(std::size_t count, std::uint32_t first = 3) const {
    Ids tokens(count);
    for (std::size_t i = 0; i < count; ++i) {
      tokens[i] = static_cast<std::uint32_t>((first + i * 29) % engine_.config().vocab_size);
    }
    return tokens;
  }

  Engine engine_;
};

TEST_P(BatchTest, SequencesThatComeAndGoAreAsIfAlone) {
  for (const unsigned seed : {1U, 2U}) {
    RandomBatch random(engine_, seed);
    for (int action = 0; action < 80; ++action) random.act();
    EXPECT_GT(random.compared(), 30U);
  }
}

TEST_P(BatchTest, ProjectsHiddenStatesToTheirLogits) {
  Batch batch(engine_);
  const Ids tokens = some_tokens(kMaxLogitRows + 5);
  const StepInput input{batch.add(kOptions[0]), tokens, kAllLogits};
  const StepOutput& output = batch.step({&input, 1}).front();
  const std::size_t hidden = engine_.config().hidden;
  const auto projected = batch.project(output.hidden().first(kMaxLogitRows * hidden));
  EXPECT_TRUE(std::ranges::equal(
      projected, output.logits().first(kMaxLogitRows * engine_.config().vocab_size)));
}

// Cache blocks in memory: a fork shares all but the one that it has written to.
TEST_P(BatchTest, AForkSharesWhatItHasNotWritten) {
  Batch batch(engine_);
  const SequenceOptions options{KvEncoding::kF16, 4, 0};
  const Ids tokens = some_tokens(10);  // two full blocks and a half
  const StepInput first{batch.add(options), tokens};
  batch.step({&first, 1});
  const SequenceId fork = batch.fork(first.sequence);
  const StepInput second{fork, std::span(tokens).first(1)};
  batch.step({&second, 1});
  const Snapshot original = batch.snapshot(first.sequence);
  const Snapshot forked = batch.snapshot(fork);
  EXPECT_EQ(original.position(), 10U);
  EXPECT_EQ(forked.position(), 11U);
  std::size_t caches = 0;
  for (std::size_t i = 0; i < original.sequence().state.layers.size(); ++i) {
    const auto* a = std::get_if<KvCache>(&original.sequence().state.layers[i]);
    const auto* b = std::get_if<KvCache>(&forked.sequence().state.layers[i]);
    if (a == nullptr) continue;
    ++caches;
    EXPECT_EQ(a->rows(0, 1, 0, false).data, b->rows(0, 1, 0, false).data);
    EXPECT_EQ(a->rows(7, 1, 0, true).data, b->rows(7, 1, 0, true).data);
    EXPECT_NE(a->rows(8, 1, 0, false).data, b->rows(8, 1, 0, false).data);
  }
  EXPECT_GT(caches, 0U);
}

// A sequence that is not written to shares its recurrent state as well.
TEST_P(BatchTest, ASnapshotSharesRecurrentStates) {
  Batch batch(engine_);
  const Ids tokens = some_tokens(5);
  const StepInput input{batch.add(kOptions[0]), tokens};
  batch.step({&input, 1});
  const Snapshot one = batch.snapshot(input.sequence);
  const Snapshot other = batch.snapshot(batch.add(one));
  const auto state = [](const Snapshot& of, std::size_t layer) {
    const auto* net = std::get_if<CopyOnWrite<DeltaNetState>>(&of.sequence().state.layers[layer]);
    return net == nullptr ? nullptr : &net->read();
  };
  for (std::size_t i = 0; i < one.sequence().state.layers.size(); ++i) {
    EXPECT_EQ(state(one, i), state(other, i));
  }
}

TEST_P(BatchTest, ATruncatedStateIsThatOfItsTokens) {
  if (!can_truncate(engine_.config())) return;
  for (const SequenceOptions& options : kOptions) {
    Batch batch(engine_);
    const Ids tokens = some_tokens(50);
    const StepInput all{batch.add(options), tokens};
    batch.step({&all, 1});
    const Snapshot whole = batch.snapshot(all.sequence);
    for (const std::size_t kept : {0U, 1U, 16U, 37U, 50U}) {
      Ids other(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(kept));
      other.insert(other.end(), {7, 8, 9});
      const SequenceId sequence = batch.add(truncated(whole, kept));
      EXPECT_EQ(batch.position(sequence), kept);
      const StepInput rest{sequence, std::span(other).subspan(kept)};
      const Floats want = run_alone(engine_, options, other, 1).logits;
      EXPECT_TRUE(std::ranges::equal(want, batch.step({&rest, 1}).front().logits())) << kept;
    }
  }
}

// From each position in a chunk of the delta rule to each that a tentative input reaches.
TEST_P(BatchTest, TokensCanBeTakenBack) {
  const Ids tokens = some_tokens(3 * kDeltaChunk);
  for (const std::size_t before : {1U, 2U, 30U, 31U, 32U, 33U, 45U, 62U}) {
    Batch batch(engine_);
    const StepInput start{batch.add(kOptions[1]), std::span(tokens).first(before)};
    batch.step({&start, 1});
    const Snapshot snapshot = batch.snapshot(start.sequence);
    const std::size_t most = std::min<std::size_t>(batch.max_tentative(start.sequence), 32);
    for (std::size_t kept = 0; kept <= most; ++kept) {
      const SequenceId sequence = batch.add(snapshot);
      Ids read(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(before + most));
      for (std::size_t i = before + kept; i < read.size(); ++i) read[i] = 1;
      const StepInput draft{sequence, std::span(read).subspan(before), kAllLogits, true};
      batch.step({&draft, 1});
      batch.keep(sequence, kept);
      const Ids other{7, 8, 9};
      read.resize(before + kept);
      read.insert(read.end(), other.begin(), other.end());
      const StepInput rest{sequence, other};
      const Floats want = run_alone(engine_, kOptions[1], read, 1).logits;
      EXPECT_TRUE(std::ranges::equal(want, batch.step({&rest, 1}).front().logits()))
          << before << " " << kept;
      batch.remove(sequence);
    }
  }
}

TEST_P(BatchTest, RefusesAWrongStepAndChangesNothing) {
  Batch batch(engine_);
  const SequenceId sequence = batch.add({KvEncoding::kF16, 4, 3});
  EXPECT_EQ(batch.max_tokens(sequence), 12U);
  const SequenceId other = batch.add(kOptions[0]);
  const Ids tokens = some_tokens(13);
  const Ids many = some_tokens(kMaxBatchTokens);
  const Ids beyond{static_cast<std::uint32_t>(engine_.config().vocab_size)};
  const auto refuse = [&](const char* message, std::vector<StepInput> inputs) {
    expect_error(ErrorKind::kUsage, message, [&] { batch.step(inputs); });
    EXPECT_EQ(batch.position(sequence), 0U);
    EXPECT_EQ(batch.position(other), 0U);
  };
  const auto one = std::span(tokens).first(1);
  refuse("without inputs", {});
  refuse("do not fit", {{other, one}, {sequence, tokens}});
  refuse("beyond the vocabulary", {{other, one}, {sequence, beyond}});
  refuse("comes twice", {{sequence, one}, {sequence, one}});
  refuse("no tokens", {{other, one}, {sequence, {}}});
  refuse("tokens in a step; at most 192", {{sequence, one}, {other, many}});
  const StepInput right{other, tokens};
  const Floats want = run_alone(engine_, kOptions[0], tokens, 1).logits;
  EXPECT_TRUE(std::ranges::equal(want, batch.step({&right, 1}).front().logits()));
}

TEST_P(BatchTest, RefusesWhatIsNotInIt) {
  Batch batch(engine_);
  Batch another(engine_);
  const SequenceId foreign = another.add(kOptions[0]);
  const SequenceId removed = batch.add(kOptions[0]);
  batch.remove(removed);
  EXPECT_EQ(batch.size(), 0U);
  const Ids token{1};
  for (const SequenceId id : {foreign, removed}) {
    const StepInput input{id, token};
    expect_error(ErrorKind::kUsage, "not in this batch", [&] { batch.step({&input, 1}); });
    expect_error(ErrorKind::kUsage, "not in this batch", [&] { batch.remove(id); });
    expect_error(ErrorKind::kUsage, "not in this batch", [&] { batch.fork(id); });
    expect_error(ErrorKind::kUsage, "not in this batch", [&] { batch.snapshot(id); });
    expect_error(ErrorKind::kUsage, "not in this batch", [&] { batch.position(id); });
  }
  const Engine twin(test_model(GetParam()), EngineOptions{"", 1});
  Batch of_twin(twin);
  const Snapshot snapshot = another.snapshot(foreign);
  expect_error(ErrorKind::kUsage, "the snapshot belongs to another opened model",
               [&] { of_twin.add(snapshot); });
}

INSTANTIATE_TEST_SUITE_P(Models, BatchTest, testing::ValuesIn(kModels));

}  // namespace
}  // namespace cellm

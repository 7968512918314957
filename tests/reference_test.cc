// Compares the engine with logits computed by transformers for small random models
// (testdata/models/README.md).

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <span>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/mapped_file.h"
#include "engine/generate.h"
#include "engine/session.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

const fs::path kModels = fs::path(CELLM_TESTDATA) / "models";

std::vector<std::string> models() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kModels)) {
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// A float32 matrix written by numpy.save.
std::vector<float> read_npy(const fs::path& path) {
  const std::string bytes = read_file(path, std::size_t{1} << 30);
  const auto header_bytes =
      static_cast<unsigned char>(bytes[8]) | static_cast<unsigned char>(bytes[9]) << 8;
  const std::size_t begin = 10 + static_cast<std::size_t>(header_bytes);
  EXPECT_NE(bytes.substr(10, begin - 10).find("'<f4'"), std::string::npos);
  std::vector<float> values((bytes.size() - begin) / sizeof(float));
  std::memcpy(values.data(), bytes.data() + begin, values.size() * sizeof(float));
  return values;
}

struct Reference {
  explicit Reference(const std::string& name) {
    const auto json = nlohmann::json::parse(read_file(kModels / name / "expected.json", 1 << 20));
    tokens = json["tokens"].get<std::vector<std::uint32_t>>();
    greedy_prompt = json["greedy_prompt"].get<std::vector<std::uint32_t>>();
    greedy = json["greedy_continuation"].get<std::vector<std::uint32_t>>();
    logits = read_npy(kModels / name / "expected_logits.npy");
    // qwen3_5_text is sensitive to rounding: float32 and float64 differ by 0.006.
    tolerance = name == "qwen3_5_text" ? 0.03F : 0.003F;
  }
  std::vector<std::uint32_t> tokens;
  std::vector<std::uint32_t> greedy_prompt;
  std::vector<std::uint32_t> greedy;
  std::vector<float> logits;
  float tolerance;
};

constexpr std::size_t kAllLayers = std::numeric_limits<std::size_t>::max();
constexpr SequenceOptions kExact{KvEncoding::kF32, 16, 0};

// Logits of all tokens, fed in pieces.
std::vector<float> run(const Engine& engine, std::span<const std::uint32_t> tokens,
                       std::size_t piece, const SequenceOptions& options = kExact) {
  Session session(engine, options);
  std::vector<float> all;
  for (std::size_t begin = 0; begin < tokens.size(); begin += piece) {
    session.advance_each(tokens.subspan(begin, std::min(piece, tokens.size() - begin)),
                         [&](std::size_t, std::span<const float> logits) {
                           all.insert(all.end(), logits.begin(), logits.end());
                         });
  }
  return all;
}

float largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  EXPECT_EQ(a.size(), b.size());
  float largest = 0.0F;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    largest = std::max(largest, std::fabs(a[i] - b[i]));
  return largest;
}

class EveryModel : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Reference, EveryModel, ::testing::ValuesIn(models()),
                         [](const auto& param) { return param.param; });

TEST_P(EveryModel, LogitsAreThoseOfTransformersOnEveryTarget) {
  const Reference reference(GetParam());
  for (const char* target : {"scalar", ""}) {
    const Engine engine(open_model(kModels / GetParam()),
                        {target, 2, kAllLayers, Activations::kF32});
    const auto logits = run(engine, reference.tokens, reference.tokens.size());
    EXPECT_LT(largest_difference(logits, reference.logits), reference.tolerance)
        << engine.kernels().name;
  }
}

TEST_P(EveryModel, BitsDoNotDependOnPiecesNorThreads) {
  const Reference reference(GetParam());
  const Engine one(open_model(kModels / GetParam()), {"", 1});
  const Engine three(open_model(kModels / GetParam()), {"", 3});
  for (const KvEncoding encoding : {KvEncoding::kF16, KvEncoding::kTurboQuant}) {
    const SequenceOptions options{encoding, 16, 0};
    const auto whole = run(one, reference.tokens, reference.tokens.size(), options);
    for (const std::size_t piece : {1U, 7U, 64U}) {
      EXPECT_EQ(whole, run(three, reference.tokens, piece, options)) << piece;
    }
  }
}

TEST_P(EveryModel, GreedyContinuationIsThatOfTransformers) {
  const Reference reference(GetParam());
  const Engine engine(open_model(kModels / GetParam()), {});
  for (const KvEncoding encoding : {KvEncoding::kF32, KvEncoding::kF16}) {
    Session session(engine, {encoding, 16, 0});
    GenerateOptions options;
    options.max_tokens = reference.greedy.size();
    options.sampler.temperature = 0.0F;
    options.sampler.repeat_penalty = 1.0F;
    const auto result = generate(
        session, reference.greedy_prompt, options, [](auto, auto) {}, [] { return false; });
    EXPECT_EQ(result.ids, reference.greedy) << kv_encoding_name(encoding);
  }
}

// Checkpoints restored in any order, after other tokens: the logits are those of the checkpointed
// sequence.
TEST_P(EveryModel, ARestoredCheckpointIsAFreshRun) {
  const Reference reference(GetParam());
  const Engine engine(open_model(kModels / GetParam()), {});
  const std::span<const std::uint32_t> tokens = reference.tokens;
  const std::size_t vocab = engine.config().vocab_size;
  const auto whole = run(engine, tokens, tokens.size());
  const auto expect_from = [&](Session& session, std::size_t position) {
    const auto logits = session.advance(tokens.subspan(position, 3));
    EXPECT_TRUE(std::equal(logits.begin(), logits.end(),
                           whole.begin() + static_cast<std::ptrdiff_t>((position + 2) * vocab)))
        << position;
  };
  Session session(engine, kExact);
  session.advance(tokens.subspan(0, 19));
  const Snapshot early = session.snapshot();
  session.advance(tokens.subspan(19, 26));
  const Snapshot late = session.snapshot();
  EXPECT_EQ(late.position(), 45U);

  session.restore(early);
  session.advance(tokens.subspan(0, 30));  // other tokens over the same positions
  session.restore(late);
  expect_from(session, 45);
  session.restore(early);
  EXPECT_EQ(session.position(), 19U);
  expect_from(session, 19);
  session.restore(late);
  expect_from(session, 45);
}

TEST_P(EveryModel, TwoSessionsAtOnceDoNotDisturbEachOther) {
  const Reference reference(GetParam());
  const Engine engine(open_model(kModels / GetParam()), {"", 2});
  const auto want = run(engine, reference.tokens, 20);
  std::vector<float> other;
  std::thread thread([&] { other = run(engine, reference.tokens, 11); });
  const auto mine = run(engine, reference.tokens, 33);
  thread.join();
  EXPECT_EQ(mine, want);
  EXPECT_EQ(other, want);
}

TEST(Engine, RefusesTokensThatDoNotFit) {
  const Engine engine(open_model(kModels / "llama"), {});
  Session session(engine, {KvEncoding::kF16, 4, 3});
  EXPECT_EQ(session.max_tokens(), 12U);
  const std::vector<std::uint32_t> many(13, 1);
  EXPECT_THROW(session.advance(many), Error);
  EXPECT_EQ(session.position(), 0U);
  const std::vector<std::uint32_t> beyond{0, 320};
  EXPECT_THROW(session.advance(beyond), Error);
  session.advance(std::span(many).first(12));
  EXPECT_THROW(session.advance(std::span(many).first(1)), Error);
}

TEST(Engine, FewerLayersAreFewerLayers) {
  const Engine whole(open_model(kModels / "qwen3_5_text"), {});
  const Engine part(open_model(kModels / "qwen3_5_text"), {"", 0, 3, Activations::kInt8});
  EXPECT_EQ(part.model().layers.size(), 3U);
  const std::vector<std::uint32_t> tokens{1, 2, 3};
  EXPECT_NE(run(whole, tokens, 3), run(part, tokens, 3));
}

}  // namespace
}  // namespace cellm

#include "tune/descent.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <random>

#include <gtest/gtest.h>

#include "base/test_files.h"
#include "engine/opened_model.h"
#include "tune/descent_store.h"
#include "tune/teacher.h"

namespace cellm {
namespace {

// A few numbers with their gradients.
struct Numbers {
  std::vector<float> values;
  std::vector<float> gradients;
  std::vector<Parameter> parameters(ParameterKind kind) {
    return {{"x", kind, values, gradients, 0.0F}};
  }
};

TEST(Adam, FirstStepIsTheRateAgainstTheSign) {
  Numbers x{{1.0F, 2.0F, -3.0F}, {0.01F, -0.002F, 0.0F}};
  AdamState state;
  AdamOptions options;
  EXPECT_NEAR(adam_step(x.parameters(ParameterKind::kRows), options, 0.5, state),
              std::sqrt(0.01 * 0.01 + 0.002 * 0.002), 1e-9);
  EXPECT_NEAR(x.values[0], 1.0 - 0.5 * options.rates[0], 1e-5);
  EXPECT_NEAR(x.values[1], 2.0 + 0.5 * options.rates[0], 1e-5);
  EXPECT_EQ(x.values[2], -3.0F);
  EXPECT_EQ(x.gradients, std::vector<float>(3, 0.0F));
}

TEST(Adam, NormsMoveByTheirSize) {
  Numbers x{{20.0F, 20.0F}, {1.0F, 1.0F}};
  AdamState state;
  AdamOptions options;
  adam_step(x.parameters(ParameterKind::kNorm), options, 1.0, state);
  EXPECT_NEAR(x.values[0], 20.0 - 20.0 * options.rates[2], 1e-4);
}

TEST(Adam, TwoStepsAsThePaperHasThem) {
  Numbers x{{0.0F}, {0.3F}};
  AdamState state;
  AdamOptions options;
  adam_step(x.parameters(ParameterKind::kRows), options, 1.0, state);
  x.gradients[0] = -0.1F;
  const double before = static_cast<double>(x.values[0]);
  adam_step(x.parameters(ParameterKind::kRows), options, 1.0, state);
  const double first = (0.9 * 0.1 * 0.3 + 0.1 * -0.1) / (1 - 0.81);
  const double second = (0.95 * 0.05 * 0.09 + 0.05 * 0.01) / (1 - 0.9025);
  EXPECT_NEAR(x.values[0], before - options.rates[0] * first / std::sqrt(second), 1e-7);
}

TEST(Adam, ChangesNothingForGradientsThatAreNoNumbers) {
  Numbers x{{1.0F}, {NAN}};
  AdamState state;
  EXPECT_TRUE(std::isnan(adam_step(x.parameters(ParameterKind::kRows), {}, 1.0, state)));
  EXPECT_EQ(x.values[0], 1.0F);
  EXPECT_EQ(x.gradients[0], 0.0F);
}

class Descent : public ::testing::Test {
 protected:
  Descent()
      : opened_(open_model(std::filesystem::path(CELLM_TESTDATA) / "models" / "llama")),
        teacher_(opened_->weights()),
        model_(opened_->weights()),
        student_(compute_, model_, true) {
    std::mt19937 random(11);
    for (auto* part : {&text_, &held_out_}) {
      part->resize(part == &text_ ? 60 : 3, std::vector<std::uint32_t>(24));
      for (auto& sequence : *part) {
        for (auto& token : sequence)
          token = static_cast<std::uint32_t>(random() % model_.config.vocab_size);
      }
    }
    for (std::size_t i = 0; i < student_.parameters().size(); ++i) all_.push_back(i);
  }

  std::vector<float> streams(std::span<const std::uint32_t> tokens) {
    return final_streams(compute_, teacher_, tokens);
  }

  DescentState run(const std::vector<std::size_t>& chosen, DescentState state = {},
                   std::size_t stop_after = 1000) {
    struct Stop {};
    DescentOptions options;
    options.adam = {.rates = {3e-3, 3e-3, 1.5e-3}};  // 24 tokens tell little of the way down
    try {
      descend(
          compute_, student_, chosen, [&](auto tokens) { return streams(tokens); },
          teacher_.lm_head, text_, held_out_, options, state,
          [&](const DescentState& now) {
            if (now.step == stop_after) throw Stop();
          });
    } catch (const Stop&) {
    }
    return state;
  }

  double held_out_divergence() {
    double sum = 0.0;
    for (const auto& sequence : held_out_)
      sum += student_.divergence(compute_, sequence, streams(sequence), teacher_.lm_head);
    return sum / static_cast<double>(held_out_.size());
  }

  ThreadPool pool_{2};
  ActivationScratch scratch_;
  Compute compute_{kernel_table(), pool_, scratch_};
  std::shared_ptr<const OpenedModel> opened_;
  Model teacher_;
  Model model_;
  Student student_;
  std::vector<std::vector<std::uint32_t>> text_;
  std::vector<std::vector<std::uint32_t>> held_out_;
  std::vector<std::size_t> all_;
};

TEST_F(Descent, UndoesWhatScalesCanUndo) {
  for (const Parameter& parameter : student_.parameters()) {
    for (std::size_t i = 0; i < parameter.values.size(); ++i)
      parameter.values[i] *= 1.0F + 0.02F * std::sin(static_cast<float>(i));
  }
  const DescentState report = run(all_);
  EXPECT_EQ(report.step, 60U);
  EXPECT_LT(report.best, 0.4 * report.start);
  EXPECT_NEAR(held_out_divergence(), report.best, 1e-6);
}

TEST_F(Descent, GoesOnWhereItWasStopped) {
  const auto disturb = [&] {
    for (const Parameter& parameter : student_.parameters()) {
      for (std::size_t i = 0; i < parameter.values.size(); ++i)
        parameter.values[i] = 1.0F + 0.02F * std::sin(static_cast<float>(i));
    }
  };
  disturb();
  const DescentState whole = run(all_);
  disturb();
  const DescentState half = run(all_, {}, 25);
  EXPECT_EQ(half.step, 25U);
  disturb();
  const DescentState rest = run(all_, half);
  EXPECT_EQ(rest.best, whole.best);
  EXPECT_EQ(rest.best_values, whole.best_values);
}

TEST_F(Descent, LeavesWhatIsNotChosen) {
  auto parameters = student_.parameters();
  for (float& value : parameters[1].values) value = 0.9F;
  const std::vector<float> before(parameters[1].values.begin(), parameters[1].values.end());
  run({0, 2});
  EXPECT_TRUE(std::equal(before.begin(), before.end(), parameters[1].values.begin()));
}

TEST_F(Descent, NeverEndsWorseThanItBegan) {
  // The teacher itself: every step can only lead away.
  const DescentState report = run(all_);
  EXPECT_EQ(report.best_step, 0U);
  EXPECT_LT(report.step, text_.size());  // patience
  EXPECT_NEAR(held_out_divergence(), report.start, 1e-9);
}

TEST_F(Descent, EndsWhereNumbersAreNotFinite) {
  const auto parameters = student_.parameters();
  const auto norm = std::find_if(parameters.begin(), parameters.end(), [](const Parameter& p) {
    return p.tensor == "layers.1.post_attention_layernorm.weight";
  });
  ASSERT_NE(norm, parameters.end());
  const float kept = norm->values[0];
  norm->values[0] = INFINITY;
  const DescentState broken = run(all_);
  EXPECT_EQ(broken.step, 0U);
  EXPECT_EQ(broken.not_finite, "layer 1");
  norm->values[0] = kept;
  EXPECT_EQ(run(all_).not_finite, "");
}

TEST_F(Descent, IsKeptInAFile) {
  const TestFolder folder;
  const auto path = folder.path() / "m.partial";
  const auto parameters = student_.parameters();
  EXPECT_FALSE(load_descent(path, "key", parameters, all_));
  for (const std::size_t stop : {0U, 7U}) {
    const DescentState state = run(all_, {}, stop);
    store_descent(path, "key", state);
    const auto again = load_descent(path, "key", parameters, all_);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->step, stop);
    EXPECT_EQ(again->values, state.values);
    EXPECT_EQ(again->best_values, state.best_values);
    EXPECT_EQ(again->adam.second, state.adam.second);
    EXPECT_EQ(again->best, state.best);
    EXPECT_EQ(again->start, state.start);
  }
  EXPECT_FALSE(load_descent(path, "other", parameters, all_));
  EXPECT_FALSE(load_descent(path, "key", parameters, {0, 1}));
  const std::string whole = file_bytes(path);
  for (std::size_t i = 0; i < whole.size(); i += 97) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 4);
    folder.write("m.partial", damaged);
    EXPECT_FALSE(load_descent(path, "key", parameters, all_)) << i;
    folder.write("m.partial", whole.substr(0, i));
    EXPECT_FALSE(load_descent(path, "key", parameters, all_)) << i;
    if (i > 97 * 40) break;
  }
}

}  // namespace
}  // namespace cellm

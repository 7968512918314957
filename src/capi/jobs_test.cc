#include <cmath>
#include <cstddef>
#include <set>
#include <stdexcept>
#include <thread>

#include "capi/test_capi.h"
#include "engine/opened_model.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;
using test::expect_failure;
using test::expect_ok;
using test::sized;

// The calls of a callback, and when it ends the job or has another thread end it.
struct Progress {
  std::set<std::string> stages;
  std::size_t calls = 0;
  std::size_t end_at = 0;
  cellm_cancel* cancel = nullptr;
  std::size_t cancel_at = 0;

  static int on_progress(void* user, const char* stage, std::uint64_t done, std::uint64_t total) {
    auto& progress = *static_cast<Progress*>(user);
    EXPECT_LE(done, total);
    progress.stages.insert(stage);
    ++progress.calls;
    if (progress.calls == progress.cancel_at) {
      std::thread([&] { cellm_cancel_request(progress.cancel); }).join();
    }
    return progress.calls == progress.end_at ? 1 : 0;
  }

  cellm_job_control control() {
    auto result = sized<cellm_job_control>();
    result.on_progress = on_progress;
    result.user = this;
    result.cancel = cancel;
    return result;
  }
};

class JobCalls : public test::CapiTest {
 protected:
  cellm_convert_options convert_options() const {
    auto options = sized<cellm_convert_options>();
    options.input = input_.c_str();
    options.output = output_.c_str();
    options.threads = 2;
    return options;
  }
  // With a calibration, which takes many steps.
  cellm_convert_options calibrated() const {
    auto options = convert_options();
    options.format = "int4";
    options.calibrate = text_.c_str();
    return options;
  }

  std::string some_text() const {
    std::string text;
    for (int i = 0; i < 6000; ++i) text += static_cast<char>(32 + (i * i + 7 * i) % 95);
    return text;
  }

  const std::string input_ = path_.string();
  const std::string output_ = (folder_.path() / "m.cellm").string();
  const std::string text_ = folder_.write("text.txt", some_text()).string();
};

TEST_F(JobCalls, ConvertTuneAndEvaluate) {
  Progress progress;
  auto control = progress.control();
  const auto options = calibrated();
  auto converted = sized<cellm_convert_result>();
  expect_ok(cellm_convert(&options, &control, &converted));
  EXPECT_EQ(converted.file_bytes, fs::file_size(output_));
  EXPECT_GT(converted.bits_per_weight, 4.0);
  EXPECT_LT(converted.bits_per_weight, 8.5);
  EXPECT_TRUE(std::isnan(converted.kld));
  EXPECT_TRUE(progress.stages.contains("calibrating"));
  EXPECT_TRUE(progress.stages.contains("converting"));

  auto evaluate = sized<cellm_evaluate_options>();
  evaluate.model = output_.c_str();
  evaluate.text = text_.c_str();
  evaluate.window = 128;
  evaluate.threads = 2;
  auto alone = sized<cellm_evaluate_result>();
  expect_ok(cellm_evaluate(&evaluate, nullptr, &alone));
  EXPECT_TRUE(std::isnan(alone.kld) && std::isnan(alone.top1));
  evaluate.reference = input_.c_str();
  auto before = sized<cellm_evaluate_result>();
  expect_ok(cellm_evaluate(&evaluate, nullptr, &before));
  EXPECT_EQ(before.perplexity, alone.perplexity);
  EXPECT_EQ(before.predictions, alone.predictions);
  EXPECT_GT(before.kld, 0.0);
  EXPECT_GT(before.top1, 0.0);
  EXPECT_LE(before.top1, 1.0);

  auto tune = sized<cellm_tune_options>();
  tune.file = output_.c_str();
  tune.reference = input_.c_str();
  tune.text = text_.c_str();
  tune.tokens = 2048;
  tune.threads = 2;
  const std::string tuned_file = (folder_.path() / "t.cellm").string();
  tune.output = tuned_file.c_str();
  auto tuned = sized<cellm_tune_result>();
  progress.stages.clear();
  expect_ok(cellm_tune(&tune, &control, &tuned));
  EXPECT_EQ(progress.stages, std::set<std::string>{"tuning"});
  EXPECT_LE(tuned.kld_after, tuned.kld_before);
  EXPECT_GT(tuned.kld_before, 0.0);
  EXPECT_EQ(fs::exists(tuned_file), tuned.tokens != 0);
}

TEST_F(JobCalls, EvaluateAsksQuestions) {
  auto evaluate = sized<cellm_evaluate_options>();
  evaluate.model = input_.c_str();
  evaluate.text = text_.c_str();
  evaluate.window = 128;
  evaluate.threads = 2;
  auto without = sized<cellm_evaluate_result>();
  expect_ok(cellm_evaluate(&evaluate, nullptr, &without));
  EXPECT_EQ(without.questions, 0U);
  EXPECT_TRUE(std::isnan(without.right) && std::isnan(without.distinct1));
  const std::string questions =
      folder_.write("q.jsonl", "{\"question\": \"a\", \"answer\": \"b\"}").string();
  evaluate.questions = questions.c_str();
  evaluate.answer_tokens = 5;
  auto asked = sized<cellm_evaluate_result>();
  expect_ok(cellm_evaluate(&evaluate, nullptr, &asked));
  EXPECT_EQ(asked.perplexity, without.perplexity);
  EXPECT_EQ(asked.questions, 1U);
  EXPECT_TRUE(asked.right == 0.0 || asked.right == 1.0);
  EXPECT_EQ(asked.looping, 0.0);  // needs 96 tokens
  EXPECT_GE(asked.distinct1, 1.0 / 5.0);
  EXPECT_LE(asked.distinct3, 3.0 / 5.0);
  // The struct of a caller who knows no questions.
  auto older = sized<cellm_evaluate_result>();
  older.size = offsetof(cellm_evaluate_result, questions);
  expect_ok(cellm_evaluate(&evaluate, nullptr, &older));
  EXPECT_EQ(older.perplexity, without.perplexity);
  EXPECT_EQ(older.questions, 0U);
  EXPECT_TRUE(std::isnan(asked.right_of_reference));
}

TEST_F(JobCalls, AreCancelledByTheCallback) {
  const auto options = calibrated();
  Progress whole;
  auto control = whole.control();
  expect_ok(cellm_convert(&options, &control, nullptr));
  const std::string want = file_bytes(output_);
  fs::remove(output_);
  Progress progress;
  progress.end_at = whole.calls / 2;
  control = progress.control();
  auto result = sized<cellm_convert_result>();
  expect_failure(cellm_convert(&options, &control, &result), CELLM_CANCELLED, "cancelled");
  EXPECT_EQ(progress.calls, progress.end_at);
  EXPECT_EQ(result.file_bytes, 0U);
  EXPECT_FALSE(fs::exists(output_));
  // The same call goes on to the same file.
  expect_ok(cellm_convert(&options, nullptr, nullptr));
  EXPECT_TRUE(file_bytes(output_) == want);
}

TEST_F(JobCalls, AreCancelledFromAnotherThread) {
  cellm_cancel* cancel = nullptr;
  expect_ok(cellm_cancel_new(&cancel));
  const test::CancelHandle owner(cancel);
  Progress progress;
  progress.cancel = cancel;
  progress.cancel_at = 3;
  auto control = progress.control();
  const auto options = calibrated();
  expect_failure(cellm_convert(&options, &control, nullptr), CELLM_CANCELLED, "cancelled");
  EXPECT_EQ(progress.calls, 3U);
  EXPECT_FALSE(fs::exists(output_));
  // The token stays as it is; without callback it is asked, too.
  auto quiet = sized<cellm_job_control>();
  quiet.cancel = cancel;
  expect_failure(cellm_convert(&options, &quiet, nullptr), CELLM_CANCELLED, "cancelled");
}

TEST_F(JobCalls, AnExceptionOfTheCallbackIsAnError) {
  auto control = sized<cellm_job_control>();
  control.on_progress = [](void*, const char*, std::uint64_t, std::uint64_t) -> int {
    throw std::runtime_error("thrown by the callback");
  };
  const auto options = convert_options();
  expect_failure(cellm_convert(&options, &control, nullptr), CELLM_ERROR, "thrown by the callback");
  EXPECT_FALSE(fs::exists(output_));
}

TEST_F(JobCalls, ArgumentsAreCheckedBeforeWorkBegins) {
  const auto refuse = [&](auto&& change, cellm_status status, const char* part) {
    auto options = convert_options();
    change(options);
    expect_failure(cellm_convert(&options, nullptr, nullptr), status, part);
    EXPECT_FALSE(fs::exists(output_));
  };
  refuse([](auto& o) { o.format = "int3"; }, CELLM_ERROR_USAGE, "int3");
  refuse([](auto& o) { o.embedding = "none"; }, CELLM_ERROR_USAGE, "none");
  refuse([](auto& o) { o.input = "/nowhere"; }, CELLM_ERROR_DATA, "/nowhere");
  refuse(
      [](auto& o) {
        o.target = "vax";
        o.calibrate = "default";
      },
      CELLM_ERROR_USAGE, "vax");
  refuse([](auto& o) { o.size = 0; }, CELLM_ERROR_USAGE, "size is not set");
  refuse(
      [](auto& o) {
        o.format = "int4";
        o.target_bits = 4.0;
      },
      CELLM_ERROR_USAGE, "a format or target_bits");
  refuse([](auto& o) { o.target_bits = 0.6; }, CELLM_ERROR_USAGE, "0.6");
  EXPECT_EQ(cellm_last_advice(), CELLM_ADVICE_TARGET_BITS);
  const auto options = convert_options();
  cellm_convert_result result{};
  expect_failure(cellm_convert(&options, nullptr, &result), CELLM_ERROR_USAGE,
                 "cellm_convert_result: size is not set");
  const cellm_job_control control{};
  expect_failure(cellm_convert(&options, &control, nullptr), CELLM_ERROR_USAGE,
                 "cellm_job_control: size is not set");
  EXPECT_FALSE(fs::exists(output_));
}

TEST_F(JobCalls, ANumberOfBitsIsSearchedForAndMeasured) {
  auto options = convert_options();
  options.target_bits = 6.0;
  options.calibrate = text_.c_str();
  options.tune_tokens = 2048;
  auto result = sized<cellm_convert_result>();
  expect_ok(cellm_convert(&options, nullptr, &result));
  EXPECT_LE(result.bits_per_weight, 6.0);
  EXPECT_GT(result.kld, 0.0);
  const auto model = test::open_handle(output_);
  EXPECT_NE(std::string(cellm_model_quality(model.get())).find("KLD "), std::string::npos);
}

}  // namespace
}  // namespace cellm

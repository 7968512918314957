#include "jobs/convert_job.h"

#include <algorithm>

#include "base/advice.h"
#include "io/cellm_file.h"
#include "jobs/convert_request.h"
#include "jobs/test_jobs.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;
using test::EventLog;

class ConvertJob : public ::testing::Test {
 protected:
  ConvertJobOptions options(FormatRequest formats, const std::string& output = "m.cellm") const {
    ConvertJobOptions result;
    result.input = model_;
    result.output = out_.path() / output;
    result.formats = std::move(formats);
    result.threads = 2;
    return result;
  }

  // All that a conversion can have, on little text.
  ConvertJobOptions search(const std::string& output = "m.cellm") const {
    ConvertJobOptions result = options(TargetRequest{6.0, {}, {}}, output);
    result.calibration = CalibrationRequest{std::string(kDefaultText), 1024, 0, true};
    result.tune_tokens = 2048;
    return result;
  }

  // Runs until the n-th event, which cancels.
  void cancelled_at(std::size_t event, const ConvertJobOptions& job) const {
    EventLog log;
    log.cancel_at(event);
    EXPECT_THROW(run_convert(job, log.control()), Cancelled) << event;
    EXPECT_FALSE(fs::exists(job.output)) << event;
    const std::string name = job.output.filename().string();
    for (const std::string& left : test::names_in(out_.path())) {
      const bool state = left == name + ".partial" || left == name + ".probe.partial" ||
                         left == name + ".tune.partial";
      EXPECT_TRUE(state) << left << " after event " << event;
    }
  }

  const TestFolder in_;
  const TestFolder out_;
  const fs::path model_ = test::model_with_tokenizer(in_, "llama");
};

TEST_F(ConvertJob, WritesWhatItPlanned) {
  EventLog log;
  const ConvertJobOptions job = options(GeneralRequest{parse_format_choice("int4-g32"), {}, {}});
  const ConvertResult result = run_convert(job, log.control());
  EXPECT_EQ(fs::file_size(job.output), result.plan.file_bytes);
  EXPECT_GT(verify_cellm(open_cellm_file(job.output)), result.plan.tensors.size());
  EXPECT_EQ(log.stages(), std::vector<std::string>{"converting"});
  EXPECT_EQ(log.count<FileNote>(), 1U);
  EXPECT_EQ(log.count<NoTokenizerNote>(), 0U);
  EXPECT_FALSE(result.tuned || result.quality || result.validation);
  EXPECT_EQ(test::names_in(out_.path()), std::set<std::string>{"m.cellm"});
}

TEST_F(ConvertJob, PlansWithoutWriting) {
  ConvertJobOptions job = options(StudyMode::kInt8);
  job.plan_only = true;
  job.output.clear();
  const ConvertResult result = run_convert(job, {});
  EXPECT_GT(result.plan.file_bytes, 0U);
  EXPECT_TRUE(test::names_in(out_.path()).empty());
}

TEST_F(ConvertJob, SearchesTunesAndMeasures) {
  EventLog log;
  const ConvertJobOptions job = search();
  const ConvertResult result = run_convert(job, log.control());
  const std::vector<std::string> stages{"quantizing a probe", "measuring parts",  "calibrating",
                                        "converting",         "the model writes", "tuning",
                                        "comparing"};
  EXPECT_EQ(log.stages(), stages);
  EXPECT_EQ(log.count<ExpectedTimesNote>(), 1U);
  EXPECT_EQ(log.count<FormatsNote>(), 1U);
  EXPECT_EQ(log.count<TimesNote>(), 1U);
  ASSERT_TRUE(result.tuned && result.quality);
  EXPECT_LE(result.tuned->after, result.tuned->before);
  EXPECT_LE(bits_per_weight(result.plan), 6.0);
  EXPECT_TRUE(result.quality->held_out);
  const auto stored = open_model(job.output)->quality();
  ASSERT_TRUE(stored);
  EXPECT_DOUBLE_EQ(stored->kld_mean, result.quality->comparison.kld_mean.value);
  EXPECT_EQ(test::names_in(out_.path()), std::set<std::string>{"m.cellm"});
}

TEST_F(ConvertJob, ValidatesWhatItWrote) {
  EventLog log;
  ConvertJobOptions job = options(GeneralRequest{parse_format_choice("int8"), {}, {}});
  job.validate = true;
  const ConvertResult result = run_convert(job, log.control());
  EXPECT_EQ(log.stages(), (std::vector<std::string>{"converting", "validating"}));
  ASSERT_TRUE(result.validation);
  EXPECT_EQ(result.validation->tensors, result.plan.tensors.size());
  EXPECT_LT(result.validation->worst_error, 0.01);
  EXPECT_EQ(log.count<ValidatedNote>(), 1U);
}

// Wherever it is cancelled, nothing but state is left, and the same options go on to the same file.
TEST_F(ConvertJob, GoesOnFromWhereItWasCancelled) {
  EventLog whole;
  run_convert(search("whole.cellm"), whole.control());
  const std::string want = file_bytes(out_.path() / "whole.cellm");
  fs::remove(out_.path() / "whole.cellm");
  const ConvertJobOptions job = search();
  const std::size_t events = whole.events() - 2;  // the last two come when all is done
  std::size_t fewest = events;  // of a run that goes on, which skips what needs no second run
  constexpr std::size_t kPlaces = 5;
  for (std::size_t i = 0; i < kPlaces; ++i) {
    cancelled_at(1 + i * (events - 1) / (kPlaces - 1), job);
    EventLog rest;
    run_convert(job, rest.control());
    fewest = std::min(fewest, rest.events() - 2);
    EXPECT_TRUE(file_bytes(job.output) == want) << i;
    fs::remove(job.output);
    EXPECT_TRUE(test::names_in(out_.path()).empty()) << i;
  }
  // Again and again, each time a little further.
  for (std::size_t event = 3; event < fewest; event += fewest / 6) cancelled_at(event, job);
  run_convert(job, {});
  EXPECT_TRUE(file_bytes(job.output) == want);
}

TEST_F(ConvertJob, ACancelledPlainConversionLeavesTheOldFile) {
  const ConvertJobOptions job = options(StudyMode::kInt8);
  out_.write("m.cellm", "old");
  EventLog log;
  log.cancel_at(3);
  EXPECT_THROW(run_convert(job, log.control()), Cancelled);
  EXPECT_EQ(file_bytes(job.output), "old");
  EXPECT_EQ(test::names_in(out_.path()), std::set<std::string>{"m.cellm"});
}

TEST_F(ConvertJob, SaysWhichOptionIsWrong) {
  ConvertJobOptions job = options(TargetRequest{0.6, {}, {}});
  expect_advice(AdviceKind::kTargetBits, [&] { run_convert(job, {}); });
  job.formats = TargetRequest{6.0, {}, {}};
  job.calibration = CalibrationRequest{std::string(kDefaultText), 1024, 0, false};
  expect_advice(AdviceKind::kFeedback, [&] { run_convert(job, {}); });
  job.formats = StudyMode::kF16;
  job.calibration->feedback = true;
  expect_advice(AdviceKind::kCalibration, [&] { run_convert(job, {}); });
  job.calibration.reset();
  job.overrides = {{"no such matrix", {}}};
  expect_advice(AdviceKind::kTensorOverride, [&] { run_convert(job, {}); });
  job.overrides.clear();
  job.require_mlx_4bit = true;
  expect_advice(AdviceKind::kMlx4bit, [&] { run_convert(job, {}); });
  job.output.clear();
  expect_error(ErrorKind::kUsage, "the output has no name", [&] { run_convert(job, {}); });
  EXPECT_TRUE(test::names_in(out_.path()).empty());
}

TEST(ConvertRequest, ChoosesScalesAsTheStudyUnlessMoreIsAsked) {
  const auto scale = [](FormatRequest formats, bool calibrated) {
    ConvertJobOptions options;
    options.formats = std::move(formats);
    if (calibrated) options.calibration.emplace();
    return resolve(options).options.scale;
  };
  const FormatChoice int4{FormatId::kI4, 0};
  EXPECT_EQ(scale(StudyMode::kInt4, false), ScaleMethod::kAbsmax);
  EXPECT_EQ(scale(RecipeRequest{"mixed-int4", {}, {}}, false), ScaleMethod::kAbsmax);
  EXPECT_EQ(scale(StudyMode::kInt4, true), ScaleMethod::kAuto);
  EXPECT_EQ(scale(GeneralRequest{int4, {}, {}}, false), ScaleMethod::kAuto);
  EXPECT_EQ(scale(TargetRequest{3.0, {}, {}}, false), ScaleMethod::kAuto);
  EXPECT_EQ(scale(RecipeRequest{"small", {}, {}}, false), ScaleMethod::kAuto);
}

TEST(ConvertRequest, KnowsWhatGoesTogether) {
  const auto refused = [](auto&& change) {
    ConvertJobOptions options;
    change(options);
    expect_error(ErrorKind::kUsage, "", [&] { resolve(options); });
  };
  refused([](auto& o) { o.formats = RecipeRequest{"nothing", {}, {}}; });
  refused([](auto& o) { o.formats = RecipeRequest{"int8", FormatChoice{}, {}}; });
  refused([](auto& o) { o.tune_tokens = 1000; });
  refused([](auto& o) { o.allow_nonfinite = o.validate = true; });
  refused([](auto& o) {
    o.formats = RecipeRequest{"small", {}, {}};
    o.validate = true;
  });
  refused([](auto& o) {
    o.scale = ScaleMethod::kAbsmax;
    o.calibration.emplace();
  });
}

TEST(ConvertRequest, ANumberOfBitsBringsTextAndTuning) {
  ConvertJobOptions options;
  options.formats = RecipeRequest{"tiny", FormatChoice{FormatId::kF16, 0}, {}};
  const ConvertRequest request = resolve(options);
  ASSERT_TRUE(request.target && request.calibration && request.recipe);
  EXPECT_EQ(request.target->bits_per_weight, 2.25);
  EXPECT_TRUE(request.target->embedding_given);
  EXPECT_EQ(request.calibration->text, kDefaultText);
  EXPECT_EQ(request.tune_tokens, kTuningTokens);
  EXPECT_TRUE(request.options.text_only);
  const auto& formats = std::get<GeneralFormats>(request.options.formats);
  EXPECT_EQ(formats.embedding, (FormatChoice{FormatId::kF16, 0}));
}

}  // namespace
}  // namespace cellm

#include <nlohmann/json.hpp>

#include "convert/convert.h"
#include "eval/report.h"
#include "io/cellm_file.h"
#include "jobs/evaluate_job.h"
#include "jobs/study_job.h"
#include "jobs/test_jobs.h"
#include "jobs/tune_job.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;
using test::EventLog;

class Jobs : public ::testing::Test {
 protected:
  Jobs() {
    std::string text;
    for (int i = 0; i < 3000; ++i) text += static_cast<char>(32 + (i * i + 7 * i) % 95);
    in_.write("text.txt", text);
    convert_to(file_);
  }

  void convert_to(const fs::path& path) const {
    const auto model = open_model(model_);
    ConvertOptions options;
    options.formats = general_formats({FormatId::kI4, 0});
    ThreadPool pool(2);
    convert(*model, plan_conversion(*model, options), path, pool, {});
  }

  const TestFolder in_;
  const TestFolder out_;
  const fs::path model_ = test::model_with_tokenizer(in_, "llama");
  const fs::path file_ = in_.path() / "m.cellm";
};

TEST_F(Jobs, TuningGoesOnFromWhereItWasCancelled) {
  TuneJobOptions job;
  job.file = file_;
  job.reference = model_;
  job.output = out_.path() / "t.cellm";
  job.tuning.tokens = 8192;
  job.tuning.held_out = 2;
  job.tuning.threads = 2;
  EventLog whole;
  const TuneResult result = run_tune(job, whole.control());
  EXPECT_LE(result.after, result.before);
  EXPECT_EQ(whole.count<TuningBeginsNote>(), 1U);
  const std::string want = file_bytes(job.output);
  fs::remove(job.output);
  for (std::size_t event = 2; event < whole.events(); event += whole.events() / 4) {
    EventLog log;
    log.cancel_at(event);
    EXPECT_THROW(run_tune(job, log.control()), Cancelled);
    for (const std::string& left : test::names_in(out_.path()))
      EXPECT_EQ(left, "t.cellm.tune.partial");
    run_tune(job, {});
    EXPECT_TRUE(file_bytes(job.output) == want) << event;
    EXPECT_EQ(test::names_in(out_.path()), std::set<std::string>{"t.cellm"});
    fs::remove(job.output);
  }
}

TEST_F(Jobs, EvaluatingIsWhatItsPartsGive) {
  EvaluateJobOptions job;
  job.model = file_;
  job.reference = model_;
  job.texts = {in_.path() / "text.txt"};
  job.eval.window = 128;
  job.eval.resamples = 100;
  job.threads = 2;
  job.store = true;
  EventLog log;
  const EvaluateResult result = run_evaluate(job, log.control());
  EXPECT_EQ(log.stages(), (std::vector<std::string>{"comparing", "measuring the engine's floor"}));
  ASSERT_TRUE(result.evaluation && result.evaluation->comparison && result.floor);

  const Engine model(open_model(file_), {{}, 1, kAllLayers, Activations::kInt8});
  const Engine reference(open_model(model_), {{}, 1, kAllLayers, Activations::kF32});
  const EvalTokens tokens =
      tokenize_text(read_eval_text(job.texts[0]), *model.opened().tokenizer());
  const EvalSubject subject{&model, KvEncoding::kF32};
  const Evaluation want =
      evaluate({&subject, 1}, &reference, {&tokens, 1}, job.eval, [](auto, auto) {}).front();
  EXPECT_EQ(result.evaluation->perplexity.value, want.perplexity.value);
  EXPECT_EQ(result.evaluation->comparison->kld_mean.value, want.comparison->kld_mean.value);
  EXPECT_EQ(result.reference->path, model_.string());
  const auto stored = open_model(file_)->quality();
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->kld_mean, want.comparison->kld_mean.value);
}

TEST_F(Jobs, ACancelledEvaluationStoresNothing) {
  const std::string before = file_bytes(file_);
  EvaluateJobOptions job;
  job.model = file_;
  job.reference = model_;
  job.texts = {in_.path() / "text.txt"};
  job.eval.window = 128;
  job.store = true;
  for (const std::size_t event : {std::size_t{1}, std::size_t{2}, std::size_t{7}}) {
    EventLog log;
    log.cancel_at(event);
    EXPECT_THROW(run_evaluate(job, log.control()), Cancelled);
    EXPECT_TRUE(file_bytes(file_) == before);
  }
}

TEST_F(Jobs, AStudyGoesOnFromWhereItWasCancelled) {
  StudyJobOptions job;
  job.study.source = model_;
  job.study.output = out_.path() / "study";
  job.study.texts = {in_.path() / "text.txt"};
  job.study.formats = {"int8"};
  job.study.questions = in_.write("q.jsonl", R"({"question": "a?", "answer": "b"})");
  job.study.tokens = 512;
  job.study.window = 128;
  job.study.generate = 4;
  job.study.sensitivity_tokens = 0;
  job.study.speed_runs = 0;
  job.study.threads = 2;
  std::size_t event = 2;
  std::size_t runs = 1;
  for (;; ++runs) {
    EventLog log;
    log.cancel_at(event);
    event += 40;
    try {
      const auto document = run_study_job(job, log.control());
      EXPECT_EQ(document.at("formats").size(), 2U);
      break;
    } catch (const Cancelled&) {
      EXPECT_FALSE(fs::exists(job.study.output / "study.json"));
    }
  }
  EXPECT_GT(runs, 2U);
}

}  // namespace
}  // namespace cellm

#include "study/work_plan.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "eval/coherence.h"
#include "study/answers.h"

namespace cellm {
namespace {

// Relative to a prompt's token: one generated in a batch; then, in tokens, the overhead of
// converting and of a speed measurement; then, for each token of training, both models forward and
// one backward.
constexpr double kGeneratedWeight = 1.3;
constexpr double kConvertWork = 400.0;
constexpr double kSpeedRunWork = 1200.0;
constexpr double kTrainWeight = 4.0;
constexpr double kTrainedTokens = 60000.0;

double coherence_work(const Study& study) {
  return static_cast<double>(2 * coherence_prompts().size() * study.options.generate) *
         (1.0 + kGeneratedWeight);
}

// For the time left: tokens of a question in a chat format, and the part of the tokens allowed that
// an answer has.
constexpr double kQuestionTokens = 40.0;
constexpr double kAnswerShare = 0.4;

double answers_work(const Study& study) {
  return static_cast<double>(study.questions.size()) *
         (kQuestionTokens +
          kAnswerShare * kGeneratedWeight * static_cast<double>(study.options.generate));
}

double parts_work(Study& study) {
  if (study.parts.empty()) study.parts = model_parts(*study.model);
  return static_cast<double>(study.parts.size() * study.options.sensitivity_tokens);
}

class StepList {
 public:
  StepList(Study& study, std::size_t split) : study_(study), split_(split) {}

  std::vector<StudyStep> list() {
    each_row([&](std::size_t row) { add_file(row); });
    if (split_ > 1) each_row([&](std::size_t row) { add_scores(row); });
    each_row([&](std::size_t row) { add_evaluation(row); });
    add_floor();
    each_row([&](std::size_t row) {
      add(StepKind::kWrite, kCoherenceStep, row, coherence_key(study_, study_.rows[row]),
          coherence_work(study_), {0, row});
    });
    if (!study_.questions.empty()) {
      each_row([&](std::size_t row) {
        add(StepKind::kAnswer, kAnswersStep, row, answers_key(study_, study_.rows[row]),
            answers_work(study_), {row});
      });
    }
    if (study_.options.speed_runs > 0) {
      const double work = kSpeedRunWork * static_cast<double>(study_.options.speed_runs);
      each_row([&](std::size_t row) {
        add(StepKind::kSpeed, kSpeedStep, row, speed_key(study_, study_.rows[row]), work, {row});
      });
    }
    if (study_.options.sensitivity_tokens > 0) {
      for (const StudyRow* row : part_rows(study_)) {
        add(StepKind::kParts, kPartsStep, index_of(*row), parts_key(study_, *row),
            parts_work(study_), {0, row->same_as.value_or(index_of(*row))});
      }
    }
    add_histograms();
    return std::move(steps_);
  }

 private:
  // Calls `body` for the rows with files of their own.
  template <class Body>
  void each_row(Body body) {
    for (std::size_t i = 0; i < study_.rows.size(); ++i) {
      if (!study_.rows[i].same_as) body(i);
    }
  }

  std::size_t index_of(const StudyRow& row) const {
    return static_cast<std::size_t>(&row - study_.rows.data());
  }

  StudyStep& add(StepKind kind, std::string_view step, std::size_t row, std::string key,
                 double work, std::vector<std::size_t> files) {
    std::sort(files.begin(), files.end());
    files.erase(std::unique(files.begin(), files.end()), files.end());
    steps_.push_back({.kind = kind,
                      .name = step_name(step, study_.rows[row]),
                      .key = std::move(key),
                      .row = row,
                      .files = std::move(files),
                      .needs = {},
                      .work = work});
    return steps_.back();
  }

  void add_file(std::size_t index) {
    const StudyRow& row = study_.rows[index];
    if (!row.is_own) return;
    if (row.format.making == StudyMaking::kPlanned) {
      add(StepKind::kConvert, kConvertStep, index, row.key, kConvertWork, {});
      return;
    }
    const auto tokens = study_.options.tune_tokens.value_or(kTrainedTokens);
    add(StepKind::kTrain, kConvertStep, index, row.key,
        kConvertWork + kTrainWeight * static_cast<double>(tokens),
        row.base ? std::vector<std::size_t>{*row.base} : std::vector<std::size_t>{});
  }

  void add_scores(std::size_t index) {
    const std::string key = row_eval_key(study_, study_.rows[index]);
    const std::size_t windows = count_windows(study_.tokens, study_.eval);
    const std::size_t parts = std::min(split_, windows);
    for (std::size_t part = 0; part < parts; ++part) {
      const std::size_t first = windows * part / parts;
      const std::size_t count = windows * (part + 1) / parts - first;
      StudyStep& step = add(StepKind::kScore, kScoreStep, index,
                            step_key({key, fmt::format("{} {}", first, count)}),
                            2.0 * static_cast<double>(count * study_.eval.window), {0, index});
      step.name += fmt::format("-{}", part + 1);
      step.first = first;
      step.count = count;
    }
  }

  void add_evaluation(std::size_t index) {
    const std::string key = row_eval_key(study_, study_.rows[index]);
    if (split_ == 1) {
      const double work = static_cast<double>(eval_tokens(study_)) * (1.0 + 1.0 / kFormatsTogether);
      add(StepKind::kEvaluate, kEvaluationStep, index, key, work, {0, index});
      return;
    }
    StudyStep& step = add(StepKind::kMerge, kEvaluationStep, index, key, 1.0, {});
    for (const StudyStep& other : steps_) {
      if (other.kind == StepKind::kScore && other.row == index)
        step.needs.push_back({other.name, other.key});
    }
  }

  void add_floor() {
    std::vector<std::size_t> files;
    const auto int8 = int8_row(study_);
    if (int8) files = {0, study_.rows[*int8].same_as.value_or(*int8)};
    steps_.push_back({.kind = StepKind::kFloor,
                      .name = std::string(kFloorStep),
                      .key = floor_key(study_),
                      .files = files,
                      .needs = {},
                      .work = int8 ? 2.0 * static_cast<double>(eval_tokens(study_)) : 1.0});
  }

  void add_histograms() {
    std::vector<std::size_t> files;
    each_row([&](std::size_t row) { files.push_back(row); });
    steps_.push_back({.kind = StepKind::kHistograms,
                      .name = "histograms",
                      .key = histogram_key(study_),
                      .files = std::move(files),
                      .needs = {},
                      .work = kConvertWork});
  }

  Study& study_;
  std::size_t split_;
  std::vector<StudyStep> steps_;
};

}  // namespace

std::string_view step_kind_name(StepKind kind) {
  switch (kind) {
    case StepKind::kConvert:
      return "convert";
    case StepKind::kTrain:
      return "train";
    case StepKind::kScore:
      return "score";
    case StepKind::kEvaluate:
      return "evaluate";
    case StepKind::kMerge:
      return "merge";
    case StepKind::kFloor:
      return "floor";
    case StepKind::kWrite:
      return "write";
    case StepKind::kAnswer:
      return "answer";
    case StepKind::kSpeed:
      return "speed";
    case StepKind::kParts:
      return "parts";
    case StepKind::kHistograms:
      return "histograms";
  }
  CELLM_CHECK(false);
}

std::vector<StudyStep> study_steps(Study& study, std::size_t split) {
  return StepList(study, split).list();
}

bool is_missing(const Study& study, const StudyStep& step) {
  if (makes_file(step.kind)) return !has_file(study, study.rows[step.row]);
  return !study.steps.find(step.name, step.key).has_value();
}

}  // namespace cellm

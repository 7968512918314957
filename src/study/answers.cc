#include "study/answers.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "eval/report.h"
#include "study/evaluation_steps.h"

namespace cellm {
namespace {

using OrderedJson = nlohmann::ordered_json;

// Whether the answer to each question is right. Throws what nlohmann::json throws for a result of
// other questions.
std::vector<bool> right_items(const Study& study, const OrderedJson& result) {
  std::vector<bool> right;
  for (std::size_t i = 0; i < study.questions.size(); ++i)
    right.push_back(result.at("items").at(i).at("right").get<bool>());
  return right;
}

std::string outcomes(const OrderedJson& items) {
  std::string text;
  for (const OrderedJson& item : items) {
    text += item.at("right").get<bool>() ? 'r' : item.at("looping").get<bool>() ? 'l' : 'w';
  }
  return text;
}

}  // namespace

void read_questions_of(Study& study) {
  if (study.options.questions.empty()) return;
  const std::string text = read_question_text(study.options.questions);
  study.questions = parse_questions(text, printable(study.options.questions.string()));
  study.questions_key = step_key({text});
}

std::string answers_key(const Study& study, const StudyRow& row) {
  return step_key({row.key, study.questions_key,
                   fmt::format("{} {}", study.options.generate, study.options.target)});
}

void answer_questions(Study& study, const StudyStep& step) {
  const StudyRow& row = study.rows[step.row];
  study.work.begin(
      fmt::format("{}: answering {} questions", row.format.name, study.questions.size()),
      step.work);
  const Engine model = study_engine(study, row.file, Activations::kInt8);
  const AnswerEvaluation evaluation = evaluate_answers(
      {&model, KvEncoding::kF16}, *study.tokenizer, study.questions,
      {.tokens = study.options.generate}, study.eval,
      [&](std::size_t done, std::size_t total) { study.work.update(done, total); });
  study.steps.store(step.name, step.key, to_json(evaluation, study.questions));
}

OrderedJson answers_json(const Study& study, const StudyRow& row) {
  if (study.questions.empty()) return nullptr;
  const auto find = [&](const StudyRow& of) {
    return study.steps.find(step_name(kAnswersStep, of), answers_key(study, of)).value();
  };
  OrderedJson result = find(row);
  const OrderedJson reference = find(study.rows[0]);
  put_estimate(
      result, "right_of_reference",
      right_of_reference(right_items(study, result), right_items(study, reference), study.eval));
  result["outcomes"] = outcomes(result.at("items"));
  for (const char* key : {"items", "seconds"}) result.erase(key);
  return result;
}

}  // namespace cellm

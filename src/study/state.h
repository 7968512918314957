// The state of a study: model, texts, planned formats and the keys of its steps.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "convert/convert.h"
#include "engine/engine.h"
#include "eval/evaluate.h"
#include "eval/questions.h"
#include "eval/text.h"
#include "study/formats.h"
#include "study/sensitivity.h"
#include "study/step_store.h"
#include "study/study.h"
#include "study/work.h"

namespace cellm {

// A format and the formats of its tensors.
struct StudyRow {
  StudyFormat format;
  ConvertPlan plan;
  std::string signature;               // equal for rows with the same tensors
  std::optional<std::size_t> same_as;  // an earlier row with the same tensors
  std::optional<std::size_t> base;     // kTuned: the row whose file is tuned, not its same_as
  std::filesystem::path file;
  std::string key;     // of the file
  bool is_own = true;  // made by the study; false for a file of StudyOptions::files

  bool is_planned() const { return is_own && format.making == StudyMaking::kPlanned; }
};

// What a step does with a row; its name in the store is this and the row's.
inline constexpr std::string_view kConvertStep = "convert-";  // also trains and tunes
inline constexpr std::string_view kScoreStep = "scores-";
inline constexpr std::string_view kEvaluationStep = "eval-";
inline constexpr std::string_view kCoherenceStep = "coherence-";
inline constexpr std::string_view kAnswersStep = "answers-";
inline constexpr std::string_view kSpeedStep = "speed-";
inline constexpr std::string_view kPartsStep = "parts-";
// Steps of no row.
inline constexpr std::string_view kFloorStep = "eval-floor";

std::string step_name(std::string_view step, const StudyRow& row);

// Options and hooks must outlive it. Not thread-safe.
struct Study {
  const StudyOptions& options;
  const StudyHooks& hooks;
  Work work;
  std::shared_ptr<const OpenedModel> model;
  StepStore steps;
  const Tokenizer* tokenizer = nullptr;
  std::vector<EvalText> texts = {};
  std::vector<EvalTokens> tokens = {};  // one for each text
  std::vector<Question> questions = {};
  std::string questions_key = {};
  std::uint64_t source_checksum = 0;
  std::uint64_t text_checksum = 0;
  std::string source_key = {};
  std::string eval_key = {};
  EvalOptions eval = {};
  std::vector<StudyRow> rows = {};    // f16 first
  std::vector<ModelPart> parts = {};  // filled by study_steps()
};

// Opens the model, reads the texts and plans the rows. Throws as run_study().
Study open_study(const StudyOptions& options, const StudyHooks& hooks);

// Keys of the steps: hashes of everything that a step's result depends on.
std::string speed_key(const Study& study, const StudyRow& row);
std::string coherence_key(const Study& study, const StudyRow& row);
std::string row_eval_key(const Study& study, const StudyRow& row);
std::string floor_key(const Study& study);
std::string parts_key(const Study& study, const StudyRow& row);
std::string histogram_key(const Study& study);

// Whether the row's file exists and was made under its key.
bool has_file(const Study& study, const StudyRow& row);

// Throws Error(kData) naming the step unless has_file().
void require_file(const Study& study, const StudyRow& row);
// Error(kData) for a step whose stored result is needed.
Error missing_step(const Study& study, const std::string& step);

// The row int8, whose file is also run with exact activations.
std::optional<std::size_t> int8_row(const Study& study);

// Rows whose parts are measured one by one: the formats that the original study found insufficient,
// with both ways of choosing int2's scale.
std::vector<const StudyRow*> part_rows(const Study& study);

// Tokens that are evaluated, in whole windows.
std::size_t eval_tokens(const Study& study);

}  // namespace cellm

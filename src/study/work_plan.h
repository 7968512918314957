// The steps of a study, and their work in tokens through the model, for the time left.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "study/state.h"

namespace cellm {

enum class StepKind : std::uint8_t {
  kConvert,     // the file of a row
  kTrain,       // the same, by data (StudyHooks::make_trained)
  kScore,       // the predictions of some windows, each
  kEvaluate,    // perplexity and divergence
  kMerge,       // the same, of scores of all windows
  kFloor,       // those of int8 weights with exact activations
  kWrite,       // texts written by the row's model, and their coherence
  kAnswer,      // answers to questions
  kSpeed,       // speed and memory
  kParts,       // sensitivity to each part of the model
  kHistograms,  // of weights
};
// "convert", "train", "score", …
std::string_view step_kind_name(StepKind kind);
// Whether it is a step of this kind that makes the file of a row.
inline bool makes_file(StepKind kind) {
  return kind == StepKind::kConvert || kind == StepKind::kTrain;
}

// A stored result.
struct StepResult {
  std::string name;
  std::string key;
};

// A step. Its result is stored under its name and key; that of a conversion is the row's file, too.
struct StudyStep {
  StepKind kind;
  std::string name;
  std::string key;
  std::size_t row = 0;             // that it is about, if there is one
  std::vector<std::size_t> files;  // the rows whose files it reads
  std::vector<StepResult> needs;   // the stored results that it reads, in their order
  std::size_t first = 0;           // kScore: windows [first, first + count)
  std::size_t count = 0;
  double work = 0.0;  // tokens through the model
};

// All steps, finished or not, each after those that it needs; those of a kind follow each other.
// With split > 1 each evaluation is as many steps that score windows, if there are as many windows,
// and one that merges them.
std::vector<StudyStep> study_steps(Study& study, std::size_t split);

// Whether a step has no stored result, or its file is not there.
bool is_missing(const Study& study, const StudyStep& step);

// Models that are evaluated side by side, so that the reference runs once for all of them. More
// would need more memory and lose more work when interrupted.
inline constexpr std::size_t kFormatsTogether = 4;

}  // namespace cellm

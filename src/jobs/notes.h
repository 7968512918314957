// Notes: facts that a job reports besides progress and result. The front end writes their texts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "convert/convert.h"
#include "convert/validate.h"
#include "eval/evaluate.h"

namespace cellm {

struct StageTime {
  std::string_view name;
  double seconds = 0.0;
};

// Converting

// A recipe with a target of bits per weight, and its measured results.
struct RecipeNote {
  std::string_view name;
  double bits_per_weight = 0.0;
  std::string_view expectation;
};
// The expected duration of the stages.
struct ExpectedTimesNote {
  std::vector<StageTime> stages;
};
// The calibration text is shorter than recommended.
struct FewTokensNote {
  std::uint64_t tokens = 0;
  std::size_t cols = 0;         // of the widest matrix
  std::size_t good_tokens = 0;  // recommended
};
struct FewDifferentTokensNote {
  std::string text;
  std::size_t tokens = 0;
};
// The result of the format search.
struct FormatsNote {
  const ConvertPlan* plan = nullptr;  // valid during the event
  std::size_t parts = 0;              // measured
  double predicted_kld = 0.0;         // nats per token
};
// The file contains tensors that cellm does not use: vision, multi-token prediction.
struct UnusedTensorsNote {
  std::uint64_t bytes = 0;
};
struct NoTokenizerNote {};
// An assumption about the files of the source, or a field ignored in them.
struct SourceNote {
  std::string text;
};
// Tensors taken over from an interrupted run.
struct ResumedNote {
  std::size_t resumed = 0;
  std::size_t tensors = 0;
};
struct NoFeedbackNote {
  std::vector<std::string> tensors;
};
// How far corrected targets are from the weights, ‖T − W‖ / ‖W‖.
struct TargetsNote {
  std::size_t tensors = 0;
  double mean = 0.0;
  double largest = 0.0;
  std::string largest_tensor;
  std::vector<std::string> limited;     // to kMostTargetChange
  std::vector<std::string> overflowed;  // not corrected: the source's model overflows on the text
};
// Seconds.
struct CalibrationTimesNote {
  double forward = 0.0;
  double moments = 0.0;
  double quantizing = 0.0;
};
struct ReplacedValuesNote {
  std::vector<BadValues> found;
};
// Kept matrices stored as f32, because the column order differs in the input.
struct KeptAsFloatsNote {
  std::size_t tensors = 0;
  std::uint64_t bytes = 0;         // in the file
  std::uint64_t stored_bytes = 0;  // in the input
};
// The size of the written file.
struct FileNote {
  std::uint64_t bytes = 0;
  double bits_per_weight = 0.0;
};
// The divergence of the file from its source.
struct QualityNote {
  Comparison comparison;
  std::size_t predictions = 0;
  bool held_out = false;  // measured on text outside of the calibration
};
struct ValidatedNote {
  ValidationReport report;
};
struct TimesNote {
  std::vector<StageTime> stages;
};

// A model of the hub is converted and kept for later calls.
struct ConvertsOnceNote {
  std::string model;
  std::string format;
  std::string path;
};

// Tuning

struct TuningBeginsNote {
  std::size_t windows = 0;
  std::size_t window_tokens = 0;
  std::uint64_t memory_bytes = 0;  // beside both models, at most
};
// A warning: training ended early at a value that is not finite.
struct TuningStoppedNote {
  std::size_t step = 0;
  std::size_t steps = 0;
  std::string where;
};
// KL divergence on held-out text in nats per token.
struct TuneResult {
  double before = 0.0;
  double after = 0.0;
  std::size_t tokens = 0;  // trained on until the best values; 0 if the initial ones were best
};

using Note = std::variant<RecipeNote, ExpectedTimesNote, FewTokensNote, FewDifferentTokensNote,
                          FormatsNote, UnusedTensorsNote, NoTokenizerNote, SourceNote, ResumedNote,
                          NoFeedbackNote, TargetsNote, CalibrationTimesNote, ReplacedValuesNote,
                          KeptAsFloatsNote, FileNote, QualityNote, ValidatedNote, TimesNote,
                          ConvertsOnceNote, TuningBeginsNote, TuningStoppedNote, TuneResult>;

}  // namespace cellm

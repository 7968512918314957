// What a job has to say beside its progress and its result: facts, which a front end words.
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

// A recipe that stands for a number of bits per weight, and what is known of its results.
struct RecipeNote {
  std::string_view name;
  double bits_per_weight = 0.0;
  std::string_view expectation;
};
// What the stages ahead are expected to take.
struct ExpectedTimesNote {
  std::vector<StageTime> stages;
};
// The calibration text has fewer tokens than a good result takes.
struct FewTokensNote {
  std::uint64_t tokens = 0;
  std::size_t cols = 0;         // of the widest matrix
  std::size_t good_tokens = 0;  // from which on they are enough
};
struct FewDifferentTokensNote {
  std::string text;
  std::size_t tokens = 0;
};
// The formats that the search found.
struct FormatsNote {
  const ConvertPlan* plan = nullptr;  // valid during the event
  std::size_t parts = 0;              // that were measured
  double predicted_kld = 0.0;         // nats for a token
};
// Tensors that cellm does not run are kept in the file: vision, multi-token prediction.
struct UnusedTensorsNote {
  std::uint64_t bytes = 0;
};
struct NoTokenizerNote {};
// Tensors that an interrupted run had quantized before.
struct ResumedNote {
  std::size_t resumed = 0;
  std::size_t tensors = 0;
};
struct NoFeedbackNote {
  std::vector<std::string> tensors;
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
// Kept matrices that became f32, since the order of their columns is another one in the input.
struct KeptAsFloatsNote {
  std::size_t tensors = 0;
  std::uint64_t bytes = 0;         // in the file
  std::uint64_t stored_bytes = 0;  // in the input
};
// The size of the file that was written.
struct FileNote {
  std::uint64_t bytes = 0;
  double bits_per_weight = 0.0;
};
// How far the file is from its source.
struct QualityNote {
  Comparison comparison;
  std::size_t predictions = 0;
  bool held_out = false;  // measured on text that the file was not calibrated on
};
struct ValidatedNote {
  ValidationReport report;
};
struct TimesNote {
  std::vector<StageTime> stages;
};

// Tuning

struct TuningBeginsNote {
  std::size_t windows = 0;
  std::size_t window_tokens = 0;
  std::uint64_t memory_bytes = 0;  // beside both models, at most
};
// A warning: training ended early since a number was not finite.
struct TuningStoppedNote {
  std::size_t step = 0;
  std::size_t steps = 0;
  std::string where;
};
// KL divergence on held-out text, in nats for a token.
struct TuneResult {
  double before = 0.0;
  double after = 0.0;
  std::size_t tokens = 0;  // that the best values were learnt from; 0 if the first were the best
};

using Note =
    std::variant<RecipeNote, ExpectedTimesNote, FewTokensNote, FewDifferentTokensNote, FormatsNote,
                 UnusedTensorsNote, NoTokenizerNote, ResumedNote, NoFeedbackNote,
                 CalibrationTimesNote, ReplacedValuesNote, KeptAsFloatsNote, FileNote, QualityNote,
                 ValidatedNote, TimesNote, TuningBeginsNote, TuningStoppedNote, TuneResult>;

}  // namespace cellm

#include "jobs/conversion_text.h"

#include <set>
#include <utility>

#include "base/advice.h"
#include "engine/engine.h"
#include "jobs/own_text_windows.h"

namespace cellm {
namespace {

// Held-out windows for the validation of tuning, in addition to kHeldOutWindows and to windows that
// the model generates.
constexpr std::size_t kTuningWindows = 4;

// The text with held-out windows for tuning, taken from `text`: the result must be measured on
// others.
CalibrationText tuning_text(CalibrationText& text) {
  CalibrationText apart = text;
  apart.held_out.clear();
  for (std::size_t i = 0; i < kTuningWindows && text.held_out.size() > 1; ++i) {
    apart.held_out.push_back(std::move(text.held_out.back()));
    text.held_out.pop_back();
  }
  return apart;
}

}  // namespace

ConversionText conversion_text(const std::shared_ptr<const OpenedModel>& source,
                               const ConvertRequest& request, const EngineOptions& engine,
                               const JobControl& control) {
  const CalibrationRequest& wanted = *request.calibration;
  const std::size_t held_out =
      (request.target ? kHeldOutWindows : 0) + (request.tune_tokens != 0 ? kTuningWindows : 0);
  ConversionText text;
  if (is_own_text(wanted.text)) {
    EngineOptions fast = engine;
    fast.activations = Activations::kFast;
    text.calibration = own_calibration_text(wanted.text, Engine(source, fast), wanted.tokens,
                                            held_out, wanted.seed, control);
  } else {
    text.calibration =
        read_calibration_text(wanted.text, *source, wanted.tokens, wanted.seed, held_out);
  }
  if (request.tune_tokens != 0) text.tuning = tuning_text(text.calibration);
  text.calibration.label.feedback = wanted.feedback;
  text.calibration.label.corrected_targets = wanted.feedback && wanted.corrected_targets;
  return text;
}

void require_enough_text(const ConversionText& text, std::string_view name, std::size_t cols,
                         const JobControl& control) {
  constexpr std::size_t kGood = 4;
  constexpr std::size_t kFewTokens = 64;
  const std::uint64_t tokens = text.calibration.label.tokens;
  if (tokens < cols) {
    throw usage_error({AdviceKind::kCalibrateOnMore, cols, tokens},
                      "{}: {} tokens are too few for matrices of {} columns; error feedback needs "
                      "at least {} and is good from {} on",
                      printable(name), tokens, cols, cols, kGood * cols);
  }
  if (tokens < kGood * cols) control.note(FewTokensNote{tokens, cols, kGood * cols});
  std::set<std::uint32_t> different;
  for (const auto& window : text.calibration.windows) {
    different.insert(window.begin(), window.end());
  }
  if (different.size() < kFewTokens) {
    control.note(FewDifferentTokensNote{std::string(name), different.size()});
  }
}

}  // namespace cellm

// Text written by the model itself, for calibration and tuning.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "convert/calibrate.h"
#include "engine/engine.h"
#include "jobs/job.h"
#include "tokenizer/tokenizer.h"

namespace cellm {

// The names of such texts in place of a file: continuations of openings, and answers to requests.
inline constexpr std::string_view kOwnText = "self";
inline constexpr std::string_view kOwnAnswers = "chat";
inline bool is_own_text(std::string_view text) {
  return text == kOwnText || text == kOwnAnswers;
}

// `count` sequences of kCalibrationWindow tokens at most (tune/own_text.h). Throws Cancelled;
// Error(kUnsupported) for answers of a model without a chat template.
std::vector<std::vector<std::uint32_t>> own_windows(std::string_view text, const Engine& model,
                                                    const Tokenizer& tokenizer, std::size_t count,
                                                    std::uint64_t seed, const JobControl& control);

// About `tokens` tokens of such text in whole windows, and `held_out` further windows. Throws as
// own_windows(), and Error(kData) for a model without tokenizer.
CalibrationText own_calibration_text(std::string_view text, const Engine& model, std::size_t tokens,
                                     std::size_t held_out, std::uint64_t seed,
                                     const JobControl& control);

}  // namespace cellm

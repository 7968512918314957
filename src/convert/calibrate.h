// Calibration: the statistics of a model's inputs over a text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>
#include <vector>

#include "convert/convert.h"
#include "engine/engine.h"
#include "quantize/statistics.h"

namespace cellm {

// Tokens of a calibration sequence; the last window may be shorter.
inline constexpr std::size_t kCalibrationWindow = 512;

// The windows of a text.
struct CalibrationText {
  std::vector<std::vector<std::uint32_t>> windows;   // each with the template's first token, if any
  std::vector<std::vector<std::uint32_t>> held_out;  // for measuring the result
  std::size_t begin_tokens = 0;  // at the start of each window, from the template
  CalibrationLabel label;        // of `windows`
};

// The name of the built-in text for read_calibration_text().
inline constexpr std::string_view kDefaultText = "default";

// Takes windows of a text, up to `max_tokens` tokens in all, tokenized by the model's tokenizer;
// control tokens spelled in the text are tokenized as text. The windows are spread evenly, or drawn
// at random with a `seed` other than 0. In addition, `held_out` whole windows are held out, at most
// a quarter of the text. `path` may be kDefaultText. Throws Error(kData) for a file that is
// unreadable, not UTF-8 or too large, or a model without tokenizer; Error(kUsage) for fewer than
// kCalibrationWindow tokens.
CalibrationText read_calibration_text(const std::filesystem::path& path, const OpenedModel& model,
                                      std::size_t max_tokens, std::uint64_t seed = 0,
                                      std::size_t held_out = 0);

// The same text with a subset of its windows, spread evenly, of at most `max_tokens` tokens but at
// least one window.
CalibrationText thinned(const CalibrationText& text, std::size_t max_tokens);

// Called with tokens done and in total.
using CalibrationProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

// Runs the engine, which should have exact activations, over all windows. The result does
// not depend on the number of threads; it uses the engine's pool. Throws Error(kData) naming a
// matrix whose input overflowed.
Statistics calibrate(const Engine& engine, const CalibrationText& text,
                     const CalibrationProgress& progress);

}  // namespace cellm

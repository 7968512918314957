// For tests only: random texts for small models, and plans of a conversion along them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>

#include "convert/calibrated_conversion.h"
#include "convert/convert.h"
#include "format/formats.h"

namespace cellm {

// Windows of tokens below `vocab_size`, not all equally frequent.
inline CalibrationText random_text(std::size_t vocab_size, std::size_t windows, std::size_t tokens,
                                   unsigned seed) {
  std::mt19937 random(seed);
  CalibrationText text;
  for (std::size_t w = 0; w < windows; ++w) {
    auto& window = text.windows.emplace_back(tokens);
    for (auto& token : window) {
      token = static_cast<std::uint32_t>(random() % (random() % vocab_size + 1));
    }
    text.label.tokens += window.size();
  }
  text.label.text_checksum = "0123456789abcdef";
  return text;
}

inline CalibrationText some_text(const OpenedModel& model, unsigned seed = 11) {
  CalibrationText text = random_text(model.config().vocab_size, 8, 200, seed);
  text.label.feedback = true;
  return text;
}

inline ConvertOptions options_of(const CalibrationText& text, const FormatChoice& body) {
  ConvertOptions options;
  options.formats = GeneralFormats{body, {FormatId::kI8, 0}, {FormatId::kI8, 0}};
  options.scale = ScaleMethod::kAuto;
  options.calibration = text.label;
  return options;
}

inline ConvertPlan plan_of(const OpenedModel& model, const CalibrationText& text,
                           const FormatChoice& body) {
  return plan_conversion(model, options_of(text, body));
}

}  // namespace cellm

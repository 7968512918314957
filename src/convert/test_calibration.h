// For tests only: random texts for small models, and plans of a conversion along them.
#pragma once

#include <cstdint>
#include <random>

#include "convert/calibrated_conversion.h"
#include "convert/convert.h"
#include "format/formats.h"

namespace cellm {

// Windows of tokens below the vocabulary's size, not all equally frequent.
inline CalibrationText some_text(const OpenedModel& model, unsigned seed = 11) {
  const auto vocab = model.config().vocab_size;
  std::mt19937 random(seed);
  CalibrationText text;
  for (int w = 0; w < 8; ++w) {
    auto& window = text.windows.emplace_back(200);
    for (auto& token : window) {
      token = static_cast<std::uint32_t>(random() % (random() % vocab + 1));
    }
    text.label.tokens += window.size();
  }
  text.label.text_checksum = "0123456789abcdef";
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

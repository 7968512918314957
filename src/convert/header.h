// The fields of a .cellm header that describe the model.
#pragma once

#include <optional>
#include <string>

#include "convert/convert.h"
#include "engine/opened_model.h"

namespace cellm {

// The quantization method of a file.
struct QuantizerLabel {
  ScaleMethod scale;
  std::optional<CalibrationLabel> calibration;
};

// A JSON object with the fields of docs/file-format.md, taken from the model's config.json.
// `adapters` are merged into the weights.
std::string cellm_header_json(const OpenedModel& model,
                              const std::optional<QuantizerLabel>& quantizer,
                              const std::vector<LoraLabel>& adapters = {});

}  // namespace cellm

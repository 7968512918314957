// Results of a study's steps as JSON.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "convert/convert.h"
#include "io/json.h"
#include "study/sensitivity.h"
#include "study/study.h"

namespace cellm {

// Bytes and bits per weight of a planned file: of all tensors, and of the body, which is all of
// them except the embedding and the output matrix.
nlohmann::ordered_json size_json(const ConvertPlan& plan);
// The same of an existing file.
nlohmann::ordered_json size_json(const ModelSource& source, std::uint64_t file_bytes);

// The median of each figure. At least one measurement.
nlohmann::ordered_json speed_json(std::span<const SpeedMeasurement> measured);

nlohmann::ordered_json sensitivity_json(std::span<const ModelPart> parts,
                                        std::span<const PartSensitivity> found);

struct FormatFile {
  std::string format;
  std::filesystem::path file;
};

// The tensors of histogram_tensors() in the 16-bit file, and the levels of each format that does
// not leave them in 16 bits. Of large tensors some rows are read, evenly spread.
nlohmann::ordered_json histograms_json(const std::filesystem::path& reference,
                                       std::span<const FormatFile> files);

}  // namespace cellm

// cellm's own cache: models of the hub that have been converted,
// CONVERSIONS/ORG/NAME/COMMIT/FORMAT.cellm.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "hub/hub_settings.h"
#include "hub/pull.h"
#include "jobs/job.h"

namespace cellm {

// Formats of a conversion: of the layers, with an 8-bit embedding, or bits per weight of the file.
struct ModelFormat {
  std::string layers;            // a name as of parse_format_choice(), or "keep"
  double bits_per_weight = 0.0;  // instead of `layers`
};

struct ConversionOptions {
  std::optional<ModelFormat> format;  // empty: the newest there is, else kDefaultFormat
  unsigned threads = 0;
  std::string target;  // CPU target; empty: the best there is
};

// The converted model, which is made if it is not there: packed, of the text model alone. A note
// says so before. Throws Error(kUsage) for an unknown format, and as run_convert().
std::filesystem::path converted_model(const std::string& repository, const PulledModel& model,
                                      const HubSettings& settings, const ConversionOptions& options,
                                      const JobControl& control);

}  // namespace cellm

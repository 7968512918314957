// The text that a conversion runs its model on.
#pragma once

#include <memory>
#include <optional>

#include "convert/calibrate.h"
#include "engine/opened_model.h"
#include "jobs/convert_request.h"
#include "jobs/job.h"

namespace cellm {

// Windows of the text that the result of a search is measured on.
inline constexpr std::size_t kHeldOutWindows = 8;

struct ConversionText {
  CalibrationText calibration;
  std::optional<CalibrationText> tuning;  // with held-out windows of its own
};

// Throws as read_calibration_text() and own_calibration_text().
ConversionText conversion_text(const std::shared_ptr<const OpenedModel>& source,
                               const ConvertRequest& request, const EngineOptions& engine,
                               const JobControl& control);

// The second moments of a matrix's input have as many directions as it has columns. With fewer
// tokens most of them are unknown, and errors are passed on into what is not known: throws
// Error(kUsage) for fewer tokens than the widest matrix has columns, and notes what is less than
// good.
void require_enough_text(const ConversionText& text, std::string_view name, std::size_t cols,
                         const JobControl& control);

}  // namespace cellm

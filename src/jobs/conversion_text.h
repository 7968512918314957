// The calibration and tuning text of a conversion.
#pragma once

#include <memory>
#include <optional>

#include "convert/calibrate.h"
#include "engine/opened_model.h"
#include "jobs/convert_request.h"
#include "jobs/job.h"

namespace cellm {

// Held-out windows on which the result of a search is measured.
inline constexpr std::size_t kHeldOutWindows = 8;

struct ConversionText {
  CalibrationText calibration;
  std::optional<CalibrationText> tuning;  // with held-out windows of its own
};

// Throws as read_calibration_text() and own_calibration_text().
ConversionText conversion_text(const std::shared_ptr<const OpenedModel>& source,
                               const ConvertRequest& request, const EngineOptions& engine,
                               const JobControl& control);

// With fewer tokens than columns the second moments of an input are singular, and error feedback is
// unreliable: throws Error(kUsage) for fewer tokens than the widest matrix has columns, and reports
// FewTokensNote below the recommended number.
void require_enough_text(const ConversionText& text, std::string_view name, std::size_t cols,
                         const JobControl& control);

}  // namespace cellm

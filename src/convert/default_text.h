// The built-in calibration text.
#pragma once

#include <string_view>

namespace cellm {

extern const std::string_view kCalibrationDefault;  // text/calibration.txt

}  // namespace cellm

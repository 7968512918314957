// The calibration text that comes with the program, put into it when it is built.
#pragma once

#include <string_view>

namespace cellm {

extern const std::string_view kCalibrationDefault;  // text/calibration.txt

}  // namespace cellm

// The built-in parts of a report page.
#pragma once

#include <string_view>

namespace cellm {

extern const std::string_view kPageStyle;     // page/report.css
extern const std::string_view kPageScript;    // page/report.js
extern const std::string_view kChartLibrary;  // Chart.js, minified, with its own notice
extern const std::string_view kChartLicense;  // page/chart_license.txt

}  // namespace cellm

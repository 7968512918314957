// Sections of a report: those with charts (report_charts.cc), and the method (report_method.cc).
#pragma once

#include "io/json.h"
#include "study/report.h"

namespace cellm {

// File sizes against divergences from the 16-bit model.
ReportSection plot_section(const nlohmann::ordered_json& document);
// Whether questions were answered, and the figures of the answers.
bool has_answers(const nlohmann::ordered_json& document);
ReportSection questions_section(const nlohmann::ordered_json& document);
// The divergence with one part of the model quantized.
ReportSection sensitivity_section(const nlohmann::ordered_json& document);
// Histograms of the weights of some tensors, and the levels of the formats.
ReportSection histogram_section(const nlohmann::ordered_json& document);
// Method of the measurements, limits of the verdicts, and commands that make the files.
ReportSection method_notes(const nlohmann::ordered_json& document);

}  // namespace cellm

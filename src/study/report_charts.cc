#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "study/report_sections.h"
#include "study/report_text.h"

namespace cellm {

using OrderedJson = nlohmann::ordered_json;

ReportSection plot_section(const OrderedJson& document) {
  ReportSection section{"Size against distance", {}, {}, {}, {}, {}};
  section.paragraphs.emplace_back(
      "Each point is a file. Left is smaller, down is nearer to the 16-bit model. On the line are "
      "the formats that no other one beats in both.");
  section.charts.push_back(
      {"chart-pareto",
       "File size against mean KL divergence from the 16-bit model, with the line "
       "of the formats that no other beats in both"});
  ReportTable table{"All formats, with 95 % intervals",
                    {{"Format", false},
                     {"MiB", true},
                     {"KLD", true},
                     {"interval", true},
                     {"median", true},
                     {"99 %", true},
                     {"Perplexity", true},
                     {"interval", true},
                     {"ratio to 16 bits", true},
                     {"On the line", false}},
                    {}};
  for (const OrderedJson& format : document.at("formats")) {
    const OrderedJson& evaluation = format.at("evaluation");
    table.rows.push_back({shown_name(format),
                          fmt::format("{:.1f}", format.at("file_bytes").get<double>() / kMiB),
                          figure(evaluation.at("kld_mean")), interval(evaluation, "kld_mean"),
                          figure(evaluation.at("kld_median")), figure(evaluation.at("kld_p99")),
                          figure(evaluation.at("perplexity")), interval(evaluation, "perplexity"),
                          figure(evaluation.at("perplexity_ratio")),
                          format.at("pareto").get<bool>() ? "yes" : "no"});
  }
  section.details.push_back(std::move(table));
  return section;
}

ReportSection sensitivity_section(const OrderedJson& document) {
  ReportSection section{"Which part suffers", {}, {}, {}, {}, {}};
  const OrderedJson& sensitivity = document.at("sensitivity");
  if (sensitivity.empty()) {
    section.paragraphs.emplace_back("Not measured.");
    return section;
  }
  section.paragraphs.push_back(fmt::format(
      "One part of the model has the format, all others have 16 bits, activations are exact: the "
      "mean KL divergence that this part alone causes, on {} tokens. The scale of colours is "
      "logarithmic. A part that a format leaves in 16 bits is blank.",
      document.at("settings").at("sensitivity_tokens").get<std::size_t>()));
  section.charts.push_back({"chart-layers", "Mean KL divergence with one layer quantized"});
  section.charts.push_back({"chart-kinds", "Mean KL divergence with one kind of matrix quantized"});
  for (const bool layers : {true, false}) {
    ReportTable table{layers ? "One layer quantized: KLD" : "One kind of matrix quantized: KLD",
                      {{"Part", false}},
                      {}};
    std::vector<std::string> parts;
    for (const OrderedJson& row : sensitivity) {
      table.columns.push_back({text_of(row.at("format")), true});
      for (const OrderedJson& part : row.at("parts")) {
        if (part.at("is_layer").get<bool>() != layers) continue;
        const std::string name = text_of(part.at("part"));
        if (std::find(parts.begin(), parts.end(), name) == parts.end()) parts.push_back(name);
      }
    }
    for (const std::string& name : parts) {
      std::vector<std::string> cells{name};
      for (const OrderedJson& row : sensitivity) {
        std::string cell = "–";
        for (const OrderedJson& part : row.at("parts")) {
          if (part.at("part") == name) cell = figure(part.at("kld"));
        }
        cells.push_back(std::move(cell));
      }
      table.rows.push_back(std::move(cells));
    }
    section.details.push_back(std::move(table));
  }
  return section;
}

ReportSection histogram_section(const OrderedJson& document) {
  ReportSection section{"Weights and levels", {}, {}, {}, {}, {}};
  section.paragraphs.emplace_back(
      "The weights of a tensor, each divided by the standard deviation of its row, and the levels "
      "that the formats put there: the area of a circle is the share of the weights that get this "
      "level, its place the level’s mean over all rows.");
  std::size_t index = 0;
  for (const OrderedJson& tensor : document.at("histograms")) {
    const std::string name = text_of(tensor.at("tensor"));
    section.charts.push_back({fmt::format("chart-weights-{}", index++),
                              fmt::format("Weights of {} and levels of the formats", name)});
    ReportTable table{
        fmt::format("{}, {} × {}: error of the formats", name, tensor.at("rows").get<std::size_t>(),
                    tensor.at("cols").get<std::size_t>()),
        {{"Format", false},
         {"Relative error of the weights", true},
         {"Levels in standard deviations (share of the weights)", false}},
        {}};
    for (const OrderedJson& format : tensor.at("formats")) {
      std::string levels;
      for (const OrderedJson& level : format.at("levels")) {
        levels += fmt::format("{}{:.2f} ({:.1f} %)", levels.empty() ? "" : ", ",
                              level.at("position").get<double>(),
                              100.0 * level.at("share").get<double>());
      }
      table.rows.push_back({text_of(format.at("format")), percent(format.at("rms_error")),
                            levels.empty() ? "more than 16" : levels});
    }
    section.details.push_back(std::move(table));
  }
  return section;
}

}  // namespace cellm

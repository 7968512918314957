#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "study/markdown.h"
#include "study/report.h"

namespace cellm {
namespace {

void add_table(std::string& out, const ReportTable& table) {
  out += fmt::format("**{}**\n\n|", markdown_text(table.caption));
  for (const auto& column : table.columns) out += fmt::format(" {} |", markdown_text(column.title));
  out += "\n|";
  for (const auto& column : table.columns) out += column.number ? "---:|" : "---|";
  out += "\n";
  for (const auto& row : table.rows) {
    out += "|";
    for (const auto& cell : row) out += fmt::format(" {} |", markdown_text(cell));
    out += "\n";
  }
  out += "\n";
}

}  // namespace

std::string report_markdown(const nlohmann::ordered_json& document) {
  const Report report = make_report(document);
  std::string out =
      fmt::format("# {}\n\n{}\n\n", markdown_text(report.title), markdown_text(report.subtitle));
  for (const ReportSection& section : report.sections) {
    out += fmt::format("## {}\n\n", markdown_text(section.title));
    for (const auto& paragraph : section.paragraphs) out += markdown_text(paragraph) + "\n\n";
    if (!section.charts.empty())
      out += "The plots are in report.html; these are their figures.\n\n";
    for (const auto& table : section.tables) add_table(out, table);
    for (const auto& table : section.details) add_table(out, table);
    for (const ReportQuestion& question : section.questions) {
      out += fmt::format("### “{}”\n\n{}\n\n", markdown_text(question.prompt),
                         markdown_text(question.how));
      for (const ReportAnswer& answer : question.answers) {
        out += fmt::format("{}{}\n\n{}\n", markdown_text(answer.format),
                           answer.note.empty() ? "" : fmt::format(" ({})", answer.note),
                           markdown_block(answer.text));
      }
    }
  }
  while (out.ends_with("\n\n")) out.pop_back();
  return out;
}

}  // namespace cellm

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "study/report.h"

namespace cellm {
namespace {

// Escapes text for Markdown, on one line.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n' || c == '\r') {
      out += ' ';
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '&') {
      out += "&amp;";
    } else {
      if (c == '|' || c == '\\' || c == '`' || c == '*' || c == '_' || c == '[' || c == ']') {
        out += '\\';
      }
      out += c;
    }
  }
  return out;
}

void add_table(std::string& out, const ReportTable& table) {
  out += fmt::format("**{}**\n\n|", escaped(table.caption));
  for (const auto& column : table.columns) out += fmt::format(" {} |", escaped(column.title));
  out += "\n|";
  for (const auto& column : table.columns) out += column.number ? "---:|" : "---|";
  out += "\n";
  for (const auto& row : table.rows) {
    out += "|";
    for (const auto& cell : row) out += fmt::format(" {} |", escaped(cell));
    out += "\n";
  }
  out += "\n";
}

// A fence of a code block that does not occur in the text.
std::string fence_for(std::string_view text) {
  std::size_t longest = 0;
  std::size_t run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return std::string(std::max<std::size_t>(3, longest + 1), '`');
}

}  // namespace

std::string report_markdown(const nlohmann::ordered_json& document) {
  const Report report = make_report(document);
  std::string out = fmt::format("# {}\n\n{}\n\n", escaped(report.title), escaped(report.subtitle));
  for (const ReportSection& section : report.sections) {
    out += fmt::format("## {}\n\n", escaped(section.title));
    for (const auto& paragraph : section.paragraphs) out += escaped(paragraph) + "\n\n";
    if (!section.charts.empty())
      out += "The plots are in report.html; these are their figures.\n\n";
    for (const auto& table : section.tables) add_table(out, table);
    for (const auto& table : section.details) add_table(out, table);
    for (const ReportQuestion& question : section.questions) {
      out += fmt::format("### “{}”\n\n{}\n\n", escaped(question.prompt), escaped(question.how));
      for (const ReportAnswer& answer : question.answers) {
        const std::string fence = fence_for(answer.text);
        out += fmt::format("{}{}\n\n{}text\n{}\n{}\n\n", escaped(answer.format),
                           answer.note.empty() ? "" : fmt::format(" ({})", answer.note), fence,
                           answer.text, fence);
      }
    }
  }
  while (out.ends_with("\n\n")) out.pop_back();
  return out;
}

}  // namespace cellm

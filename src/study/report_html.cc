#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "study/page.h"
#include "study/report.h"

namespace cellm {
namespace {

// Escapes text for HTML, also inside of attributes. Control characters, which HTML does not allow,
// become U+FFFD.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        if ((byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7F) {
          out += "\xEF\xBF\xBD";
        } else {
          out += c;
        }
    }
  }
  return out;
}

// JSON as the content of a script element: "</script>" and "<!--" cannot occur in it.
std::string json_for_script(const nlohmann::ordered_json& document) {
  std::string out;
  for (const char c :
       document.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)) {
    if (c == '<') {
      out += "\\u003c";
    } else if (c == '>') {
      out += "\\u003e";
    } else {
      out += c;
    }
  }
  return out;
}

void add_table(std::string& out, const ReportTable& table) {
  // The region can be scrolled, so it must be reachable with the keyboard.
  out += fmt::format(
      "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{0}\">\n"
      "<table>\n<caption><span>{0}</span></caption>\n<thead><tr>",
      escaped(table.caption));
  for (const auto& column : table.columns) {
    out += fmt::format("<th scope=\"col\"{}>{}</th>", column.number ? " class=\"n\"" : "",
                       escaped(column.title));
  }
  out += "</tr></thead>\n<tbody>\n";
  for (const auto& row : table.rows) {
    out += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i == 0) {
        out += fmt::format("<th scope=\"row\">{}</th>", escaped(row[i]));
      } else if (table.columns[i].number) {
        out += fmt::format("<td class=\"n\">{}</td>", escaped(row[i]));
      } else {
        const bool verdict = table.columns[i].title == "Verdict";
        out += verdict
                   ? fmt::format("<td><span class=\"verdict {0}\">{0}</span></td>", escaped(row[i]))
                   : fmt::format("<td>{}</td>", escaped(row[i]));
      }
    }
    out += "</tr>\n";
  }
  out += "</tbody>\n</table>\n</div>\n";
}

void add_section(std::string& out, const ReportSection& section) {
  out += fmt::format("<section>\n<h2>{}</h2>\n", escaped(section.title));
  for (const auto& paragraph : section.paragraphs) {
    out += fmt::format("<p>{}</p>\n", escaped(paragraph));
  }
  for (const ReportChart& chart : section.charts) {
    out += fmt::format(
        "<figure><figcaption>{0}</figcaption><div class=\"chart\"><canvas id=\"{1}\" role=\"img\" "
        "aria-label=\"{0}; the figures are in a table below\"></canvas></div></figure>\n",
        escaped(chart.label), escaped(chart.id));
  }
  for (const auto& table : section.tables) add_table(out, table);
  for (const auto& table : section.details) {
    out += fmt::format("<details><summary>Figures: {}</summary>\n", escaped(table.caption));
    add_table(out, table);
    out += "</details>\n";
  }
  for (const ReportQuestion& question : section.questions) {
    out += fmt::format("<h3>“{}”</h3>\n<p class=\"how\">{}</p>\n<dl>\n", escaped(question.prompt),
                       escaped(question.how));
    for (const ReportAnswer& answer : question.answers) {
      out += fmt::format("<dt>{}{}</dt><dd><pre>{}</pre></dd>\n", escaped(answer.format),
                         answer.note.empty()
                             ? ""
                             : fmt::format(" <span class=\"note\">{}</span>", escaped(answer.note)),
                         answer.text.empty() ? "<em>(nothing)</em>" : escaped(answer.text));
    }
    out += "</dl>\n";
  }
  out += "</section>\n";
}

}  // namespace

std::string report_html(const nlohmann::ordered_json& document) {
  const Report report = make_report(document);
  std::string out = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n"
      "<title>{}</title>\n<style>\n",
      escaped(report.title));
  out += kPageStyle;
  out += fmt::format(
      "</style>\n</head>\n<body>\n<header>\n<h1>{}</h1>\n<p>{}</p>\n</header>\n<main>\n",
      escaped(report.title), escaped(report.subtitle));
  for (const ReportSection& section : report.sections) add_section(out, section);
  out +=
      "</main>\n<footer><p>The plots are drawn by Chart.js (MIT license, in the source of this "
      "page). The page holds the document study.json and needs nothing else.</p></footer>\n"
      "<script type=\"application/json\" id=\"study\">";
  out += json_for_script(document);
  out += "</script>\n<!--\n";
  out += kChartLicense;
  out += "-->\n<script>";
  out += kChartLibrary;
  out += "</script>\n<script>\n";
  out += kPageScript;
  out += "</script>\n</body>\n</html>\n";
  return out;
}

}  // namespace cellm

// The report of a study, as Markdown and as a page.
#pragma once

#include <string>
#include <vector>

#include "io/json.h"

namespace cellm {

struct ReportTable {
  struct Column {
    std::string title;
    bool number = false;  // aligned to the right
  };
  std::string caption;
  std::vector<Column> columns;
  std::vector<std::vector<std::string>> rows;
};

// A canvas that the page's script fills from the document.
struct ReportChart {
  std::string id;     // of the element
  std::string label;  // its text alternative, for screen readers
};

struct ReportAnswer {
  std::string format;
  std::string text;  // unedited
  std::string note;  // "loops", ...
};

struct ReportQuestion {
  std::string prompt;
  std::string how;  // "a user's message, greedy"
  std::vector<ReportAnswer> answers;
};

struct ReportSection {
  std::string title;
  std::vector<std::string> paragraphs;
  std::vector<ReportChart> charts;
  std::vector<ReportTable> tables;
  std::vector<ReportTable> details;  // the figures of the charts, folded away on the page
  std::vector<ReportQuestion> questions;
};

struct Report {
  std::string title;
  std::string subtitle;
  std::vector<ReportSection> sections;
};

// The content of the report on a document of run_study(). Plain text throughout.
Report make_report(const nlohmann::ordered_json& document);

std::string report_markdown(const nlohmann::ordered_json& document);

// One self-contained page with style, script, chart library and the document. Strings from model
// files, texts and prompts are escaped.
std::string report_html(const nlohmann::ordered_json& document);

}  // namespace cellm

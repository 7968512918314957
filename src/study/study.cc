#include "study/study.h"

#include <filesystem>
#include <system_error>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "study/report.h"
#include "study/results.h"
#include "study/state.h"
#include "study/steps.h"
#include "study/work_plan.h"

namespace cellm {

using OrderedJson = nlohmann::ordered_json;

OrderedJson run_study(const StudyOptions& options, const StudyHooks& hooks) {
  Study study = open_study(options, hooks);
  plan_work(study);
  if (study.options.keep || study.something_missing) {
    for (const StudyRow& row : study.rows) make_file(study, row);
  }
  evaluate_rows(study);
  write_texts(study);
  if (study.options.speed_runs > 0) {
    for (const StudyRow& row : study.rows) measure_speed(study, row);
  }
  if (study.options.sensitivity_tokens > 0) measure_parts(study);
  measure_histograms(study);
  OrderedJson document;
  std::string markdown;
  std::string html;
  try {
    document = study_document(study);
    markdown = report_markdown(document);
    html = report_html(document);
  } catch (
      const OrderedJson::exception& failure) {  // intact steps of another version of the program
    throw data_error("{}: a step kept here has another form than this version's ({}); remove it",
                     printable((study.options.output / "steps").string()),
                     printable(failure.what()));
  }
  write_text_file(study.options.output / "study.json", document.dump(1) + "\n");
  write_text_file(study.options.output / "report.md", markdown);
  write_text_file(study.options.output / "report.html", html);
  if (!study.options.keep) {
    for (const StudyRow& row : study.rows) {
      std::error_code ignored;
      if (!row.same_as && row.is_own) std::filesystem::remove(row.file, ignored);
    }
  }
  return document;
}

}  // namespace cellm

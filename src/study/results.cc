#include "study/results.h"

#include <map>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/today.h"
#include "base/version.h"
#include "eval/coherence.h"
#include "eval/model_facts.h"
#include "eval/report.h"
#include "study/answers.h"
#include "study/document.h"
#include "study/publish.h"
#include "study/report.h"
#include "study/steps.h"

namespace cellm {
namespace {

using OrderedJson = nlohmann::ordered_json;

OrderedJson header_json(const Study& study) {
  return {{"study", 1},
          {"writer", kProgramVersion},
          {"date", today_utc()},
          {"source",
           {{"name", model_name(study.options)},
            {"checksum", fmt::format("{:016x}", study.source_checksum)},
            {"model_type", study.model->config().model_type},
            {"layers", study.model->config().layers.size()},
            {"hidden", study.model->config().hidden},
            {"vocab_size", study.model->config().vocab_size},
            {"format", main_format(study.model->source())}}},
          {"settings",
           {{"tokens", eval_tokens(study)},
            {"window", study.options.window},
            {"scored", scored_part_name(study.eval.scored)},
            {"text_checksum", fmt::format("{:016x}", study.text_checksum)},
            {"generate", study.options.generate},
            {"questions", study.options.questions.filename().string()},
            {"question_count", study.questions.size()},
            {"temperature", CoherenceOptions{}.temperature},
            {"seed", CoherenceOptions{}.seed},
            {"sensitivity_tokens", study.options.sensitivity_tokens},
            {"speed_prompt", kSpeedPrompt},
            {"speed_decode", kSpeedDecode},
            {"speed_runs", study.options.speed_runs},
            {"threads", ThreadPool(study.options.threads).threads()},
            {"target", kernel_table(study.options.target.c_str()).name}}}};
}

// A row's results; its texts go to `written`, by the name of the format.
OrderedJson row_json(const Study& study, const StudyRow& row,
                     std::map<std::string, OrderedJson>& written) {
  const StudyRow& measured = row.same_as ? study.rows[*row.same_as] : row;
  const std::string& name = measured.format.name;
  OrderedJson entry{{"name", row.format.name},
                    {"flags", row.is_own ? convert_flags(row.format.name) : std::string()},
                    {"scale", scale_method_name(row.format.options.scale)},
                    {"in_study", row.format.in_study},
                    {"in_variants", row.format.in_variants}};
  if (row.same_as) entry["same_as"] = name;
  const OrderedJson size =
      study.steps.find(step_name(kConvertStep, measured), measured.key).value();
  for (const char* key :
       {"file_bytes", "tensor_bytes", "weights", "bits_per_weight", "body_bits_per_weight"}) {
    entry[key] = size.at(key);
  }
  entry["evaluation"] =
      study.steps.find(step_name(kEvaluationStep, measured), row_eval_key(study, measured)).value();
  OrderedJson coherence =
      study.steps.find(step_name(kCoherenceStep, measured), coherence_key(study, measured)).value();
  if (!row.same_as) written[name] = coherence["samples"];
  coherence.erase("samples");
  entry["coherence"] = std::move(coherence);
  entry["answers"] = answers_json(study, measured);
  if (const auto speed =
          study.steps.find(step_name(kSpeedStep, measured), speed_key(study, measured))) {
    entry["speed"] = *speed;
  }
  return entry;
}

}  // namespace

OrderedJson study_document(const Study& study) {
  OrderedJson document = header_json(study);
  OrderedJson& texts = document["texts"] = OrderedJson::array();
  for (std::size_t i = 0; i < study.texts.size(); ++i) {
    texts.push_back({{"name", study.texts[i].name},
                     {"bytes", study.texts[i].text.size()},
                     {"tokens", study.tokens[i].ids.size()}});
  }
  document["floor"] = study.steps.find(std::string(kFloorStep), floor_key(study)).value();
  OrderedJson& formats = document["formats"] = OrderedJson::array();
  std::map<std::string, OrderedJson> written;
  for (const StudyRow& row : study.rows) formats.push_back(row_json(study, row, written));
  judge_formats(document);
  add_samples(document, written);
  OrderedJson& parts = document["sensitivity"] = OrderedJson::array();
  if (study.options.sensitivity_tokens > 0) {
    for (const StudyRow* row : part_rows(study)) {
      parts.push_back(
          {{"format", row->format.name},
           {"parts",
            study.steps.find(step_name(kPartsStep, *row), parts_key(study, *row)).value()}});
    }
  }
  document["histograms"] = study.steps.find("histograms", histogram_key(study)).value();
  return document;
}

OrderedJson write_results(const Study& study) {
  const std::filesystem::path& output = study.options.output;
  OrderedJson document;
  std::string markdown;
  std::string html;
  try {
    if (study.options.keep) store_qualities(study);
    document = study_document(study);
    markdown = report_markdown(document);
    html = report_html(document);
  } catch (
      const OrderedJson::exception& failure) {  // intact steps of another version of the program
    throw data_error("{}: a step kept here has another form than this version's ({}); remove it",
                     printable((output / "steps").string()), printable(failure.what()));
  }
  write_text_file(output / "study.json", document.dump(1) + "\n");
  write_text_file(output / "report.md", markdown);
  write_text_file(output / "report.html", html);
  if (!study.options.publish.empty()) publish(study, document);
  if (!study.options.keep) {
    for (const StudyRow& row : study.rows) {
      std::error_code ignored;
      if (!row.same_as && row.is_own) std::filesystem::remove(row.file, ignored);
    }
  }
  return document;
}

}  // namespace cellm

#include "study/report.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "study/document.h"
#include "study/report_sections.h"
#include "study/report_text.h"

namespace cellm {
namespace {

using OrderedJson = nlohmann::ordered_json;

const OrderedJson* find_format(const OrderedJson& document, const std::string& name) {
  for (const OrderedJson& format : document.at("formats")) {
    if (format.at("name") == name) return &format;
  }
  return nullptr;
}

const std::vector<ReportTable::Column> kResultColumns{{"Format", false},
                                                      {"Verdict", false},
                                                      {"Bytes", true},
                                                      {"MiB", true},
                                                      {"Bits per weight", true},
                                                      {"of the body", true},
                                                      {"Times smaller", true},
                                                      {"Perplexity", true},
                                                      {"KLD", true},
                                                      {"Same first choice", true},
                                                      {"Right answers", true},
                                                      {"Loops, greedy", true},
                                                      {"Loops or not text, sampled", true},
                                                      {"Teacher’s nats, sampled", true},
                                                      {"Tokens/s", true},
                                                      {"Peak memory, MiB", true}};

std::vector<std::string> result_row(const OrderedJson& format) {
  const OrderedJson& evaluation = format.at("evaluation");
  const OrderedJson& coherence = format.at("coherence");
  const auto bytes = format.at("file_bytes").get<std::uint64_t>();
  const bool speed = format.contains("speed");
  return {
      shown_name(format),
      text_of(format.at("judgement")),
      fmt::format("{}", bytes),
      fmt::format("{:.1f}", static_cast<double>(bytes) / kMiB),
      fmt::format("{:.3f}", format.at("bits_per_weight").get<double>()),
      fmt::format("{:.3f}", format.at("body_bits_per_weight").get<double>()),
      fmt::format("{:.2f}", format.at("compression").get<double>()),
      figure(evaluation.at("perplexity")),
      figure(evaluation.at("kld_mean")),
      percent(evaluation.at("top1")),
      percent(answers_figure(format, "right")),
      whole_percent(coherence.at("greedy").at("looping")),
      whole_percent(coherence.at("sampled").at("bad")),
      figure(coherence.at("sampled").at("teacher_nll")),
      speed ? fmt::format("{:.1f}", format.at("speed").at("decode_tokens_per_second").get<double>())
            : "–",
      speed ? fmt::format("{:.0f}", format.at("speed").at("peak_memory_bytes").get<double>() / kMiB)
            : "–"};
}

// The row of a measurement that belongs to no file of its own.
std::vector<std::string> floor_row(const std::string& name, const OrderedJson& evaluation) {
  std::vector<std::string> row(kResultColumns.size(), "");
  row[0] = name;
  row[7] = figure(evaluation.at("perplexity"));
  row[8] = figure(evaluation.at("kld_mean"));
  row[9] = percent(evaluation.at("top1"));
  return row;
}

ReportTable result_table(const OrderedJson& document, const std::string& caption,
                         const std::function<bool(const OrderedJson&)>& wanted) {
  ReportTable table{caption, kResultColumns, {}};
  table.rows.push_back(
      floor_row("the engine’s own floor", document.at("formats").at(0).at("evaluation")));
  for (const OrderedJson& format : document.at("formats")) {
    if (wanted(format)) table.rows.push_back(result_row(format));
  }
  return table;
}

ReportSection summary_section(const OrderedJson& document) {
  ReportSection section{"In short", {}, {}, {}, {}, {}};
  const OrderedJson* best = nullptr;
  std::vector<std::string> broken;
  for (const OrderedJson& format : document.at("formats")) {
    if (format.contains("same_as")) continue;
    const std::string word = text_of(format.at("judgement"));
    if (word == "incoherent") broken.push_back(text_of(format.at("name")));
    if (word != "excellent" && word != "good") continue;
    if (best == nullptr || format.at("file_bytes").get<std::uint64_t>() <
                               best->at("file_bytes").get<std::uint64_t>()) {
      best = &format;
    }
  }
  if (best != nullptr) {
    section.paragraphs.push_back(fmt::format(
        "The smallest format that is still good is {}: {:.1f} MiB, {:.2f} bits per weight, KL "
        "divergence {} from the 16-bit model, the same first choice for {} of the tokens{}.",
        text_of(best->at("name")), best->at("file_bytes").get<double>() / kMiB,
        best->at("bits_per_weight").get<double>(), figure(best->at("evaluation").at("kld_mean")),
        percent(best->at("evaluation").at("top1")),
        has_answers(document)
            ? fmt::format(", and right answers to {} of the questions that 16 bits answer",
                          percent(answers_figure(*best, "right_of_reference")))
            : ""));
  }
  if (!broken.empty()) {
    std::string names;
    for (std::size_t i = 0; i < broken.size(); ++i) {
      names += (i == 0 ? "" : i + 1 == broken.size() ? " and " : ", ") + broken[i];
    }
    section.paragraphs.push_back(fmt::format("Incoherent: {}.", names));
  }
  for (const std::string name : {"int4", "int2", "int1"}) {
    const OrderedJson* largest = find_format(document, name);
    const OrderedJson* least = find_format(document, name + "-mse");
    if (largest == nullptr || least == nullptr) continue;
    const double a = number_or_nan(largest->at("evaluation").at("kld_mean"));
    const double b = number_or_nan(least->at("evaluation").at("kld_mean"));
    section.paragraphs.push_back(fmt::format(
        "{}: with the original rule for the scale the divergence is {}; with the scale of least "
        "error, in the same bytes, it is {} ({}{:.1f} %). The verdict {} {}.",
        name, figure(a), figure(b), b <= a ? "−" : "+", 100.0 * std::fabs(1.0 - b / a),
        largest->at("judgement") == least->at("judgement") ? "stays" : "becomes",
        text_of(least->at("judgement"))));
  }
  return section;
}

ReportSection method_section(const OrderedJson& document) {
  ReportSection section{"How much is the model, how much the method", {}, {}, {}, {}, {}};
  section.paragraphs.emplace_back(
      "The same tensors in the same layout, so the same bytes. The original rule sets the scale by "
      "the largest weight of a row (by the mean magnitude of 128 weights for 1 bit); the rows "
      "“-mse” choose the scale that leaves the least squared error of the weights, which is the "
      "best that rounding can do without looking at data.");
  section.tables.push_back(result_table(document, "Scale by the largest weight against least error",
                                        [&](const OrderedJson& format) {
                                          const std::string name = text_of(format.at("name"));
                                          return name.ends_with("-mse") || name == "int4-g32" ||
                                                 find_format(document, name + "-mse") != nullptr;
                                        }));
  return section;
}

ReportSection samples_section(const OrderedJson& document) {
  ReportSection section{"What they say", {}, {}, {}, {}, {}};
  section.paragraphs.push_back(
      fmt::format("The original study’s three prompts, at most {} tokens, unedited but for runs of "
                  "empty lines, of which the number is given.",
                  document.at("settings").at("generate").get<std::size_t>()));
  for (const OrderedJson& sample : document.at("samples")) {
    ReportQuestion question;
    question.prompt = text_of(sample.at("prompt"));
    question.how = fmt::format("{}, {}",
                               sample.at("chat").get<bool>() ? "as a user’s message, if the model "
                                                               "has a chat format"
                                                             : "as a text to go on with",
                               sample.at("sampled").get<bool>() ? "temperature 0.7" : "greedy");
    for (const OrderedJson& answer : sample.at("answers")) {
      std::string note;
      if (answer.at("looping").get<bool>()) note = "loops";
      if (answer.at("invalid").get<bool>()) note += note.empty() ? "not text" : ", not text";
      question.answers.push_back({text_of(answer.at("format")),
                                  without_empty_lines(text_of(answer.at("text"))),
                                  std::move(note)});
    }
    section.questions.push_back(std::move(question));
  }
  return section;
}

}  // namespace

Report make_report(const OrderedJson& document) {
  Report report;
  report.title = text_of(document.at("source").at("name"));
  report.subtitle = fmt::format("What every format costs: {}, {}", text_of(document.at("writer")),
                                text_of(document.at("date")));
  report.sections.push_back(summary_section(document));
  const auto any = [&](const char* flag) {
    return std::any_of(document.at("formats").begin(), document.at("formats").end(),
                       [&](const OrderedJson& format) { return format.at(flag).get<bool>(); });
  };
  ReportSection tables{"The formats", {}, {}, {}, {}, {}};
  if (any("in_study")) {
    tables.tables.push_back(
        result_table(document, "The formats of the original study of Qwen3.5-0.8B, and int8",
                     [](const OrderedJson& format) { return format.at("in_study").get<bool>(); }));
  }
  if (any("in_variants")) {
    tables.tables.push_back(result_table(
        document, "The variants of its study of Qwen3-0.6B",
        [](const OrderedJson& format) { return format.at("in_variants").get<bool>(); }));
  }
  const auto other = [](const OrderedJson& format) {
    return !format.at("in_study").get<bool>() && !format.at("in_variants").get<bool>();
  };
  if (std::any_of(document.at("formats").begin(), document.at("formats").end(), other)) {
    tables.tables.push_back(result_table(document, "Other formats", other));
  }
  report.sections.push_back(std::move(tables));
  for (const OrderedJson& format : document.at("formats")) {
    if (!text_of(format.at("name")).ends_with("-mse")) continue;
    report.sections.push_back(method_section(document));
    break;
  }
  report.sections.push_back(plot_section(document));
  if (has_answers(document)) report.sections.push_back(questions_section(document));
  report.sections.push_back(samples_section(document));
  report.sections.push_back(sensitivity_section(document));
  report.sections.push_back(histogram_section(document));
  report.sections.push_back(method_notes(document));
  return report;
}

}  // namespace cellm

#include "study/report.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "study/document.h"

namespace cellm {
namespace {

using OrderedJson = nlohmann::ordered_json;
constexpr double kMiB = 1048576.0;

std::string text_of(const OrderedJson& json) {
  return json.is_string() ? json.get<std::string>() : std::string();
}

// A figure with about four digits, or a dash.
std::string figure(double value) {
  if (std::isnan(value)) return "–";
  const double size = std::fabs(value);
  if (size == 0.0) return "0";
  if (size < 0.0001) return fmt::format("{:.1e}", value);
  if (size < 10.0) return fmt::format("{:.4f}", value);
  if (size < 1000.0) return fmt::format("{:.2f}", value);
  return size < 1e6 ? fmt::format("{:.0f}", value) : fmt::format("{:.2e}", value);
}
std::string figure(const OrderedJson& json) {
  return figure(number_or_nan(json));
}

std::string percent(const OrderedJson& json) {
  const double value = number_or_nan(json);
  return std::isnan(value) ? "–" : fmt::format("{:.1f} %", 100.0 * value);
}
std::string whole_percent(const OrderedJson& json) {
  const double value = number_or_nan(json);
  return std::isnan(value) ? "–" : fmt::format("{:.0f} %", 100.0 * value);
}

std::string interval(const OrderedJson& evaluation, const char* key) {
  const auto& range = evaluation.at("intervals").at(key);
  if (!range.is_array()) return "–";
  return fmt::format("{} … {}", figure(range.at(0)), figure(range.at(1)));
}

const OrderedJson* find_format(const OrderedJson& document, const std::string& name) {
  for (const OrderedJson& format : document.at("formats")) {
    if (format.at("name") == name) return &format;
  }
  return nullptr;
}

std::string shown_name(const OrderedJson& format) {
  std::string name = text_of(format.at("name"));
  if (format.contains("same_as")) name += fmt::format(" (= {})", text_of(format.at("same_as")));
  return name;
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
        "divergence {} from the 16-bit model, the same first choice for {} of the tokens.",
        text_of(best->at("name")), best->at("file_bytes").get<double>() / kMiB,
        best->at("bits_per_weight").get<double>(), figure(best->at("evaluation").at("kld_mean")),
        percent(best->at("evaluation").at("top1"))));
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

ReportSection answers_section(const OrderedJson& document) {
  ReportSection section{"What they say", {}, {}, {}, {}, {}};
  section.paragraphs.push_back(
      fmt::format("The original study’s three prompts, at most {} tokens, unedited.",
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
      question.answers.push_back(
          {text_of(answer.at("format")), text_of(answer.at("text")), std::move(note)});
    }
    section.questions.push_back(std::move(question));
  }
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

ReportSection method_notes(const OrderedJson& document) {
  const OrderedJson& settings = document.at("settings");
  const OrderedJson& source = document.at("source");
  ReportSection section{"How it was measured", {}, {}, {}, {}, {}};
  std::string texts;
  for (const OrderedJson& text : document.at("texts")) {
    texts += fmt::format("{}{} ({} tokens)", texts.empty() ? "" : ", ", text_of(text.at("name")),
                         text.at("tokens").get<std::size_t>());
  }
  section.paragraphs = {
      fmt::format(
          "Source: {}, checksum {} (XXH3-64), {} layers, stored as {}. Every format is made "
          "from it; the 16-bit file is the reference, run with exact activations and an "
          "exact cache.",
          text_of(source.at("name")), text_of(source.at("checksum")),
          source.at("layers").get<std::size_t>(), text_of(source.at("format"))),
      fmt::format("Text: {}. {} tokens of it in windows of {} that do not overlap, the second half "
                  "of each scored. KLD is KL(reference ‖ format) in nats for a token.",
                  texts, settings.at("tokens").get<std::size_t>(),
                  settings.at("window").get<std::size_t>()),
      "Formats run as a user runs them: weights of 8, 4, 2 and 1 bits meet activations rounded to "
      "8 "
      "bits, keys and values are kept in 16 bits. The engine’s own floor is the 16-bit file run "
      "that "
      "way: its activations are exact, so what is left is the 16-bit cache.",
      fmt::format("Texts: 20 prompts, up to {} tokens, once greedily and once at temperature 0.7 "
                  "with fixed seeds. A text loops if it says the same span at least three times in "
                  "a row, over 16 tokens or more. The teacher’s nats are what the 16-bit model "
                  "thinks of a text, for a token.",
                  settings.at("generate").get<std::size_t>()),
      fmt::format("Speed and peak memory: each file in a process of its own, {} tokens of prompt, "
                  "then {} more, {} threads, target {}; the median of {} runs. Tokens/s are those "
                  "after the prompt.",
                  settings.at("speed_prompt").get<std::size_t>(),
                  settings.at("speed_decode").get<std::size_t>(),
                  settings.at("threads").get<std::size_t>(), text_of(settings.at("target")),
                  settings.at("speed_runs").get<std::size_t>())};
  const OrderedJson& floor = document.at("floor");
  if (floor.contains("int8_exact")) {
    section.paragraphs.push_back(fmt::format(
        "int8 with exact activations and an exact cache has KLD {} and the same first choice for "
        "{} "
        "of the tokens; the difference to its row is what rounding activations costs.",
        figure(floor.at("int8_exact").at("kld_mean")), percent(floor.at("int8_exact").at("top1"))));
  }
  ReportTable limits{"What the verdicts mean: the best word all of whose limits are kept",
                     {{"Verdict", false},
                      {"KLD at most", true},
                      {"Teacher’s nats above its own texts’", true},
                      {"Loops or not text, above the 16-bit model", true}},
                     {}};
  for (const OrderedJson& limit : document.at("judgement_limits")) {
    limits.rows.push_back({text_of(limit.at("judgement")), figure(limit.at("kld")),
                           figure(limit.at("excess_nll")), whole_percent(limit.at("excess_bad"))});
  }
  limits.rows.push_back({"incoherent", "more", "more", "more"});
  section.tables.push_back(std::move(limits));
  ReportTable commands{"The same files by hand: cellm convert --input SOURCE --output FILE …",
                       {{"Format", false}, {"Flags", false}},
                       {}};
  for (const OrderedJson& format : document.at("formats")) {
    commands.rows.push_back({text_of(format.at("name")), text_of(format.at("flags"))});
  }
  section.details.push_back(std::move(commands));
  return section;
}

}  // namespace

Report make_report(const OrderedJson& document) {
  Report report;
  report.title =
      fmt::format("What every format costs: {}", text_of(document.at("source").at("name")));
  report.subtitle =
      fmt::format("{}, {}", text_of(document.at("writer")), text_of(document.at("date")));
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
  report.sections.push_back(answers_section(document));
  report.sections.push_back(sensitivity_section(document));
  report.sections.push_back(histogram_section(document));
  report.sections.push_back(method_notes(document));
  return report;
}

}  // namespace cellm

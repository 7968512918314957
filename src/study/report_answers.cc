#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "study/document.h"
#include "study/report_sections.h"
#include "study/report_text.h"

namespace cellm {
namespace {

using OrderedJson = nlohmann::ordered_json;

std::string percent_interval(const OrderedJson& answers, const char* key) {
  const OrderedJson& range = answers.at("intervals").at(key);
  if (!range.is_array()) return "–";
  return fmt::format("{} … {}", percent(range.at(0)), percent(range.at(1)));
}

std::vector<std::string> answers_row(const OrderedJson& format) {
  const OrderedJson& answers = format.at("answers");
  return {shown_name(format),
          percent(answers.at("right")),
          percent_interval(answers, "right"),
          percent(answers.at("right_of_reference")),
          percent_interval(answers, "right_of_reference"),
          percent(answers.at("looping")),
          percent_interval(answers, "looping"),
          percent(answers.at("whole")),
          figure(answers.at("distinct1")),
          figure(answers.at("distinct2")),
          figure(answers.at("distinct3")),
          fmt::format("{:.1f}",
                      answers.at("tokens").get<double>() / answers.at("questions").get<double>())};
}

}  // namespace

bool has_answers(const OrderedJson& document) {
  const OrderedJson& first = document.at("formats").at(0);
  return first.contains("answers") && first.at("answers").is_object();
}

ReportSection questions_section(const OrderedJson& document) {
  ReportSection section{"What they answer", {}, {}, {}, {}, {}};
  const OrderedJson& settings = document.at("settings");
  section.paragraphs.push_back(fmt::format(
      "{} questions ({}), each answered greedily in at most {} tokens. An answer is right if it "
      "has "
      "the known one in it, or is it word for word where a question asks for that. It loops if the "
      "guard of generation ends it. distinct-n is the number of different spans of n tokens in all "
      "answers, divided by the number of their tokens: compare it with the 16-bit model’s.",
      settings.at("question_count").get<std::size_t>(), text_of(settings.at("questions")),
      settings.at("generate").get<std::size_t>()));
  ReportTable table{"Answers, with 95 % intervals",
                    {{"Format", false},
                     {"Right", true},
                     {"interval", true},
                     {"Right where 16 bits are", true},
                     {"interval", true},
                     {"Loop", true},
                     {"interval", true},
                     {"Come to an end", true},
                     {"distinct-1", true},
                     {"distinct-2", true},
                     {"distinct-3", true},
                     {"Tokens per answer", true}},
                    {}};
  for (const OrderedJson& format : document.at("formats"))
    table.rows.push_back(answers_row(format));
  section.tables.push_back(std::move(table));
  return section;
}

}  // namespace cellm

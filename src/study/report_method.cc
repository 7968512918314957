#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "study/report_sections.h"
#include "study/report_text.h"

namespace cellm {
namespace {

using OrderedJson = nlohmann::ordered_json;

std::string source_paragraph(const OrderedJson& source) {
  return fmt::format(
      "Source: {}, checksum {} (XXH3-64), {} layers, stored as {}. Every format is made from it; "
      "the 16-bit file is the reference, run with exact activations and an exact cache.",
      text_of(source.at("name")), text_of(source.at("checksum")),
      source.at("layers").get<std::size_t>(), text_of(source.at("format")));
}

std::string texts_paragraph(const OrderedJson& texts, const OrderedJson& settings) {
  std::string names;
  for (const OrderedJson& text : texts) {
    names += fmt::format("{}{} ({} tokens)", names.empty() ? "" : ", ", text_of(text.at("name")),
                         text.at("tokens").get<std::size_t>());
  }
  return fmt::format(
      "Text: {}. {} tokens of it in windows of {} that do not overlap, the second half of each "
      "scored. KLD is KL(reference ‖ format) in nats for a token.",
      names, settings.at("tokens").get<std::size_t>(), settings.at("window").get<std::size_t>());
}

std::string speed_paragraph(const OrderedJson& settings) {
  return fmt::format(
      "Speed and peak memory: each file in a process of its own, {} tokens of prompt, then {} "
      "more, {} threads, target {}; the median of {} runs. Tokens/s are those after the prompt.",
      settings.at("speed_prompt").get<std::size_t>(),
      settings.at("speed_decode").get<std::size_t>(), settings.at("threads").get<std::size_t>(),
      text_of(settings.at("target")), settings.at("speed_runs").get<std::size_t>());
}

ReportTable limits_table(const OrderedJson& document) {
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
  return limits;
}

ReportTable commands_table(const OrderedJson& document) {
  ReportTable commands{"The same files by hand: cellm convert --input SOURCE --output FILE …",
                       {{"Format", false}, {"Flags", false}},
                       {}};
  for (const OrderedJson& format : document.at("formats")) {
    commands.rows.push_back({text_of(format.at("name")), text_of(format.at("flags"))});
  }
  return commands;
}

constexpr std::string_view kArithmetic =
    "Formats run as a user runs them: weights of 8, 4, 2 and 1 bits meet activations rounded to "
    "8 bits, keys and values are kept in 16 bits. The engine’s own floor is the 16-bit file run "
    "that way: its activations are exact, so what is left is the 16-bit cache.";

}  // namespace

ReportSection method_notes(const OrderedJson& document) {
  const OrderedJson& settings = document.at("settings");
  ReportSection section{"How it was measured", {}, {}, {}, {}, {}};
  section.paragraphs = {
      source_paragraph(document.at("source")), texts_paragraph(document.at("texts"), settings),
      std::string(kArithmetic),
      fmt::format("Texts: 20 prompts, up to {} tokens, once greedily and once at temperature 0.7 "
                  "with fixed seeds. A text loops if it says the same span at least three times in "
                  "a row, over 16 tokens or more. The teacher’s nats are what the 16-bit model "
                  "thinks of a text, for a token.",
                  settings.at("generate").get<std::size_t>()),
      speed_paragraph(settings)};
  const OrderedJson& floor = document.at("floor");
  if (floor.contains("int8_exact")) {
    section.paragraphs.push_back(fmt::format(
        "int8 with exact activations and an exact cache has KLD {} and the same first choice for "
        "{} of the tokens; the difference to its row is what rounding activations costs.",
        figure(floor.at("int8_exact").at("kld_mean")), percent(floor.at("int8_exact").at("top1"))));
  }
  section.tables.push_back(limits_table(document));
  section.details.push_back(commands_table(document));
  return section;
}

}  // namespace cellm

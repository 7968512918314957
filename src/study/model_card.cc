#include "study/model_card.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "study/document.h"
#include "study/markdown.h"
#include "study/report_text.h"

namespace cellm {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr std::array<std::string_view, 4> kInherited{"license", "license_name", "license_link",
                                                     "language"};

// A text as a scalar of YAML in double quotes, which is JSON's form of it.
std::string quoted(const std::string& text) {
  return OrderedJson(text).dump(-1, ' ', true, OrderedJson::error_handler_t::replace);
}

void add_metadata(std::string& out, const ModelCard& card) {
  out += "---\n";
  for (const std::string& line : card.metadata) out += line + "\n";
  if (!card.base_model.empty())
    out += fmt::format("base_model: {}\nbase_model_relation: quantized\n", quoted(card.base_model));
  out += "library_name: cellm\npipeline_tag: text-generation\ntags:\n- cellm\n- quantized\n---\n\n";
}

// The file of a row or, if it has the same tensors as another row, that one's.
const std::string* file_of(const OrderedJson& format, const ModelCard& card) {
  const auto found = card.files.find(
      text_of(format.contains("same_as") ? format.at("same_as") : format.at("name")));
  return found == card.files.end() ? nullptr : &found->second;
}

std::string speed_of(const OrderedJson& format) {
  if (!format.contains("speed")) return "–";
  return fmt::format("{:.1f}", format.at("speed").at("decode_tokens_per_second").get<double>());
}

void add_table(std::string& out, const OrderedJson& document, const ModelCard& card) {
  out +=
      "| File | Format | MiB | Bits per weight | Times smaller | Perplexity | KLD | Same first "
      "choice | Tokens/s | Verdict |\n|---|---|---:|---:|---:|---:|---:|---:|---:|---|\n";
  for (const OrderedJson& format : document.at("formats")) {
    const std::string* file = file_of(format, card);
    if (file == nullptr) continue;
    const OrderedJson& evaluation = format.at("evaluation");
    out += fmt::format(
        "| `{}` | {} | {:.1f} | {:.3f} | {:.2f} | {} | {} | {} | {} | {} |\n", *file,
        markdown_text(text_of(format.at("name"))), format.at("file_bytes").get<double>() / kMiB,
        format.at("bits_per_weight").get<double>(), format.at("compression").get<double>(),
        figure(evaluation.at("perplexity")), figure(evaluation.at("kld_mean")),
        percent(evaluation.at("top1")), speed_of(format), text_of(format.at("judgement")));
  }
  out += "\n";
}

void add_method(std::string& out, const OrderedJson& document) {
  const OrderedJson& settings = document.at("settings");
  std::string names;
  for (const OrderedJson& text : document.at("texts"))
    names += (names.empty() ? "" : ", ") + markdown_text(text_of(text.at("name")));
  out += fmt::format(
      "Perplexity, KLD (divergence from the 16-bit file, nats per token) and the share of equal "
      "first choices are measured on {} tokens of {}, in windows of {}, the second half of each "
      "scored.",
      settings.at("tokens").get<std::size_t>(), names, settings.at("window").get<std::size_t>());
  if (settings.at("speed_runs").get<std::size_t>() > 0) {
    out += fmt::format(
        " Tokens/s are those written after a prompt of {} tokens, by {} threads (target {}).",
        settings.at("speed_prompt").get<std::size_t>(), settings.at("threads").get<std::size_t>(),
        markdown_text(text_of(settings.at("target"))));
  }
  out +=
      " Verdicts rest on the divergence and on texts that each file writes; `report.html` has "
      "their limits, plots, and all texts, `study.json` all figures.\n\n";
}

void add_answers(std::string& out, const OrderedJson& document, const ModelCard& card) {
  out += fmt::format("## What they say\n\nAt most {} tokens, unedited.\n\n",
                     document.at("settings").at("generate").get<std::size_t>());
  for (const OrderedJson& sample : document.at("samples")) {
    out +=
        fmt::format("### “{}”\n\n{}, {}\n\n", markdown_text(text_of(sample.at("prompt"))),
                    sample.at("chat").get<bool>() ? "As a message, if the model has a chat format"
                                                  : "As a text to continue",
                    sample.at("sampled").get<bool>() ? "temperature 0.7" : "greedy");
    for (const OrderedJson& answer : sample.at("answers")) {
      const auto file = card.files.find(text_of(answer.at("format")));
      if (file == card.files.end()) continue;
      out += fmt::format("`{}`\n\n{}\n", file->second, markdown_block(text_of(answer.at("text"))));
    }
  }
}

void add_commands(std::string& out, const OrderedJson& document, const ModelCard& card) {
  out +=
      "## How to run them\n\nEach file holds everything that cellm needs. `infer` is the original "
      "study’s program, which cellm contains; `tokenizer.json` is for it and for others.\n\n"
      "```sh\n";
  for (const OrderedJson& format : document.at("formats")) {
    if (format.contains("same_as")) continue;
    const std::string* file = file_of(format, card);
    if (file == nullptr) continue;
    out += fmt::format("cellm run {} \"Why is the sky blue?\"\n", *file);
  }
  const std::string& first = card.files.begin()->second;
  out += fmt::format(
      "cellm chat {0}\ncellm serve {0}\ninfer --model {0} --tokenizer tokenizer.json --prompt "
      "\"Why is the sky blue?\" --chat --gen 64\n```\n\n",
      first);
  out += "The same in Python, after `pip install cellm-engine`:\n\n```python\nimport cellm\n\n";
  out += fmt::format(
      "model = cellm.Model.from_pretrained(\"{}\")\nprint(model.generate(\"Why is the sky "
      "blue?\").text)\n```\n\n",
      first);
}

void add_origins(std::string& out, const OrderedJson& document, const ModelCard& card) {
  out += fmt::format(
      "## How they were made\n\nBy {} on {}, from {} (checksum {}):\n\n| File | `cellm convert "
      "--input SOURCE --output FILE` |\n|---|---|\n",
      markdown_text(text_of(document.at("writer"))), text_of(document.at("date")),
      markdown_text(card.base_model.empty() ? card.name : card.base_model),
      text_of(document.at("source").at("checksum")));
  for (const OrderedJson& format : document.at("formats")) {
    const std::string* file = file_of(format, card);
    if (file == nullptr || format.contains("same_as")) continue;
    out += fmt::format("| `{}` | `{}` |\n", *file, text_of(format.at("flags")));
  }
}

}  // namespace

std::vector<std::string> inherited_metadata(std::string_view readme) {
  std::vector<std::string> lines;
  if (!readme.starts_with("---\n")) return lines;
  for (readme.remove_prefix(4); !readme.empty() && !readme.starts_with("---");) {
    const std::string_view line = readme.substr(0, readme.find('\n'));
    readme.remove_prefix(std::min(readme.size(), line.size() + 1));
    const std::size_t colon = line.find(": ");
    if (colon == line.npos) continue;
    const std::string_view key = line.substr(0, colon);
    // A value of several lines begins with one of these.
    const std::string_view value = line.substr(colon + 2);
    const bool whole = !value.empty() && std::string_view("|>&*{").find(value[0]) == value.npos;
    if (whole && std::find(kInherited.begin(), kInherited.end(), key) != kInherited.end())
      lines.emplace_back(line);
  }
  return lines;
}

std::string model_card(const OrderedJson& document, const ModelCard& card) {
  std::string out;
  add_metadata(out, card);
  out += fmt::format(
      "# {} in .cellm files\n\n{} in formats of [cellm](https://pypi.org/project/cellm-engine/), "
      "which runs language models of few bits per weight on CPUs, and what each of them costs.\n\n",
      markdown_text(card.name), markdown_text(card.name));
  add_table(out, document, card);
  add_method(out, document);
  add_answers(out, document, card);
  add_commands(out, document, card);
  add_origins(out, document, card);
  return out;
}

}  // namespace cellm

#include "cli/eval_table.h"

#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/command.h"
#include "eval/report.h"

namespace cellm {
namespace {

// "12.3456  12.1 … 12.6"
std::string interval_text(const Estimate& estimate, int digits, double unit = 1.0) {
  if (std::isnan(estimate.low)) return "–";
  return fmt::format("{:.{}f} … {:.{}f}", estimate.low * unit, digits, estimate.high * unit,
                     digits);
}

void print_line(const char* name, const Estimate& estimate, int digits, const char* suffix = "",
                double unit = 1.0) {
  fmt::print("{:<26} {:>12.{}f}{:<2} {}\n", name, estimate.value * unit, digits, suffix,
             interval_text(estimate, digits, unit));
}

void print_evaluation(const EvaluateResult& results) {
  const Evaluation& evaluation = *results.evaluation;
  fmt::print("{} predictions in {} windows of {} tokens\n\n", evaluation.predictions,
             evaluation.windows, results.options.window);
  const bool texts = evaluation.unit == ResampledUnit::kTexts;
  fmt::print("{:<26} {:>12}   95 % interval ({} {} resampled)\n", "", "", evaluation.units,
             texts ? "texts" : "windows");
  print_line("perplexity", evaluation.perplexity, 4);
  if (evaluation.comparison) {
    const Comparison& c = *evaluation.comparison;
    print_line("perplexity of reference", c.reference_perplexity, 4);
    print_line("ln perplexity ratio", c.ln_perplexity_ratio, 5);
    print_line("KLD mean", c.kld_mean, 6);
    print_line("KLD median", c.kld_median, 6);
    print_line("KLD 90 %", c.kld_p90, 6);
    print_line("KLD 99 %", c.kld_p99, 6);
    print_line("KLD 99.9 %", c.kld_p999, 6);
    fmt::print("{:<26} {:>12.6f}\n", "KLD largest", c.kld_max);
    print_line("same first choice", c.top1, 2, " %", 100.0);
    print_line("Δp mean", c.delta_p_mean, 3, " %", 100.0);
    print_line("Δp RMS", c.delta_p_rms, 3, " %", 100.0);
  }
  if (evaluation.texts.size() > 1) {
    fmt::print("\n{:>12} {:>12} {:>12}  text\n", "predictions", "perplexity",
               evaluation.comparison ? "KLD mean" : "");
    for (const TextEvaluation& text : evaluation.texts) {
      fmt::print("{:>12} {:>12.4f} {:>12}  {}\n", text.predictions, text.perplexity,
                 text.kld_mean ? fmt::format("{:.6f}", *text.kld_mean) : "", printable(text.name));
    }
  }
}

void print_floor(const EvaluateResult& results, const EvalSetting& setting) {
  const EngineFloor& floor = *results.floor;
  const Comparison& comparison = *floor.evaluation.comparison;
  fmt::print(
      "the engine's own floor: {} weights of the reference, {} activations, {} cache\n"
      "  KLD mean {:.2g}, same first choice {:.2f} %, {} predictions\n\n",
      floor.weights, floor.activations, setting.kv_encoding, comparison.kld_mean.value,
      comparison.top1.value * 100.0, floor.evaluation.predictions);
}

void print_choices(const EvaluateResult& results) {
  const ChoiceEvaluation& choices = *results.choices;
  fmt::print("{} items, {} tokens; guessing gives {:.2f} %\n\n", choices.items, choices.tokens,
             choices.chance * 100.0);
  fmt::print("{:<26} {:>12}   95 % interval (items resampled)\n", "", "");
  print_line("right by ln p", choices.accuracy_sum, 2, " %", 100.0);
  print_line("right by ln p per token", choices.accuracy_mean, 2, " %", 100.0);
  if (results.reference_choices) {
    print_line("reference by ln p", results.reference_choices->accuracy_sum, 2, " %", 100.0);
    print_line("reference per token", results.reference_choices->accuracy_mean, 2, " %", 100.0);
  }
}

// A figure of the model beside that of the reference.
void print_pair(const char* name, const Estimate& own, const Estimate* reference) {
  print_line(name, own, 2, " %", 100.0);
  if (reference != nullptr) print_line("  of the reference", *reference, 2, " %", 100.0);
}

void print_answers(const EvaluateResult& results) {
  const AnswerEvaluation& own = *results.answers;
  const AnswerEvaluation* reference =
      results.reference_answers ? &*results.reference_answers : nullptr;
  fmt::print("{} questions, answers of {} tokens, greedily\n\n", own.answers.size(), own.tokens);
  fmt::print("{:<26} {:>12}   95 % interval (questions resampled)\n", "", "");
  print_pair("right answers", own.right, reference == nullptr ? nullptr : &reference->right);
  if (results.right_of_reference) {
    print_line("right where reference is", *results.right_of_reference, 2, " %", 100.0);
  }
  print_pair("looping answers", own.looping, reference == nullptr ? nullptr : &reference->looping);
  print_pair("ended by the model", own.whole, reference == nullptr ? nullptr : &reference->whole);
  for (std::size_t n = 0; n < kDistinctLengths; ++n) {
    fmt::print(
        "distinct-{:<17} {:>12.4f}{}\n", n + 1, own.distinct[n],
        reference == nullptr ? "" : fmt::format("   (reference {:.4f})", reference->distinct[n]));
  }
}

}  // namespace

void print_eval_tables(const EvaluateResult& results, const EvalSetting& setting) {
  fmt::print("{}: {}, {:.3f} bits per weight, {} activations, {} cache\n", printable(setting.model),
             results.model.format, results.model.bits_per_weight, setting.activations,
             setting.kv_encoding);
  if (results.reference) {
    fmt::print("reference {}: {}, exact activations and cache\n",
               printable(results.reference->path), results.reference->format);
  }
  if (results.floor) print_floor(results, setting);
  if (results.evaluation) print_evaluation(results);
  if (results.evaluation && results.choices) fmt::print("\n");
  if (results.choices) print_choices(results);
  if ((results.evaluation || results.choices) && results.answers) fmt::print("\n");
  if (results.answers) print_answers(results);
}

void print_eval_json(const EvaluateResult& results, const EvalSetting& setting) {
  nlohmann::ordered_json json{{"model", setting.model},
                              {"format", results.model.format},
                              {"bits_per_weight", results.model.bits_per_weight},
                              {"activations", setting.activations},
                              {"kv_encoding", setting.kv_encoding},
                              {"target", results.target},
                              {"threads", results.threads}};
  if (results.reference) {
    json["reference"] = setting.reference;
    json["reference_format"] = results.reference->format;
  }
  if (results.evaluation) {
    json["window"] = results.options.window;
    json["score"] = scored_part_name(results.options.scored);
    json["text_xxh3"] = fmt::format("{:016x}", results.text_checksum);
    json.update(to_json(*results.evaluation));
  }
  if (results.floor) {
    json["floor"] = {{"what", fmt::format("{} weights of the reference, {} activations, {} cache",
                                          results.floor->weights, results.floor->activations,
                                          setting.kv_encoding)}};
    json["floor"].update(to_json(results.floor->evaluation));
  }
  if (results.choices) json["choices"] = to_json(*results.choices);
  if (results.reference_choices) json["reference_choices"] = to_json(*results.reference_choices);
  if (results.answers)
    json["answers"] = to_json(*results.answers, results.questions, results.right_of_reference);
  if (results.reference_answers)
    json["reference_answers"] = to_json(*results.reference_answers, results.questions);
  json["peak_memory_bytes"] = peak_memory_bytes();
  fmt::print("{}\n", json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace cellm

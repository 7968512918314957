#include "cli/eval_table.h"

#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "eval/model_facts.h"

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

void print_evaluation(const EvalResults& results) {
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

void print_floor(const EvalResults& results) {
  const Comparison& floor = *results.floor->comparison;
  fmt::print(
      "the engine's own floor: {}\n  KLD mean {:.2g}, same first choice {:.2f} %, {} "
      "predictions\n\n",
      results.floor_what, floor.kld_mean.value, floor.top1.value * 100.0,
      results.floor->predictions);
}

void print_choices(const EvalResults& results) {
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

}  // namespace

void print_eval_tables(const EvalResults& results) {
  if (results.reference) {
    fmt::print("reference {}: {}, exact activations and cache\n",
               printable(results.reference->source().path()),
               main_format(results.reference->source()));
  }
  if (results.floor) print_floor(results);
  if (results.evaluation) print_evaluation(results);
  if (results.evaluation && results.choices) fmt::print("\n");
  if (results.choices) print_choices(results);
}

}  // namespace cellm

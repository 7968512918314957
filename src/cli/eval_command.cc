#include <cmath>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "engine/generate.h"
#include "eval/model_facts.h"
#include "eval/report.h"
#include "io/cellm_file.h"
#include "io/cellm_quality.h"

namespace cellm {
namespace {

// Tokens on which the engine's own floor is measured. It is so small (1e-5 and less with exact
// activations) that more of them would say nothing new.
constexpr std::size_t kFloorTokens = 4096;

struct Arguments {
  std::string model;
  std::string tokenizer;
  std::string reference;
  std::vector<std::string> texts;
  std::string choices;
  std::size_t window = 512;
  std::string score = "second-half";
  std::size_t limit = 0;
  bool no_floor = false;
  bool store = false;
  std::string kv_encoding = "f16";
  std::string activations = "int8";
  unsigned threads = 0;
  bool json = false;
};

void check(const Arguments& arguments) {
  if (arguments.texts.empty() && arguments.choices.empty())
    throw usage_error("give --text FILE, --choices FILE or both");
  if (arguments.store && (arguments.reference.empty() || arguments.texts.empty()))
    throw usage_error("--store needs --reference and --text: it keeps what their comparison gives");
}

// Everything that was loaded and measured.
struct Results {
  std::unique_ptr<const Engine> model;
  std::unique_ptr<const Engine> reference;
  std::vector<EvalText> texts;
  EvalOptions options;
  std::optional<Evaluation> evaluation;
  std::optional<Evaluation> floor;  // the reference as users run it, against its exact self
  std::string floor_what;
  std::optional<ChoiceEvaluation> choices;
  std::optional<ChoiceEvaluation> reference_choices;
};

std::unique_ptr<const Engine> load(const std::string& path, const Arguments& arguments,
                                   Activations activations) {
  return std::make_unique<const Engine>(open_model_source(path),
                                        EngineOptions{.target = target_from_environment(),
                                                      .threads = arguments.threads,
                                                      .activations = activations});
}

Tokenizer require_tokenizer(const Engine& engine, const std::string& file) {
  auto tokenizer = find_tokenizer(engine.source(), engine.config().vocab_size, file);
  if (tokenizer) return std::move(*tokenizer);
  throw data_error(
      "{}: text needs a tokenizer and there is none inside or beside this model; give --tokenizer "
      "tokenizer.json",
      printable(engine.source().path()));
}

EvalProgress progress_on(ProgressBar& bar) {
  return [&bar](std::size_t done, std::size_t total) { bar.update(done, total); };
}

// The reference's weights as users run them, in an engine of their own if that computes otherwise
// than the exact one.
void measure_floor(const Arguments& arguments, Results& results,
                   std::span<const EvalTokens> tokens) {
  const Activations activations = parse_activations(arguments.activations);
  std::unique_ptr<const Engine> own;
  const bool exact =
      computes_exactly(results.reference->source(), activations, results.reference->kernels());
  if (!exact) own = load(arguments.reference, arguments, activations);
  const EvalSubject subject{exact ? results.reference.get() : own.get(),
                            parse_kv_encoding(arguments.kv_encoding)};
  results.floor_what = fmt::format("{} weights of the reference, {} activations, {} cache",
                                   main_format(results.reference->source()),
                                   exact ? "exact" : arguments.activations, arguments.kv_encoding);
  EvalOptions options = results.options;
  options.max_tokens = std::max(kFloorTokens, options.window);
  if (results.options.max_tokens != 0)
    options.max_tokens = std::min(options.max_tokens, results.options.max_tokens);
  ProgressBar bar("measuring the engine's floor");
  results.floor =
      evaluate({&subject, 1}, results.reference.get(), tokens, options, progress_on(bar)).front();
}

Results measure(const Arguments& arguments) {
  Results results;
  results.options.window = arguments.window;
  results.options.scored = parse_scored_part(arguments.score);
  results.options.max_tokens = arguments.limit;
  // What is cheap to find wrong comes before what takes long.
  for (const std::string& path : arguments.texts) results.texts.push_back(read_eval_text(path));
  std::vector<ChoiceItem> items;
  if (!arguments.choices.empty()) items = read_choices(arguments.choices);

  results.model = load(arguments.model, arguments, parse_activations(arguments.activations));
  const Tokenizer tokenizer = require_tokenizer(*results.model, arguments.tokenizer);
  std::vector<EvalTokens> tokens;
  for (const EvalText& text : results.texts) tokens.push_back(tokenize_text(text, tokenizer));
  if (!arguments.reference.empty()) {
    results.reference = load(arguments.reference, arguments, Activations::kF32);
    require_same_tokenizer(tokenizer, require_tokenizer(*results.reference, arguments.tokenizer),
                           results.texts, arguments.reference);
  }

  const EvalSubject subject{results.model.get(), parse_kv_encoding(arguments.kv_encoding)};
  if (!tokens.empty()) {
    {
      ProgressBar bar(results.reference ? "comparing" : "evaluating");
      results.evaluation = evaluate({&subject, 1}, results.reference.get(), tokens, results.options,
                                    progress_on(bar))
                               .front();
    }
    if (results.reference && !arguments.no_floor) measure_floor(arguments, results, tokens);
  }
  if (!items.empty()) {
    ProgressBar bar("scoring choices");
    results.choices =
        evaluate_choices(subject, tokenizer, items, results.options, progress_on(bar));
    if (results.reference) {
      const EvalSubject reference{results.reference.get(), KvEncoding::kF32};
      results.reference_choices =
          evaluate_choices(reference, tokenizer, items, results.options, progress_on(bar));
    }
  }
  return results;
}

void store(const Arguments& arguments, const Results& results) {
  const QualitySource from{
      .model = &results.model->source(),
      .reference = &results.reference->source(),
      .reference_checksum = model_checksum(results.reference->source()),
      .text_checksum = text_checksum(results.texts),
      .activations = arguments.activations,
      .kv_encoding = parse_kv_encoding(arguments.kv_encoding),
  };
  store_quality(arguments.model, quality_of(*results.evaluation, results.options, from));
}

void print_json(const Arguments& arguments, const Results& results) {
  nlohmann::ordered_json json{{"model", arguments.model},
                              {"format", main_format(results.model->source())},
                              {"bits_per_weight", bits_per_weight(results.model->source())},
                              {"activations", arguments.activations},
                              {"kv_encoding", arguments.kv_encoding},
                              {"target", results.model->kernels().name},
                              {"threads", results.model->pool().threads()}};
  if (!arguments.reference.empty()) {
    json["reference"] = arguments.reference;
    json["reference_format"] = main_format(results.reference->source());
  }
  if (results.evaluation) {
    json["window"] = results.options.window;
    json["score"] = scored_part_name(results.options.scored);
    json["text_xxh3"] = fmt::format("{:016x}", text_checksum(results.texts));
    json.update(to_json(*results.evaluation));
  }
  if (results.floor) {
    json["floor"] = {{"what", results.floor_what}};
    json["floor"].update(to_json(*results.floor));
  }
  if (results.choices) json["choices"] = to_json(*results.choices);
  if (results.reference_choices) json["reference_choices"] = to_json(*results.reference_choices);
  json["peak_memory_bytes"] = peak_memory_bytes();
  fmt::print("{}\n", json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

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

void print_evaluation(const Results& results) {
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

void print_floor(const Results& results) {
  const Comparison& floor = *results.floor->comparison;
  fmt::print(
      "the engine's own floor: {}\n  KLD mean {:.6f}, same first choice {:.2f} %, {} "
      "predictions\n\n",
      results.floor_what, floor.kld_mean.value, floor.top1.value * 100.0,
      results.floor->predictions);
}

void print_choices(const Results& results) {
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

void print_table(const Arguments& arguments, const Results& results) {
  fmt::print("{}: {}, {:.3f} bits per weight, {} activations, {} cache\n",
             printable(arguments.model), main_format(results.model->source()),
             bits_per_weight(results.model->source()), arguments.activations,
             arguments.kv_encoding);
  if (results.reference) {
    fmt::print("reference {}: {}, exact activations and cache\n", printable(arguments.reference),
               main_format(results.reference->source()));
  }
  if (results.floor) print_floor(results);
  if (results.evaluation) print_evaluation(results);
  if (results.evaluation && results.choices) fmt::print("\n");
  if (results.choices) print_choices(results);
}

int run(const Arguments& arguments) {
  check(arguments);
  if (arguments.store && !is_cellm_file(arguments.model)) {
    throw usage_error("{}: --store writes into a .cellm file, and this is none",
                      printable(arguments.model));
  }
  const Results results = measure(arguments);
  if (arguments.store) store(arguments, results);
  if (arguments.json) {
    print_json(arguments, results);
  } else {
    print_table(arguments, results);
  }
  return 0;
}

Run configure(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto& a = *arguments;
  app.add_option("-m,--model", a.model, ".cellm file, Hugging Face folder or .gguf file")
      ->required();
  app.add_option("--tokenizer", a.tokenizer,
                 "tokenizer.json (default: the one inside or beside the model)");
  app.add_option("-t,--threads", a.threads, "Threads (default: one per physical core)")
      ->check(CLI::Range(1, 1024));
  app.add_flag("--json", a.json, "One JSON object on stdout");

  const char* what = "What to measure";
  app.add_option("--text", a.texts, "UTF-8 text; each file is a document")->group(what);
  app.add_option("--reference", a.reference,
                 "Model to compare with, token by token, with exact activations and cache")
      ->group(what);
  app.add_option("--choices", a.choices,
                 "Multiple-choice items, one JSON object a line: context, choices, answer")
      ->group(what);
  app.add_option("--window", a.window, "Tokens of a window; windows do not overlap")
      ->group(what)
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{2}, std::size_t{1} << 24));
  app.add_option("--score", a.score,
                 "Predictions of a window that count: second-half (as llama-perplexity) or all")
      ->group(what)
      ->capture_default_str()
      ->check(CLI::IsMember({"second-half", "all"}));
  app.add_option("--limit", a.limit, "Tokens of text at most, taken from all texts in turn")
      ->group(what)
      ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 40));
  app.add_flag("--no-floor", a.no_floor,
               "Do not measure the engine's own error first (--reference)")
      ->group(what);
  app.add_flag("--store", a.store, "Write the comparison into the header of the .cellm file")
      ->group(what);

  const char* engine = "Engine";
  app.add_option("--kv-encoding", a.kv_encoding, "KV cache: f16, turboquant (8 bits) or f32")
      ->group(engine)
      ->capture_default_str()
      ->check(CLI::IsMember({"f16", "turboquant", "f32"}));
  app.add_option("--activations", a.activations, "int8, fast or f32 (see infer)")
      ->group(engine)
      ->capture_default_str()
      ->check(CLI::IsMember({"int8", "fast", "f32"}));
  app.footer(
      "Examples:\n"
      "  cellm eval --model qwen.cellm --text novel.txt\n"
      "  cellm eval --model qwen.cellm --reference Qwen3.5-0.8B --text novel.txt --text news.txt\n"
      "  cellm eval --model qwen.cellm --reference Qwen3.5-0.8B --text novel.txt --store\n"
      "  cellm eval --model qwen.cellm --choices quiz.jsonl --json\n"
      "\n"
      "A line of --choices: {\"context\": \"Grass is\", \"choices\": [\" green\", \" loud\"], "
      "\"answer\": 0}");
  return [arguments] { return run(*arguments); };
}

}  // namespace

const Command kEvalCommand{
    "eval", "Measure a model: perplexity, distance to a reference, multiple choice", configure};

}  // namespace cellm

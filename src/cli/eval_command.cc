#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/command.h"
#include "cli/eval_table.h"
#include "cli/progress.h"
#include "eval/model_facts.h"
#include "eval/report.h"
#include "io/cellm_file.h"
#include "io/cellm_quality.h"

namespace cellm {
namespace {

// Tokens on which the engine's own floor is measured. It is so small (1e-6 and less with exact
// activations, 0.003 with rounded ones) that more of them would say nothing new, and each costs two
// runs of the reference.
constexpr std::size_t kFloorTokens = 1024;

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
  std::string kv_encoding = "f32";  // so that equal models are equal to the last bit
  std::string activations = "int8";
  unsigned threads = 0;
  Links links = Links::kInside;
  bool json = false;
};

void check(const Arguments& arguments) {
  if (arguments.texts.empty() && arguments.choices.empty())
    throw usage_error("give --text FILE, --choices FILE or both");
  if (arguments.store && (arguments.reference.empty() || arguments.texts.empty()))
    throw usage_error("--store needs --reference and --text: it keeps what their comparison gives");
}

std::unique_ptr<const Engine> load(const std::string& path, const Arguments& arguments,
                                   Activations activations) {
  return std::make_unique<const Engine>(open_model(path, {arguments.links, arguments.tokenizer}),
                                        engine_options(arguments.threads, activations));
}

const Tokenizer& require_tokenizer(const Engine& engine) {
  if (const Tokenizer* tokenizer = engine.opened().tokenizer()) return *tokenizer;
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
void measure_floor(const Arguments& arguments, EvalResults& results,
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

EvalResults measure(const Arguments& arguments) {
  EvalResults results;
  results.options.window = arguments.window;
  results.options.scored = parse_scored_part(arguments.score);
  results.options.max_tokens = arguments.limit;
  // What is cheap to find wrong comes before what takes long.
  for (const std::string& path : arguments.texts) results.texts.push_back(read_eval_text(path));
  std::vector<ChoiceItem> items;
  if (!arguments.choices.empty()) items = read_choices(arguments.choices);

  results.model = load(arguments.model, arguments, parse_activations(arguments.activations));
  const Tokenizer& tokenizer = require_tokenizer(*results.model);
  std::vector<EvalTokens> tokens;
  for (const EvalText& text : results.texts) tokens.push_back(tokenize_text(text, tokenizer));
  if (!arguments.reference.empty()) {
    results.reference = load(arguments.reference, arguments, Activations::kF32);
    require_same_tokenizer(tokenizer, require_tokenizer(*results.reference),
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

void store(const Arguments& arguments, const EvalResults& results) {
  const QualitySource from{
      .model = &results.model->source(),
      .reference = &results.reference->source(),
      .reference_checksum = results.reference->opened().checksum(),
      .text_checksum = text_checksum(results.texts),
      .activations = arguments.activations,
      .kv_encoding = parse_kv_encoding(arguments.kv_encoding),
  };
  store_quality(arguments.model, quality_of(*results.evaluation, results.options, from));
}

void print_json(const Arguments& arguments, const EvalResults& results) {
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

int run(const Arguments& arguments) {
  check(arguments);
  if (arguments.store && !is_cellm_file(arguments.model)) {
    throw usage_error("{}: --store writes into a .cellm file, and this is none",
                      printable(arguments.model));
  }
  const EvalResults results = measure(arguments);
  if (arguments.store) store(arguments, results);
  if (arguments.json) {
    print_json(arguments, results);
  } else {
    fmt::print("{}: {}, {:.3f} bits per weight, {} activations, {} cache\n",
               printable(arguments.model), main_format(results.model->source()),
               bits_per_weight(results.model->source()), arguments.activations,
               arguments.kv_encoding);
    print_eval_tables(results);
  }
  return 0;
}

Run configure(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto& a = *arguments;
  add_model(app, a.model);
  add_tokenizer(app, a.tokenizer);
  add_threads(app, a.threads);
  add_follow_links(app, a.links);
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

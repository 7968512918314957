#include <memory>

#include <fmt/format.h>

#include "base/error.h"
#include "cli/command.h"
#include "cli/eval_table.h"
#include "cli/interrupts.h"
#include "cli/job_display.h"
#include "cli/model_argument.h"
#include "eval/report.h"
#include "io/cellm_file.h"
#include "jobs/evaluate_job.h"

namespace cellm {
namespace {

struct Arguments {
  std::string model;
  std::string tokenizer;
  std::string reference;
  std::vector<std::string> texts;
  std::string choices;
  std::string questions;
  std::size_t answer_tokens = AnswerOptions{}.tokens;
  std::size_t window = 512;
  std::string score = "second-half";
  std::size_t limit = 0;
  bool no_floor = false;
  bool store = false;
  std::string kv_encoding = "f32";
  std::string activations = "int8";
  unsigned threads = 0;
  Links links = Links::kInside;
  bool json = false;
};

void refuse_contradictions(const Arguments& arguments) {
  if (arguments.texts.empty() && arguments.choices.empty() && arguments.questions.empty())
    throw usage_error("give --text FILE, --choices FILE or --questions FILE, or several of them");
  if (!arguments.store) return;
  if (arguments.reference.empty() || arguments.texts.empty())
    throw usage_error("--store needs --reference and --text: it keeps what their comparison gives");
  if (!is_cellm_file(arguments.model)) {
    throw usage_error("{}: --store writes into a .cellm file, and this is none",
                      printable(arguments.model));
  }
}

EvaluateJobOptions job_options(const Arguments& given) {
  Arguments arguments = given;
  arguments.model = model_path(given.model, {.threads = given.threads});
  arguments.reference = model_path(given.reference, {.original = true, .threads = given.threads});
  refuse_contradictions(arguments);
  EvaluateJobOptions options;
  options.model = arguments.model;
  options.reference = arguments.reference;
  options.texts.assign(arguments.texts.begin(), arguments.texts.end());
  options.choices = arguments.choices;
  options.questions = arguments.questions;
  options.answers.tokens = arguments.answer_tokens;
  options.tokenizer_file = arguments.tokenizer;
  options.eval.window = arguments.window;
  options.eval.scored = parse_scored_part(arguments.score);
  options.eval.max_tokens = arguments.limit;
  options.kv_encoding = parse_kv_encoding(arguments.kv_encoding);
  options.activations = parse_activations(arguments.activations);
  options.floor = !arguments.no_floor;
  options.store = arguments.store;
  options.links = arguments.links;
  options.threads = arguments.threads;
  options.target = target_from_environment();
  return options;
}

int run(const Arguments& arguments) {
  const EvaluateJobOptions options = job_options(arguments);
  JobDisplay display(false);
  const auto job = [&] {
    const EvaluateResult result = run_evaluate(options, display.control());
    display.finish();
    const EvalSetting setting{arguments.model, arguments.reference, arguments.activations,
                              arguments.kv_encoding};
    if (arguments.json) {
      print_eval_json(result, setting);
    } else {
      print_eval_tables(result, setting);
    }
    return 0;
  };
  return run_job(false, job, [&] {
    display.finish();
    return false;
  });
}

void add_measures(Options& options, Arguments& a) {
  const char* what = "What to measure";
  options.add("--text", a.texts, "UTF-8 text; each file is a document").group(what);
  options
      .add("--reference", a.reference,
           "Model to compare with, token by token, with exact activations and cache")
      .group(what);
  options
      .add("--choices", a.choices,
           "Multiple-choice items, one JSON object a line: context, choices, answer")
      .group(what);
  options
      .add("--questions", a.questions,
           "Questions to answer greedily, one JSON object a line: question, answer; default: the "
           "200 built-in ones")
      .group(what);
  options.add("--gen", a.answer_tokens, "Tokens of an answer to --questions at most")
      .group(what)
      .show_default()
      .range(std::size_t{1}, std::size_t{1} << 20);
  options.add("--window", a.window, "Tokens of a window; windows do not overlap")
      .group(what)
      .show_default()
      .range(std::size_t{2}, std::size_t{1} << 24);
  options
      .add("--score", a.score,
           "Predictions of a window that count: second-half (as llama-perplexity) or all")
      .group(what)
      .show_default()
      .one_of({"second-half", "all"});
  options.add("--limit", a.limit, "Tokens of text at most, taken from all texts in turn")
      .group(what)
      .range(std::size_t{1}, std::size_t{1} << 40);
  options
      .add_flag("--no-floor", a.no_floor,
                "Do not measure the engine's own error first (--reference)")
      .group(what);
  options.add_flag("--store", a.store, "Write the comparison into the header of the .cellm file")
      .group(what);
}

Run configure(Options& options) {
  auto arguments = std::make_shared<Arguments>();
  auto& a = *arguments;
  add_model(options, a.model);
  add_tokenizer(options, a.tokenizer);
  add_threads(options, a.threads);
  add_follow_links(options, a.links);
  options.add_flag("--json", a.json, "One JSON object on stdout");

  add_measures(options, a);
  const char* engine = "Engine";
  add_kv_encoding(options, a.kv_encoding).group(engine);
  options.add("--activations", a.activations, "int8, fast or f32 (see infer)")
      .group(engine)
      .show_default()
      .one_of({"int8", "fast", "f32"});
  options.footer(
      "Examples:\n"
      "  cellm eval --model qwen.cellm --text novel.txt\n"
      "  cellm eval --model qwen.cellm --reference Qwen3.5-0.8B --text novel.txt --text news.txt\n"
      "  cellm eval --model qwen.cellm --reference Qwen3.5-0.8B --text novel.txt --store\n"
      "  cellm eval --model qwen.cellm --choices quiz.jsonl --json\n"
      "  cellm eval --model qwen.cellm --reference Qwen3.5-0.8B --questions default\n"
      "\n"
      "A line of --choices: {\"context\": \"Grass is\", \"choices\": [\" green\", \" loud\"], "
      "\"answer\": 0}\n"
      "A line of --questions: {\"question\": \"How much is 2 + 3?\", \"answer\": [\"5\", "
      "\"five\"]}");
  return [arguments] { return run(*arguments); };
}

}  // namespace

const Command kEvalCommand{
    "eval", "Measure a model: perplexity, distance to a reference, multiple choice, answers",
    configure};

}  // namespace cellm

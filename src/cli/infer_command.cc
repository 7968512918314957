#include <algorithm>
#include <cstdio>
#include <exception>
#include <numeric>
#include <span>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "base/mapped_file.h"
#include "base/printable.h"
#include "base/stopwatch.h"
#include "cli/answer_report.h"
#include "cli/exit_codes.h"
#include "cli/infer_arguments.h"
#include "cli/infer_notes.h"
#include "cli/infer_sampling.h"
#include "cli/interrupts.h"
#include "cli/model_argument.h"
#include "cli/surface.h"
#include "engine/reasoning_tags.h"

namespace cellm {
namespace {

constexpr std::uint32_t kDefaultSequence = 8;

using Ids = std::vector<std::uint32_t>;

bool parse_switch(const std::string& text, const char* option) {
  if (text == "true" || text == "on" || text == "1" || text == "yes") return true;
  if (text == "false" || text == "off" || text == "0" || text == "no") return false;
  throw failure(CELLM_ERROR_USAGE, "{} takes true or false, not \"{}\"", option, printable(text));
}

ChatOptions chat_options(const InferArguments& arguments, const Model& model) {
  ChatOptions options{.thinking = arguments.thinking, .variables = arguments.template_variables};
  if (!arguments.chat_template.empty()) {
    options.template_text = model.named_chat_template(arguments.chat_template);
    if (options.template_text.empty()) {
      options.template_text = read_file(arguments.chat_template, kMaxTextBytes);
    }
  }
  if (arguments.chat_format == "chatml") options.format = CELLM_CHAT_CHATML;
  if (arguments.chat_format == "plain") options.format = CELLM_CHAT_PLAIN;
  return options;
}

// Whether the frame of a chat is another one than the model's, and knows no reasoning.
bool frame_without_reasoning(const ChatOptions& options) {
  if (!options.template_text.empty()) return !template_reasons(options.template_text);
  return options.format != CELLM_CHAT_AUTO;
}

// The ids of the prompt. A prompt from standard input takes its place in the arguments.
Ids prompt_ids(InferArguments& arguments, const Model& model) {
  if (arguments.tokens) return parse_token_list(*arguments.tokens);
  if (!arguments.prompt) {
    Ids ids(arguments.sequence.value_or(kDefaultSequence));
    std::iota(ids.begin(), ids.end(), 0U);
    return ids;
  }
  if (model.facts().has_tokenizer == 0) {
    throw failure(
        CELLM_ERROR_DATA,
        "{}: a text prompt needs a tokenizer and there is none inside or beside this model; "
        "give --tokenizer tokenizer.json",
        printable(arguments.model));
  }
  if (*arguments.prompt == "-") arguments.prompt.emplace(read_stdin());
  const std::string& text = *arguments.prompt;
  if (!arguments.chat) return model.tokenize(text, arguments.parse_special);
  std::vector<ChatMessage> messages;
  if (!arguments.system.empty()) messages.push_back({"system", arguments.system});
  messages.push_back({"user", text});
  return model.chat_prompt(messages, chat_options(arguments, model));
}

// Writes text to stdout without buffering; a closed pipe ends the answer.
class Output {
 public:
  explicit Output(bool enabled) : enabled_(enabled) {}
  void write(std::string_view text) {
    text_ += text;
    if (!enabled_ || text.empty()) return;
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() ||
        std::fflush(stdout) != 0) {
      throw failure(CELLM_ERROR_RESOURCES, "cannot write to standard output");
    }
  }
  const std::string& text() const { return text_; }

 private:
  bool enabled_;
  std::string text_;
};

// Ctrl-C ends an answer. Never freed: the signal may come at any time.
const Cancel& interrupt_cancel() {
  static const Cancel& cancel = *new Cancel;
  return cancel;
}

cellm_on_loop on_loop(const InferArguments& arguments) {
  if (arguments.on_loop == "ignore") return CELLM_LOOP_IGNORE;
  return arguments.on_loop == "stop" ? CELLM_LOOP_STOP : CELLM_LOOP_RESAMPLE;
}

ResolvedSampling sampling_of(const InferArguments& arguments, const Model& model) {
  const Sampling card = arguments.chat ? model.sampling(CELLM_SAMPLING_CARD) : Sampling{};
  return resolve_sampling(arguments.sampling, model.sampling(), card);
}

Constraint public_constraint(const GivenConstraint& given) {
  Constraint constraint{.texts = given.texts};
  switch (given.kind) {
    case ConstraintKind::kJsonSchema:
      constraint.kind = CELLM_CONSTRAINT_JSON_SCHEMA;
      break;
    case ConstraintKind::kJsonObject:
      constraint.kind = CELLM_CONSTRAINT_JSON_OBJECT;
      break;
    case ConstraintKind::kRegex:
      constraint.kind = CELLM_CONSTRAINT_REGEX;
      break;
    case ConstraintKind::kChoice:
      constraint.kind = CELLM_CONSTRAINT_CHOICE;
      break;
    case ConstraintKind::kGbnf:
      constraint.kind = CELLM_CONSTRAINT_GRAMMAR;
      break;
  }
  return constraint;
}

GenerateOptions generate_options(const InferArguments& arguments, const Model& model,
                                 const std::optional<GivenConstraint>& constraint,
                                 GenerateOptions options) {
  constexpr std::size_t kDefaultTokens = 8;
  const bool has_end = arguments.chat || constraint;
  options.max_tokens = arguments.gen.value_or(has_end ? kAsManyAsFit : kDefaultTokens);
  if (constraint) options.constraint = public_constraint(*constraint);
  options.no_reasoning = arguments.chat && frame_without_reasoning(chat_options(arguments, model));
  options.min_tokens = arguments.min_tokens;
  options.stop_strings = arguments.stop_strings;
  options.on_loop = on_loop(arguments);
  options.top_logprobs = arguments.logprobs;
  options.split_thinking = arguments.chat;
  options.thinking_budget = arguments.thinking_budget;
  options.ignore_end = !parse_switch(arguments.stop_eos, "--stop-eos");
  options.lookup = lookup_named(arguments.lookup.use);
  options.draft_max = arguments.lookup.draft_max;
  options.cancel = &interrupt_cancel();
  return options;
}

int run(InferArguments& arguments) {
  check(arguments);
  const std::optional<GivenConstraint> constraint = given_constraint(arguments.constraint);
  catch_interrupts(interrupt_cancel().handle());
  arguments.model =
      model_path(arguments.model, {.quiet = arguments.quiet, .threads = arguments.threads});
  const Stopwatch watch;
  const Model model =
      Model::open(arguments.model, {.target = target_from_environment(),
                                    .tokenizer_file = arguments.tokenizer,
                                    .max_layers = arguments.max_layers,
                                    .activations = activations_named(arguments.activations),
                                    .follow_links = arguments.links == Links::kFollow,
                                    .threads = arguments.threads});
  const double load_seconds = watch.seconds();

  const Ids prompt = prompt_ids(arguments, model);
  const ResolvedSampling sampling = sampling_of(arguments, model);
  const GenerateOptions options = generate_options(arguments, model, constraint, sampling.options);
  if (!arguments.quiet) {
    announce_notes(model);
    announce_two_begins(arguments, prompt, model);
    announce_quality(arguments, model);
  }
  Session session(model, {.kv_encoding = kv_encoding_named(arguments.kv_encoding),
                          .max_tokens = arguments.total_blocks * arguments.tokens_per_block,
                          .tokens_per_block = arguments.tokens_per_block});
  session.check_memory(prompt.size());
  if (!arguments.quiet && arguments.gen) warn_if_long(session, prompt.size() + *arguments.gen);
  Output output(!arguments.json);
  Ids ids;
  const bool is_text = model.facts().has_tokenizer != 0;
  bool announced = arguments.quiet || sampling.from_model.empty();
  const auto on_token = [&](std::uint32_t id, std::string_view text) {
    if (!announced) fmt::print(stderr, "sampling by the model: {}\n", sampling.from_model);
    announced = true;
    if (id != CELLM_NO_TOKEN) ids.push_back(id);
    output.write(is_text ? std::string(text) : fmt::format("{}{}", ids.size() > 1 ? " " : "", id));
    return true;
  };
  const GenerateResult result = session.generate(prompt, options, on_token);

  const Answer answer{output.text(), prompt, ids, result, options.seed, load_seconds};
  if (arguments.json) {
    print_json(answer, model);
  } else {
    fmt::print("\n");
  }
  if (!arguments.quiet) print_statistics(answer);
  return result.stop_reason == CELLM_STOP_CALLER ? kExitInterrupted : 0;
}

// The ids that infer takes without a prompt are for measurements; people have a text, in a pipe
// perhaps.
void require_prompt(InferArguments& arguments) {
  if (arguments.prompt || arguments.tokens || arguments.sequence) return;
  if (::isatty(STDIN_FILENO) != 0) {
    throw failure(CELLM_ERROR_USAGE,
                  "give a prompt: cellm run MODEL PROMPT, or cellm chat MODEL for a conversation");
  }
  arguments.prompt.emplace(1, '-');
}

template <bool kNeedsPrompt>
Run configure(Options& options) {
  auto arguments = std::make_shared<InferArguments>();
  add_infer_options(options, *arguments);
  return public_run([arguments] {
    if (kNeedsPrompt) require_prompt(*arguments);
    try {
      return run(*arguments);
    } catch (const std::exception&) {
      if (!interrupted()) throw;
      return kExitInterrupted;  // Ctrl-C during a download or the prompt
    }
  });
}

}  // namespace

const Command kInferCommand{"infer", "Run a model: continue a text, answer a message",
                            configure<false>};
const Command kRunCommand{"run", "As infer, with a prompt: cellm run MODEL PROMPT",
                          configure<true>};

}  // namespace cellm

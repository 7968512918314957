#include "cli/chat_arguments.h"

#include "cli/given_template.h"

namespace cellm {
namespace {

constexpr std::size_t kMost = std::size_t{1} << 32;  // CLI11 makes 2⁶⁴ − 1 of -1

void add_talk(Options& options, ChatArguments& a) {
  const char* what = "The conversation";
  options.add("--system", a.system, "System message").group(what);
  options.add("--load", a.load, "Continue the conversation of a file that /save wrote").group(what);
  add_thinking(options, a.thinking, what);
  options.add_flag("--fold-thinking", a.fold_thinking, "Do not show what it thinks").group(what);
  options.add("--chat-template", a.chat_template, kGivenTemplateHelp).group(what);
  options
      .add("--chat-template-kwargs", a.variables,
           "Variables of the template, as a JSON object: {\"enable_thinking\": false}")
      .group(what);
}

void add_generation(Options& options, ChatArguments& a) {
  const char* how = "How to answer";
  options
      .add("-n,--max-tokens,--gen", a.max_tokens,
           "Tokens of an answer at most (default: as many as fit)")
      .group(how)
      .range(std::size_t{1}, kMost);
  options
      .add("--thinking-budget", a.thinking_budget,
           "After so many tokens of thinking </think> is forced")
      .group(how)
      .range(std::size_t{1}, kMost);
  options
      .add_repeatable("--stop", a.stop_strings,
                      "Stop an answer before this text, or at this control token; repeatable")
      .group(how);
  options
      .add("--on-loop", a.on_loop,
           "When an answer repeats itself: stop, resample (go on with DRY, once) or ignore")
      .group(how)
      .show_default()
      .one_of({"stop", "resample", "ignore"});
}

void add_engine(Options& options, ChatArguments& a) {
  const char* engine = "Engine";
  options
      .add("-c,--context", a.context, "Tokens that a conversation can have (default: the model's)")
      .group(engine)
      .range(std::size_t{1}, kMost);
  add_kv_encoding(options, a.kv_encoding).group(engine);
  options.add("--activations", a.activations, "int8, fast or f32, as for infer")
      .group(engine)
      .show_default()
      .one_of({"int8", "fast", "f32"});
  add_lookup_options(options, a.lookup, engine);
}

}  // namespace

void add_chat_options(Options& options, ChatArguments& a) {
  add_model(options, a.model);
  add_tokenizer(options, a.tokenizer);
  add_threads(options, a.threads);
  add_follow_links(options, a.links);
  options.add_flag("-q,--quiet", a.quiet, "No greeting, and no line of figures after an answer");
  add_talk(options, a);
  add_generation(options, a);
  add_constraint_options(options, a.constraint);
  add_sampling_options(options, a.sampling);
  add_engine(options, a);
  options.footer(
      "Examples:\n"
      "  cellm chat qwen.cellm\n"
      "  cellm chat qwen.cellm --system 'Answer in French.' --temperature 0.6 --no-thinking\n"
      "  printf 'Hello!\\nWhat did I say?\\n' | cellm chat qwen.cellm\n"
      "\n"
      "/help lists the commands of the conversation. Ctrl-C stops an answer, Ctrl-D leaves. If\n"
      "standard input is no terminal, each of its lines is a message or a command.");
}

}  // namespace cellm

#include "cli/infer_arguments.h"

namespace cellm {
namespace {

void add_prompt(Options& options, InferArguments& a) {
  const char* what = "What to continue";
  options.add("-p,--prompt,prompt", a.prompt, "Text; - reads standard input").group(what);
  options.add("--tokens", a.tokens, "Token ids, like 1,2,3").group(what);
  options.add("--seq", a.sequence, "Without a prompt: the ids 0 … N−1 (default 8)")
      .group(what)
      .range(1U, 1U << 24);
  options
      .add_flag("--chat", a.chat, "The prompt is a user's message; frame it as the model expects")
      .group(what);
  options.add("--chat-format", a.chat_format, "The frame")
      .group(what)
      .show_default()
      .one_of({"auto", "chatml", "plain"});
  options
      .add("--chat-template", a.chat_template,
           "In place of the model's template: a file, or the name of one of several that it has")
      .group(what);
  options
      .add("--chat-template-kwargs", a.template_variables,
           "Variables of the template, a JSON object: {\"enable_thinking\": false}")
      .group(what);
  options.add("--system", a.system, "System message of the chat").group(what);
  add_thinking(options, a.thinking, what);
  options
      .add_flag("--parse-special", a.parse_special,
                "Without --chat: control tokens spelled in the prompt become control tokens")
      .group(what);
}

void add_generation(Options& options, InferArguments& a, const Option& json) {
  const char* how = "How long to continue";
  constexpr std::size_t kMost = std::size_t{1} << 32;  // CLI11 makes 2⁶⁴ − 1 of -1
  options
      .add("-n,--gen", a.gen,
           "Tokens to generate at most (default 8; with --chat or a constraint to the end of the "
           "answer)")
      .group(how)
      .range(std::size_t{0}, kMost);
  options.add("--min-tokens", a.min_tokens, "Before so many, no token ends the answer")
      .group(how)
      .range(std::size_t{0}, kMost);
  options.add("--stop-eos", a.stop_eos, "Stop at the end of the answer: true or false")
      .group(how)
      .expected(0, 1)
      .show_default("true");
  options
      .add("--thinking-budget", a.thinking_budget,
           "With --chat: after so many tokens of thinking </think> is forced")
      .group(how)
      .range(std::size_t{1}, kMost);
  options
      .add_repeatable("--stop", a.stop_strings,
                      "Stop before this text, or at this control token; repeatable")
      .group(how);
  options
      .add("--on-loop", a.on_loop,
           "When the text repeats itself: stop, resample (go on with DRY, once) or ignore")
      .group(how)
      .one_of({"stop", "resample", "ignore"});
  options
      .add("--logprobs", a.logprobs,
           "With --json: log probabilities of each token and of the N most probable in its place, "
           "before all sampling")
      .group(how)
      .needs(json)
      .range(std::size_t{0}, std::size_t{1000});
}

void add_engine(Options& options, InferArguments& a) {
  const char* engine = "Engine";
  options.add("--max-layers", a.max_layers, "Use only the first L layers")
      .group(engine)
      .range(std::size_t{1}, std::size_t{1} << 20);
  options.add("--tokens-per-block", a.tokens_per_block, "Tokens in a block of the KV cache")
      .group(engine)
      .show_default()
      .range(std::size_t{1}, std::size_t{1} << 16);
  options
      .add("--total-blocks", a.total_blocks,
           "Blocks of the KV cache (default: the model's context)")
      .group(engine)
      .range(std::size_t{1}, std::size_t{1} << 32);
  add_kv_encoding(options, a.kv_encoding).group(engine);
  options
      .add("--activations", a.activations,
           "int8 (rounded to 8 bits against weights that have integer codes: int8, int4, int2, "
           "q1, trellis codes and GGUF's block formats; exact against others), fast (also "
           "bf16 against 16-bit weights, where the processor can) or f32 (exact)")
      .group(engine)
      .show_default()
      .one_of({"int8", "fast", "f32"});
  add_lookup_options(options, a.lookup, engine);
  options.add("--backend", a.backend, "cpu").group(engine).show_default().one_of({"cpu", "metal"});
}

}  // namespace

void add_infer_options(Options& options, InferArguments& a) {
  add_model(options, a.model);
  add_tokenizer(options, a.tokenizer);
  add_threads(options, a.threads);
  add_follow_links(options, a.links);
  options.add_flag("-q,--quiet", a.quiet, "No statistics on stderr");
  const Option json = options.add_flag(
      "--json", a.json, "One JSON object on stdout: text, ids, timings, stop reason");
  add_prompt(options, a);
  add_generation(options, a, json);
  add_constraint_options(options, a.constraint);
  add_sampling_options(options, a.sampling);
  add_engine(options, a);
  options.footer(
      "Examples:\n"
      "  infer --model qwen.cellm --chat --prompt 'Hello, who are you?' --gen 128\n"
      "  infer --model Qwen/Qwen3.5-0.8B --chat --prompt 'Hello, who are you?'  (from the hub)\n"
      "  infer --model qwen.cellm --prompt 'The capital of France is' --gen 16 --temperature 0\n"
      "  cat letter.txt | infer --model qwen.cellm --chat --system 'Summarise.' --prompt - --gen "
      "200\n"
      "  infer --model qwen.cellm --tokens 9419,11 --gen 8 --json\n"
      "  infer --model qwen.cellm --chat --prompt 'Is 7 prime?' --choice yes --choice no\n"
      "\n"
      "Text goes to stdout, statistics to stderr. Ctrl-C ends the answer (exit code 130).\n"
      "CELLM_TARGET=scalar|avx2|avxvnni|avx512vnni|avx512bf16|amx|neon|neoni8mm forces a CPU "
      "target.");
}

void check(const InferArguments& arguments) {
  const int prompts = static_cast<int>(arguments.prompt.has_value()) +
                      static_cast<int>(arguments.tokens.has_value()) +
                      static_cast<int>(arguments.sequence.has_value());
  if (prompts > 1)
    throw failure(CELLM_ERROR_USAGE, "give one of --prompt, --tokens and --seq, not several");
  if (arguments.backend == "metal") {
    throw failure(CELLM_ERROR_UNSUPPORTED,
                  "backend metal is not supported; cellm runs on the CPU (--backend cpu)");
  }
  if (arguments.chat && !arguments.prompt)
    throw failure(CELLM_ERROR_USAGE, "--chat needs --prompt TEXT (or - for standard input)");
  if (!arguments.chat &&
      (!arguments.system.empty() || arguments.thinking || !arguments.chat_template.empty() ||
       !arguments.template_variables.empty())) {
    throw failure(CELLM_ERROR_USAGE,
                  "--system, --thinking, --no-thinking, --chat-template and --chat-template-kwargs "
                  "go with --chat");
  }
  if (!arguments.chat && arguments.thinking_budget) {
    throw failure(CELLM_ERROR_USAGE, "--thinking-budget goes with --chat");
  }
  if (!arguments.chat_template.empty() && arguments.chat_format != "auto") {
    throw failure(CELLM_ERROR_USAGE, "give one of --chat-format and --chat-template, not both");
  }
  // Before a model is loaded.
  if (arguments.sampling.seed) parse_seed(*arguments.sampling.seed);
  for (const std::string& bias : arguments.sampling.logit_biases) parse_logit_bias(bias);
}

}  // namespace cellm

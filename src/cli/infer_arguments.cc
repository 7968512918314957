#include "cli/infer_arguments.h"

#include "base/error.h"
#include "cli/command.h"

namespace cellm {
namespace {

void add_prompt(CLI::App& app, InferArguments& a) {
  const char* what = "What to continue";
  app.add_option("-p,--prompt", a.prompt, "Text; - reads standard input")->group(what);
  app.add_option("--tokens", a.tokens, "Token ids, like 1,2,3")->group(what);
  app.add_option("--seq", a.sequence, "Without a prompt: the ids 0 … N−1 (default 8)")
      ->group(what)
      ->check(CLI::Range(1U, 1U << 24));
  app.add_flag("--chat", a.chat, "The prompt is a user's message; frame it as the model expects")
      ->group(what);
  app.add_option("--chat-format", a.chat_format, "The frame")
      ->group(what)
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "chatml", "plain"}));
  app.add_option("--system", a.system, "System message of the chat")->group(what);
  app.add_flag_callback(
         "--thinking", [&a] { a.thinking = true; }, "Let the model think first")
      ->group(what);
  app.add_flag_callback(
         "--no-thinking", [&a] { a.thinking = false; }, "Do not let it")
      ->group(what);
  app.add_flag("--parse-special", a.parse_special,
               "Without --chat: control tokens spelled in the prompt become control tokens")
      ->group(what);
}

void add_generation(CLI::App& app, InferArguments& a) {
  const char* how = "How to continue";
  const CLI::Range count(std::size_t{0}, std::size_t{1} << 32);  // CLI11 wraps -1 around
  app.add_option("-n,--gen", a.gen, "Tokens to generate at most")
      ->group(how)
      ->check(count)
      ->capture_default_str();
  app.add_option("--temperature,--temp", a.sampler.temperature, "0 is greedy")
      ->group(how)
      ->capture_default_str()
      ->check(CLI::Range(0.0, 100.0));
  app.add_option("--top-k", a.sampler.top_k, "Only the k most probable tokens; 0: all")
      ->group(how)
      ->check(count)
      ->capture_default_str();
  app.add_option("--top-p", a.sampler.top_p, "Only the fewest tokens that reach this probability")
      ->group(how)
      ->capture_default_str();
  app.add_option("--min-p", a.sampler.min_p, "Only tokens this probable relative to the best")
      ->group(how)
      ->capture_default_str();
  app.add_option("-s,--seed", a.seed,
                 "Makes sampling repeatable (default: random, shown on stderr)")
      ->group(how)
      ->check(CLI::NonNegativeNumber);
  app.add_option("--repeat-penalty", a.repeat_penalty,
                 "Makes recent tokens less likely (default 1.05; 1, which is off, if greedy)")
      ->group(how)
      ->check(CLI::Range(0.01, 100.0));
  app.add_option("--repeat-window", a.sampler.repeat_window, "Tokens that count as recent")
      ->group(how)
      ->check(count)
      ->capture_default_str();
  app.add_option("--stop-eos", a.stop_eos, "Stop at the end of the answer: true or false")
      ->group(how)
      ->expected(0, 1)
      ->default_str("true");
}

void add_engine(CLI::App& app, InferArguments& a) {
  const char* engine = "Engine";
  app.add_option("--max-layers", a.max_layers, "Use only the first L layers")
      ->group(engine)
      ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 20));
  app.add_option("--tokens-per-block", a.tokens_per_block, "Tokens in a block of the KV cache")
      ->group(engine)
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 16));
  app.add_option("--total-blocks", a.total_blocks,
                 "Blocks of the KV cache (default: the model's context)")
      ->group(engine)
      ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 32));
  app.add_option("--kv-encoding", a.kv_encoding, "KV cache: f16, turboquant (8 bits) or f32")
      ->group(engine)
      ->capture_default_str()
      ->check(CLI::IsMember({"f16", "turboquant", "f32"}));
  app.add_option("--activations", a.activations,
                 "int8 (rounded against int8, int4, int2 and q1 weights, exact against others), "
                 "fast (also bf16 "
                 "against 16-bit weights, where the processor can) or f32 (exact)")
      ->group(engine)
      ->capture_default_str()
      ->check(CLI::IsMember({"int8", "fast", "f32"}));
  app.add_option("--backend", a.backend, "cpu")
      ->group(engine)
      ->capture_default_str()
      ->check(CLI::IsMember({"cpu", "metal"}));
}

}  // namespace

void add_infer_options(CLI::App& app, InferArguments& a) {
  add_model(app, a.model);
  add_tokenizer(app, a.tokenizer);
  add_threads(app, a.threads);
  add_follow_links(app, a.links);
  app.add_flag("-q,--quiet", a.quiet, "No statistics on stderr");
  app.add_flag("--json", a.json, "One JSON object on stdout: text, ids, timings, stop reason");
  add_prompt(app, a);
  add_generation(app, a);
  add_engine(app, a);
  app.footer(
      "Examples:\n"
      "  infer --model qwen.cellm --chat --prompt 'Hello, who are you?' --gen 128\n"
      "  infer --model qwen.cellm --prompt 'The capital of France is' --gen 16 --temperature 0\n"
      "  cat letter.txt | infer --model qwen.cellm --chat --system 'Summarise.' --prompt - --gen "
      "200\n"
      "  infer --model qwen.cellm --tokens 9419,11 --gen 8 --json\n"
      "\n"
      "Text goes to stdout, statistics to stderr. Ctrl-C ends the answer (exit code 130).\n"
      "CELLM_TARGET=scalar|avx2|avx512vnni|avx512bf16 forces a CPU target.");
}

void check(const InferArguments& arguments) {
  const int prompts = static_cast<int>(arguments.prompt.has_value()) +
                      static_cast<int>(arguments.tokens.has_value()) +
                      static_cast<int>(arguments.sequence.has_value());
  if (prompts > 1) throw usage_error("give one of --prompt, --tokens and --seq, not several");
  if (arguments.backend == "metal") {
    throw unsupported_error(
        "backend metal is not supported; cellm runs on the CPU (--backend cpu)");
  }
  if (arguments.chat && !arguments.prompt)
    throw usage_error("--chat needs --prompt TEXT (or - for standard input)");
  if (!arguments.chat && (!arguments.system.empty() || arguments.thinking)) {
    throw usage_error("--system, --thinking and --no-thinking go with --chat");
  }
}

}  // namespace cellm

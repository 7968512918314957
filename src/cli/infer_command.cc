#include <filesystem>
#include <numeric>
#include <random>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/memory.h"
#include "base/stopwatch.h"
#include "cli/command.h"
#include "cli/interrupts.h"
#include "engine/answer_ids.h"
#include "engine/generate.h"
#include "engine/session.h"
#include "io/cellm_quality.h"
#include "model/chat_format.h"
#include "tokenizer/chat.h"
#include "tokenizer/stream_decoder.h"

namespace cellm {
namespace {

constexpr std::uint32_t kDefaultSequence = 8;

struct Arguments {
  std::string model;
  std::string tokenizer;
  std::optional<std::string> prompt;
  std::optional<std::string> tokens;
  std::optional<std::uint32_t> sequence;
  bool chat = false;
  std::string chat_format = "auto";
  std::string system;
  std::optional<bool> thinking;
  bool parse_special = false;
  std::size_t gen = 8;
  SamplerOptions sampler;
  std::optional<float> repeat_penalty;
  std::optional<std::uint64_t> seed;
  std::size_t max_layers = std::numeric_limits<std::size_t>::max();
  std::size_t tokens_per_block = 16;
  std::size_t total_blocks = 0;
  std::string stop_eos = "true";
  std::string backend = "cpu";
  std::string kv_encoding = "f16";
  std::string activations = "int8";
  unsigned threads = 0;
  bool quiet = false;
  bool json = false;
  Links links = Links::kInside;
};

bool parse_switch(const std::string& text, const char* option) {
  if (text == "true" || text == "on" || text == "1" || text == "yes") return true;
  if (text == "false" || text == "off" || text == "0" || text == "no") return false;
  throw usage_error("{} takes true or false, not \"{}\"", option, printable(text));
}

ChatFormat chat_format(const Arguments& arguments, const Engine& engine) {
  const std::string& name = arguments.chat_format;
  const auto detected = find_chat_format(engine.config(), engine.source().chat_template());
  if (name == "plain") return ChatFormat::kPlain;
  if (name == "auto") {
    if (detected) return *detected;
    throw unsupported_error(
        "{}: no known chat format; give --chat-format chatml or plain, or leave --chat out",
        printable(engine.source().path()));
  }
  return ChatFormat::kChatMl;
}

// The ids that the arguments ask for.
std::vector<std::uint32_t> prompt_ids(const Arguments& arguments, const Engine& engine,
                                      const Tokenizer* tokenizer) {
  if (arguments.tokens) return parse_token_list(*arguments.tokens);
  if (!arguments.prompt) {
    std::vector<std::uint32_t> ids(arguments.sequence.value_or(kDefaultSequence));
    std::iota(ids.begin(), ids.end(), 0U);
    return ids;
  }
  if (tokenizer == nullptr) {
    throw data_error(
        "{}: a text prompt needs a tokenizer and there is none inside or beside this model; "
        "give --tokenizer tokenizer.json",
        printable(arguments.model));
  }
  const std::string text = *arguments.prompt == "-" ? read_stdin() : *arguments.prompt;
  if (arguments.chat) {
    std::vector<ChatMessage> messages;
    if (!arguments.system.empty()) messages.push_back({"system", arguments.system});
    messages.push_back({"user", text});
    ChatOptions options;
    options.thinking = arguments.thinking;
    return render_chat(*tokenizer, chat_format(arguments, engine), messages, options);
  }
  std::vector<std::uint32_t> ids = tokenizer->bos_from_template();
  const auto encoded = tokenizer->encode(text, arguments.parse_special);
  ids.insert(ids.end(), encoded.begin(), encoded.end());
  return ids;
}

void check(const Arguments& arguments) {
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

double rate(std::size_t tokens, double seconds) {
  return seconds > 0.0 ? static_cast<double>(tokens) / seconds : 0.0;
}

// Writes text to stdout at once; a reader that is gone ends the answer.
class Output {
 public:
  explicit Output(bool enabled) : enabled_(enabled) {}
  void write(const std::string& text) {
    text_ += text;
    if (!enabled_ || text.empty()) return;
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() ||
        std::fflush(stdout) != 0) {
      throw error(ErrorKind::kResources, "cannot write to standard output");
    }
  }
  const std::string& text() const { return text_; }

 private:
  bool enabled_;
  std::string text_;
};

// What a file says of its own quality, before its answer.
void announce_quality(const std::string& path) {
  const auto quality = read_quality(path);
  if (!quality) return;
  fmt::print(stderr, "{}: {}\n", printable(std::filesystem::path(path).filename().string()),
             quality_summary(*quality));
}

// Nobody knows how long an answer gets, and a large --gen often stands for "as long as it takes":
// so this is no error.
void warn_if_long(const Session& session, std::size_t tokens) {
  const std::size_t most = std::min(tokens, session.max_tokens());
  const std::uint64_t needed = session.state_bytes(most);
  const AvailableMemory available = available_memory();
  if (needed <= available.bytes) return;
  fmt::print(stderr,
             "note: {} tokens would need {} of memory, {} are available ({}); an answer that gets "
             "so long ends with an error\n",
             most, human_bytes(needed), human_bytes(available.bytes), available.limited_by);
}

int run(Arguments arguments) {
  check(arguments);
  catch_interrupts();
  if (!arguments.quiet) announce_quality(arguments.model);
  const Stopwatch watch;
  const Engine engine(open_model(arguments.model, {arguments.links, arguments.tokenizer}),
                      engine_options(arguments.threads, parse_activations(arguments.activations),
                                     arguments.max_layers));
  const Tokenizer* tokens = engine.opened().tokenizer();
  const double load_seconds = watch.seconds();

  GenerateOptions options;
  options.max_tokens = arguments.gen;
  options.sampler = arguments.sampler;
  // Greedy means the model's own first choice, so there the penalty is off unless asked for.
  const float default_penalty =
      arguments.sampler.temperature == 0.0F ? 1.0F : SamplerOptions{}.repeat_penalty;
  options.sampler.repeat_penalty = arguments.repeat_penalty.value_or(default_penalty);
  options.sampler.seed = arguments.seed ? *arguments.seed : std::random_device{}();
  if (parse_switch(arguments.stop_eos, "--stop-eos"))
    options.stop_ids = end_of_answer_ids(engine, tokens);
  if (tokens != nullptr) options.unusable_ids = unusable_ids(engine, *tokens);
  const std::vector<std::uint32_t> prompt = prompt_ids(arguments, engine, tokens);

  Session session(engine, {parse_kv_encoding(arguments.kv_encoding), arguments.tokens_per_block,
                           arguments.total_blocks});
  session.require_memory(prompt.size());
  if (!arguments.quiet) warn_if_long(session, prompt.size() + arguments.gen);
  Output output(!arguments.json);
  std::optional<StreamDecoder> decoder;
  if (tokens != nullptr) decoder.emplace(*tokens, true);
  const GenerateResult result = generate(
      session, prompt, options,
      [&](std::uint32_t id) {
        output.write(decoder ? decoder->push(id)
                             : fmt::format("{}{}", output.text().empty() ? "" : " ", id));
      },
      interrupted);
  if (decoder) output.write(decoder->finish());

  const double prompt_rate = rate(result.prompt_tokens, result.prompt_seconds);
  const double decode_rate = rate(result.decoded_tokens, result.decode_seconds);
  if (arguments.json) {
    const nlohmann::ordered_json json{{"text", output.text()},
                                      {"ids", result.ids},
                                      {"prompt_ids", prompt},
                                      {"stop_reason", stop_reason_name(result.reason)},
                                      {"seed", options.sampler.seed},
                                      {"timings",
                                       {{"load_seconds", load_seconds},
                                        {"prompt_tokens", result.prompt_tokens},
                                        {"prompt_seconds", result.prompt_seconds},
                                        {"prompt_tokens_per_second", prompt_rate},
                                        {"decode_tokens", result.decoded_tokens},
                                        {"decode_seconds", result.decode_seconds},
                                        {"decode_tokens_per_second", decode_rate}}},
                                      {"peak_memory_bytes", peak_memory_bytes()},
                                      {"threads", engine.pool().threads()},
                                      {"target", engine.kernels().name}};
    fmt::print("{}\n", json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  } else {
    fmt::print("\n");
  }
  if (!arguments.quiet) {
    fmt::print(stderr,
               "load {:.2f} s | prompt {} tokens, {:.1f} tokens/s | decode {} tokens, {:.1f} "
               "tokens/s | peak memory {} "
               "| stop: {} | seed {}\n",
               load_seconds, result.prompt_tokens, prompt_rate, result.ids.size(), decode_rate,
               human_bytes(peak_memory_bytes()), stop_reason_name(result.reason),
               options.sampler.seed);
  }
  return result.reason == StopReason::kInterrupted ? kExitInterrupted : 0;
}

Run configure(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto& a = *arguments;
  add_model(app, a.model);
  add_tokenizer(app, a.tokenizer);
  add_threads(app, a.threads);
  add_follow_links(app, a.links);
  app.add_flag("-q,--quiet", a.quiet, "No statistics on stderr");
  app.add_flag("--json", a.json, "One JSON object on stdout: text, ids, timings, stop reason");

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
  return [arguments] {
    try {
      return run(*arguments);
    } catch (const Error&) {
      if (!interrupted()) throw;
      return kExitInterrupted;  // Ctrl-C broke off the reading of a prompt
    }
  };
}

}  // namespace

const Command kInferCommand{"infer", "Run a model: continue a text, answer a message", configure};

}  // namespace cellm

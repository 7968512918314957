#include <filesystem>
#include <numeric>
#include <random>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/memory.h"
#include "base/stopwatch.h"
#include "cli/command.h"
#include "cli/infer_arguments.h"
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

bool parse_switch(const std::string& text, const char* option) {
  if (text == "true" || text == "on" || text == "1" || text == "yes") return true;
  if (text == "false" || text == "off" || text == "0" || text == "no") return false;
  throw usage_error("{} takes true or false, not \"{}\"", option, printable(text));
}

ChatFormat chat_format(const InferArguments& arguments, const Engine& engine) {
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
std::vector<std::uint32_t> prompt_ids(const InferArguments& arguments, const Engine& engine,
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
void announce_quality(const OpenedModel& model) {
  if (!model.quality()) return;
  const std::filesystem::path path = model.path();
  fmt::print(stderr, "{}: {}\n", printable(path.filename().string()),
             quality_summary(*model.quality()));
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

GenerateOptions generate_options(const InferArguments& arguments, const Engine& engine) {
  GenerateOptions options;
  options.max_tokens = arguments.gen;
  options.sampler = arguments.sampler;
  // Greedy means the model's own first choice, so there the penalty is off unless asked for.
  const float default_penalty =
      arguments.sampler.temperature == 0.0F ? 1.0F : SamplerOptions{}.repeat_penalty;
  options.sampler.repeat_penalty = arguments.repeat_penalty.value_or(default_penalty);
  options.sampler.seed = arguments.seed ? *arguments.seed : std::random_device{}();
  const Tokenizer* tokenizer = engine.opened().tokenizer();
  if (parse_switch(arguments.stop_eos, "--stop-eos"))
    options.stop_ids = end_of_answer_ids(engine, tokenizer);
  if (tokenizer != nullptr) options.unusable_ids = unusable_ids(engine, *tokenizer);
  return options;
}

// What is said of an answer once it is there.
struct Answer {
  const std::string& text;
  const std::vector<std::uint32_t>& prompt;
  const GenerateResult& result;
  std::uint64_t seed;
  double load_seconds;

  double prompt_rate() const { return rate(result.prompt_tokens, result.prompt_seconds); }
  double decode_rate() const { return rate(result.decoded_tokens, result.decode_seconds); }
};

void print_json(const Answer& answer, const Engine& engine) {
  const GenerateResult& result = answer.result;
  const nlohmann::ordered_json json{{"text", answer.text},
                                    {"ids", result.ids},
                                    {"prompt_ids", answer.prompt},
                                    {"stop_reason", stop_reason_name(result.reason)},
                                    {"seed", answer.seed},
                                    {"timings",
                                     {{"load_seconds", answer.load_seconds},
                                      {"prompt_tokens", result.prompt_tokens},
                                      {"prompt_seconds", result.prompt_seconds},
                                      {"prompt_tokens_per_second", answer.prompt_rate()},
                                      {"decode_tokens", result.decoded_tokens},
                                      {"decode_seconds", result.decode_seconds},
                                      {"decode_tokens_per_second", answer.decode_rate()}}},
                                    {"peak_memory_bytes", peak_memory_bytes()},
                                    {"threads", engine.pool().threads()},
                                    {"target", engine.kernels().name}};
  fmt::print("{}\n", json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

void print_statistics(const Answer& answer) {
  const GenerateResult& result = answer.result;
  fmt::print(stderr,
             "load {:.2f} s | prompt {} tokens, {:.1f} tokens/s | decode {} tokens, {:.1f} "
             "tokens/s | peak memory {} "
             "| stop: {} | seed {}\n",
             answer.load_seconds, result.prompt_tokens, answer.prompt_rate(), result.ids.size(),
             answer.decode_rate(), human_bytes(peak_memory_bytes()),
             stop_reason_name(result.reason), answer.seed);
}

int run(const InferArguments& arguments) {
  check(arguments);
  catch_interrupts();
  const Stopwatch watch;
  const auto opened = open_model(arguments.model, {arguments.links, arguments.tokenizer});
  if (!arguments.quiet) announce_quality(*opened);
  const Engine engine(opened,
                      engine_options(arguments.threads, parse_activations(arguments.activations),
                                     arguments.max_layers));
  const Tokenizer* tokenizer = opened->tokenizer();
  const double load_seconds = watch.seconds();

  const GenerateOptions options = generate_options(arguments, engine);
  const std::vector<std::uint32_t> prompt = prompt_ids(arguments, engine, tokenizer);
  Session session(engine, {parse_kv_encoding(arguments.kv_encoding), arguments.tokens_per_block,
                           arguments.total_blocks});
  session.require_memory(prompt.size());
  if (!arguments.quiet) warn_if_long(session, prompt.size() + arguments.gen);
  Output output(!arguments.json);
  std::optional<StreamDecoder> decoder;
  if (tokenizer != nullptr) decoder.emplace(*tokenizer, true);
  const auto write_token = [&](std::uint32_t id) {
    output.write(decoder ? decoder->push(id)
                         : fmt::format("{}{}", output.text().empty() ? "" : " ", id));
  };
  const GenerateResult result = generate(session, prompt, options, write_token, interrupted);
  if (decoder) output.write(decoder->finish());

  const Answer answer{output.text(), prompt, result, options.sampler.seed, load_seconds};
  if (arguments.json) {
    print_json(answer, engine);
  } else {
    fmt::print("\n");
  }
  if (!arguments.quiet) print_statistics(answer);
  return result.reason == StopReason::kInterrupted ? kExitInterrupted : 0;
}

Run configure(Options& options) {
  auto arguments = std::make_shared<InferArguments>();
  add_infer_options(options, *arguments);
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

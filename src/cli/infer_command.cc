#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <numeric>
#include <random>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/printable.h"
#include "base/stopwatch.h"
#include "cli/exit_codes.h"
#include "cli/infer_arguments.h"
#include "cli/interrupts.h"
#include "cli/surface.h"

namespace cellm {
namespace {

constexpr std::uint32_t kDefaultSequence = 8;

using Ids = std::vector<std::uint32_t>;

bool parse_switch(const std::string& text, const char* option) {
  if (text == "true" || text == "on" || text == "1" || text == "yes") return true;
  if (text == "false" || text == "off" || text == "0" || text == "no") return false;
  throw failure(CELLM_ERROR_USAGE, "{} takes true or false, not \"{}\"", option, printable(text));
}

ChatOptions chat_options(const InferArguments& arguments) {
  ChatOptions options{.format = CELLM_CHAT_AUTO, .thinking = arguments.thinking};
  if (arguments.chat_format == "chatml") options.format = CELLM_CHAT_CHATML;
  if (arguments.chat_format == "plain") options.format = CELLM_CHAT_PLAIN;
  return options;
}

// The ids of the prompt.
Ids prompt_ids(const InferArguments& arguments, const Model& model) {
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
  const std::string text = *arguments.prompt == "-" ? read_stdin() : *arguments.prompt;
  if (!arguments.chat) return model.tokenize(text, arguments.parse_special);
  std::vector<ChatMessage> messages;
  if (!arguments.system.empty()) messages.push_back({"system", arguments.system});
  messages.push_back({"user", text});
  return model.chat_prompt(messages, chat_options(arguments));
}

double rate(std::size_t tokens, double seconds) {
  return seconds > 0.0 ? static_cast<double>(tokens) / seconds : 0.0;
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

// Prints the quality stored in a file before its answer.
void announce_quality(const InferArguments& arguments, const Model& model) {
  const std::string quality = model.quality();
  if (quality.empty()) return;
  const std::filesystem::path path = arguments.model;
  fmt::print(stderr, "{}: {}\n", printable(path.filename().string()), quality);
}

// A note and no error: an answer may end before --gen tokens, and a large --gen often stands for no
// limit.
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

// Ctrl-C ends an answer. Never freed: the signal may come at any time.
const Cancel& interrupt_cancel() {
  static const Cancel& cancel = *new Cancel;
  return cancel;
}

GenerateOptions generate_options(const InferArguments& arguments) {
  GenerateOptions options = arguments.generate;
  options.max_tokens = arguments.gen;
  // Greedy means the model's own first choice, so the penalty is off unless given (decision 4).
  constexpr float kSamplingPenalty = 1.05F;
  options.repeat_penalty =
      arguments.repeat_penalty.value_or(options.temperature == 0.0F ? 1.0F : kSamplingPenalty);
  options.seed = arguments.seed ? *arguments.seed : std::random_device{}();
  options.ignore_end = !parse_switch(arguments.stop_eos, "--stop-eos");
  options.cancel = &interrupt_cancel();
  return options;
}

const char* stop_reason_name(int reason) {
  switch (reason) {
    case CELLM_STOP_END:
      return "eos";
    case CELLM_STOP_LENGTH:
      return "length";
    case CELLM_STOP_CONTEXT:
      return "context";
    default:
      return "interrupted";
  }
}

// The summary after an answer.
struct Answer {
  const std::string& text;
  const Ids& prompt;
  const Ids& ids;
  const cellm_generate_result& result;
  std::uint64_t seed;
  double load_seconds;

  double prompt_rate() const { return rate(result.prompt_tokens, result.prompt_seconds); }
  double decode_rate() const { return rate(result.decoded_tokens, result.decode_seconds); }
};

void print_json(const Answer& answer, const Model& model) {
  const cellm_generate_result& result = answer.result;
  const nlohmann::ordered_json json{{"text", answer.text},
                                    {"ids", answer.ids},
                                    {"prompt_ids", answer.prompt},
                                    {"stop_reason", stop_reason_name(result.stop_reason)},
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
                                    {"threads", model.facts().threads},
                                    {"target", model.target()}};
  fmt::print("{}\n", json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

void print_statistics(const Answer& answer) {
  const cellm_generate_result& result = answer.result;
  fmt::print(stderr,
             "load {:.2f} s | prompt {} tokens, {:.1f} tokens/s | decode {} tokens, {:.1f} "
             "tokens/s | peak memory {} "
             "| stop: {} | seed {}\n",
             answer.load_seconds, result.prompt_tokens, answer.prompt_rate(),
             result.generated_tokens, answer.decode_rate(), human_bytes(peak_memory_bytes()),
             stop_reason_name(result.stop_reason), answer.seed);
}

int run(const InferArguments& arguments) {
  check(arguments);
  catch_interrupts(interrupt_cancel().handle());
  const Stopwatch watch;
  const Model model =
      Model::open(arguments.model, {.target = target_from_environment(),
                                    .tokenizer_file = arguments.tokenizer,
                                    .max_layers = arguments.max_layers,
                                    .activations = activations_named(arguments.activations),
                                    .follow_links = arguments.links == Links::kFollow,
                                    .threads = arguments.threads});
  if (!arguments.quiet) announce_quality(arguments, model);
  const double load_seconds = watch.seconds();

  const GenerateOptions options = generate_options(arguments);
  const Ids prompt = prompt_ids(arguments, model);
  Session session(model, {.kv_encoding = kv_encoding_named(arguments.kv_encoding),
                          .max_tokens = arguments.total_blocks * arguments.tokens_per_block,
                          .tokens_per_block = arguments.tokens_per_block});
  session.check_memory(prompt.size());
  if (!arguments.quiet) warn_if_long(session, prompt.size() + arguments.gen);
  Output output(!arguments.json);
  Ids ids;
  const bool is_text = model.facts().has_tokenizer != 0;
  const auto on_token = [&](std::uint32_t id, std::string_view text) {
    if (id != CELLM_NO_TOKEN) ids.push_back(id);
    output.write(is_text ? std::string(text) : fmt::format("{}{}", ids.size() > 1 ? " " : "", id));
    return true;
  };
  const cellm_generate_result result = session.generate(prompt, options, on_token);

  const Answer answer{output.text(), prompt, ids, result, options.seed, load_seconds};
  if (arguments.json) {
    print_json(answer, model);
  } else {
    fmt::print("\n");
  }
  if (!arguments.quiet) print_statistics(answer);
  return result.stop_reason == CELLM_STOP_CALLER ? kExitInterrupted : 0;
}

Run configure(Options& options) {
  auto arguments = std::make_shared<InferArguments>();
  add_infer_options(options, *arguments);
  return public_run([arguments] {
    try {
      return run(*arguments);
    } catch (const std::runtime_error&) {
      if (!interrupted()) throw;
      return kExitInterrupted;  // Ctrl-C during the prompt
    }
  });
}

}  // namespace

const Command kInferCommand{"infer", "Run a model: continue a text, answer a message", configure};
const Command kRunCommand{"run", "The same as infer: cellm run MODEL PROMPT", configure};

}  // namespace cellm

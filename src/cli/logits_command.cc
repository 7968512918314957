#include <fmt/format.h>

#include "base/error.h"
#include "cli/command.h"
#include "cli/engine_options.h"
#include "cli/model_argument.h"
#include "engine/engine.h"
#include "engine/session.h"
#include "io/npy.h"

namespace cellm {
namespace {

struct Arguments {
  std::string model;
  std::string tokens;
  std::string output;
  std::size_t last = 0;
  std::size_t chunk = 0;
  std::size_t max_layers = std::numeric_limits<std::size_t>::max();
  std::string kv_encoding = "f32";
  std::string activations = "f32";
  unsigned threads = 0;
  Links links = Links::kInside;
};

int run(const Arguments& arguments) {
  const auto tokens = parse_token_list(arguments.tokens);
  const Engine engine(open_model(model_path(arguments.model), {arguments.links}),
                      engine_options(arguments.threads, parse_activations(arguments.activations),
                                     arguments.max_layers));
  Session session(engine, {parse_kv_encoding(arguments.kv_encoding), 16, 0});
  session.require_fit(tokens);
  session.require_memory(tokens.size());
  const std::size_t rows =
      arguments.last == 0 ? tokens.size() : std::min(arguments.last, tokens.size());
  const std::size_t first = tokens.size() - rows;
  NpyWriter writer(arguments.output, rows, engine.config().vocab_size);
  const std::size_t chunk = arguments.chunk == 0 ? tokens.size() : arguments.chunk;
  for (std::size_t begin = 0; begin < tokens.size(); begin += chunk) {
    const auto part = std::span(tokens).subspan(begin, std::min(chunk, tokens.size() - begin));
    if (begin + part.size() <= first) {
      session.advance(part);
      continue;
    }
    session.advance_each(part, [&](std::size_t i, std::span<const float> logits) {
      if (begin + i >= first) writer.append_row(logits);
    });
  }
  writer.finish();
  return 0;
}

Run configure(Options& options) {
  auto arguments = std::make_shared<Arguments>();
  auto& a = *arguments;
  add_model(options, a.model);
  options.add("--tokens", a.tokens, "Token ids, like 1,2,3").required();
  options.add("-o,--output", a.output, ".npy file to write: float32 [tokens, vocabulary]")
      .required()
      .names_output();
  options.add("--last", a.last, "Only the last N positions")
      .range(std::size_t{1}, std::size_t{1} << 32);
  options.add("--chunk", a.chunk, "Feed the tokens N at a time (default: all at once)")
      .range(std::size_t{1}, std::size_t{1} << 32);
  options.add("--kv-encoding", a.kv_encoding, "KV cache: f32 (exact), f16 or turboquant")
      .show_default()
      .one_of({"f16", "turboquant", "f32"});
  options.add("--activations", a.activations, "f32 (exact), int8 or fast (see infer)")
      .show_default()
      .one_of({"int8", "fast", "f32"});
  options.add("--max-layers", a.max_layers, "Use only the first L layers")
      .range(std::size_t{1}, std::size_t{1} << 20);
  add_threads(options, a.threads);
  add_follow_links(options, a.links);
  options.footer(
      "Example:\n  cellm logits --model qwen.cellm --tokens 9419,11,1814 --output logits.npy");
  return [arguments] { return run(*arguments); };
}

}  // namespace

const Command kLogitsCommand{"logits", "Write the logits of given tokens to a .npy file",
                             configure};

}  // namespace cellm

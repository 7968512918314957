#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/command.h"
#include "engine/generate.h"
#include "io/json.h"

namespace cellm {
namespace {

struct Arguments {
  std::string tokenizer;
  std::string model;
  bool plain = false;
  bool decode = false;
};

Tokenizer open_tokenizer(const Arguments& arguments) {
  if (arguments.tokenizer.empty() == arguments.model.empty()) {
    throw usage_error("give --tokenizer FILE or --model FILE");
  }
  if (!arguments.tokenizer.empty()) return load_tokenizer_file(arguments.tokenizer);
  const auto source = open_model_source(arguments.model);
  auto tokenizer = find_tokenizer(*source, SIZE_MAX, "");
  if (!tokenizer) {
    throw data_error("{}: no tokenizer inside or beside this model; give --tokenizer",
                     printable(arguments.model));
  }
  return *std::move(tokenizer);
}

int run(const Arguments& arguments) {
  const Tokenizer tokenizer = open_tokenizer(arguments);
  const std::string input = read_stdin();
  if (!arguments.decode) {
    fmt::print("[{}]\n", fmt::join(tokenizer.encode(input, !arguments.plain), ", "));
    return 0;
  }
  const std::string where = "standard input";
  const Json document = parse_json(input, where);
  std::vector<std::uint32_t> ids;
  for (const auto& id : JsonNode(document, where + ":").as_array()) {
    ids.push_back(static_cast<std::uint32_t>(id.as_uint(0, UINT32_MAX)));
  }
  const std::string text = tokenizer.decode(ids, false);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return 0;
}

Run configure(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  auto& a = *arguments;
  app.add_option("--tokenizer", a.tokenizer, "tokenizer.json");
  app.add_option("-m,--model", a.model, "Model whose tokenizer to use");
  app.add_flag("--plain", a.plain, "Control tokens in the text are text");
  app.add_flag("--decode", a.decode, "The other way: a JSON array of ids to text");
  app.footer(
      "Reads standard input exactly as it is, a final newline included. Examples:\n"
      "  printf 'Hello' | cellm tokenize --model qwen.cellm\n"
      "  echo '[9419]' | cellm tokenize --tokenizer tokenizer.json --decode");
  return [arguments] { return run(*arguments); };
}

}  // namespace

const Command kTokenizeCommand{"tokenize", "Turn text into token ids, or back", configure};

}  // namespace cellm

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/command.h"
#include "engine/opened_model.h"
#include "io/json.h"
#include "model/open_source.h"

namespace cellm {
namespace {

struct Arguments {
  std::string tokenizer;
  std::string model;
  bool plain = false;
  bool decode = false;
  bool skip_special = false;
  bool json_lines = false;
  Links links = Links::kInside;
};

Tokenizer open_tokenizer(const Arguments& arguments) {
  if (arguments.tokenizer.empty() == arguments.model.empty()) {
    throw usage_error("give --tokenizer FILE or --model FILE");
  }
  if (!arguments.tokenizer.empty()) return load_tokenizer_file(arguments.tokenizer);
  const auto source = open_model_source(arguments.model, arguments.links);
  FoundTokenizer found = find_tokenizer(*source, {arguments.links});
  if (!found.tokenizer) {
    throw data_error("{}: no tokenizer inside or beside this model; give --tokenizer",
                     printable(arguments.model));
  }
  return *std::move(found.tokenizer);
}

std::vector<std::uint32_t> ids_of(const JsonNode& node) {
  std::vector<std::uint32_t> ids;
  for (const auto& id : node.as_array()) {
    ids.push_back(static_cast<std::uint32_t>(id.as_uint(0, UINT32_MAX)));
  }
  return ids;
}

std::string json_of(const std::vector<std::uint32_t>& ids) {
  return fmt::format("[{}]", fmt::join(ids, ", "));
}

// One JSON value in, one out: a string becomes ids, or ids become a string.
std::string convert_line(const Tokenizer& tokenizer, const Arguments& arguments,
                         std::string_view line, const std::string& where) {
  const Json document = parse_json(line, where);
  const JsonNode node(document, where + ":");
  if (!arguments.decode) return json_of(tokenizer.encode(node.as_string(), !arguments.plain));
  return Json(tokenizer.decode(ids_of(node), arguments.skip_special)).dump();
}

int run(const Arguments& arguments) {
  const Tokenizer tokenizer = open_tokenizer(arguments);
  const std::string input = read_stdin();
  std::string output;
  if (arguments.json_lines) {
    std::size_t number = 0;
    for (std::size_t begin = 0; begin < input.size();) {
      const std::size_t end = std::min(input.find('\n', begin), input.size());
      const std::string where = fmt::format("standard input, line {}", ++number);
      const std::string_view line = std::string_view(input).substr(begin, end - begin);
      output += convert_line(tokenizer, arguments, line, where) + "\n";
      begin = end + 1;
    }
  } else if (arguments.decode) {
    const std::string where = "standard input";
    const Json document = parse_json(input, where);
    output = tokenizer.decode(ids_of(JsonNode(document, where + ":")), arguments.skip_special);
  } else {
    output = json_of(tokenizer.encode(input, !arguments.plain)) + "\n";
  }
  std::fwrite(output.data(), 1, output.size(), stdout);
  return 0;
}

Run configure(Options& options) {
  auto arguments = std::make_shared<Arguments>();
  auto& a = *arguments;
  options.add("--tokenizer", a.tokenizer, "tokenizer.json");
  options.add("-m,--model", a.model, "Model whose tokenizer to use");
  options.add_flag("--plain", a.plain, "Control tokens in the text are text");
  options.add_flag("--decode", a.decode, "The other way: a JSON array of ids to text");
  options.add_flag("--skip-special", a.skip_special, "With --decode: special tokens have no text");
  options.add_flag("--json-lines", a.json_lines,
                   "Many at once: a JSON string (or array of ids) per line");
  add_follow_links(options, a.links);
  options.footer(
      "Reads standard input exactly as it is, a final newline included. Examples:\n"
      "  printf 'Hello' | cellm tokenize --model qwen.cellm\n"
      "  echo '[9419]' | cellm tokenize --tokenizer tokenizer.json --decode");
  return [arguments] { return run(*arguments); };
}

}  // namespace

const Command kTokenizeCommand{"tokenize", "Turn text into token ids, or back", configure};

}  // namespace cellm

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

#include "cli/surface.h"
#include "cli/token_json.h"

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
    throw failure(CELLM_ERROR_USAGE, "give --tokenizer FILE or --model FILE");
  }
  return Tokenizer({.file = arguments.tokenizer,
                    .model = arguments.model,
                    .follow_links = arguments.links == Links::kFollow});
}

// One JSON value in, one out: a string becomes ids, or ids become a string.
std::string convert_line(const Tokenizer& tokenizer, const Arguments& arguments,
                         std::string_view line, const std::string& where) {
  if (!arguments.decode) {
    return json_of(tokenizer.encode(text_of_json(line, where), !arguments.plain));
  }
  return json_of(tokenizer.decode(ids_of_json(line, where), arguments.skip_special));
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
    output = tokenizer.decode(ids_of_json(input, "standard input"), arguments.skip_special);
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
  return public_run([arguments] { return run(*arguments); });
}

}  // namespace

const Command kTokenizeCommand{"tokenize", "Turn text into token ids, or back", configure};

}  // namespace cellm

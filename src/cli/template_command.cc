#include <cstdio>
#include <memory>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/limits.h"
#include "base/mapped_file.h"
#include "chat/chat.h"
#include "cli/command.h"
#include "cli/given_template.h"
#include "cli/model_argument.h"
#include "cli/token_json.h"
#include "engine/opened_model.h"
#include "io/json.h"

namespace cellm {
namespace {

struct Arguments {
  std::string model;
  std::string messages;
  std::string chat_template;
  std::string variables;
  std::string tokenizer;
  bool ids = false;
  Links links = Links::kInside;
};

// The template with its special tokens, and the tokenizer that goes with them.
struct Opened {
  std::shared_ptr<const OpenedModel> model;  // null for a template by itself
  std::optional<Tokenizer> tokenizer;        // given by name
  std::optional<Chat> chat;                  // other than the model's own

  const Chat& of(bool tools) const {
    if (chat) return *chat;
    const Chat* own = tools ? model->chat_with_tools() : model->chat();
    if (own != nullptr) return *own;
    throw unsupported_error("{}: no chat template; give --chat-template FILE",
                            printable(model->path()));
  }
  const Tokenizer& words() const {
    const Tokenizer* words = tokenizer ? &*tokenizer : nullptr;
    if (words == nullptr && model != nullptr) words = model->tokenizer();
    if (words == nullptr) throw usage_error("--ids needs a model, or --tokenizer FILE");
    return *words;
  }
};

Opened open(const Arguments& arguments) {
  Opened opened;
  if (!arguments.tokenizer.empty()) opened.tokenizer = load_tokenizer_file(arguments.tokenizer);
  if (arguments.model.ends_with(".jinja")) {
    if (!arguments.chat_template.empty()) {
      throw usage_error("--chat-template goes with a model, {} is a template",
                        printable(arguments.model));
    }
    opened.chat.emplace(read_file(arguments.model, kMaxTextBytes), arguments.model,
                        SpecialTokens{});
    return opened;
  }
  opened.model = open_model(model_path(arguments.model), {arguments.links, arguments.tokenizer});
  if (!arguments.chat_template.empty()) {
    opened.chat.emplace(given_chat(arguments.chat_template, *opened.model));
  }
  return opened;
}

// The variables of the rendering: those of the file, and over them those of the command line.
nlohmann::ordered_json read_variables(const Arguments& arguments) {
  const bool piped = arguments.messages == "-";
  auto variables =
      parse_ordered_json(piped ? read_stdin() : read_file(arguments.messages, kMaxTextBytes),
                         piped ? "standard input" : printable(arguments.messages));
  // The messages alone are accepted too.
  if (variables.is_array()) variables = {{"messages", variables}};
  if (!variables.is_object()) {
    throw data_error("{}: expected a JSON object with \"messages\"", printable(arguments.messages));
  }
  if (!arguments.variables.empty()) {
    const auto more = parse_ordered_json(arguments.variables, "--chat-template-kwargs");
    if (!more.is_object()) throw usage_error("--chat-template-kwargs: expected a JSON object");
    variables.update(more);
  }
  return variables;
}

int run(const Arguments& arguments) {
  const Opened opened = open(arguments);
  const auto variables = read_variables(arguments);
  // As in transformers, an empty list of tools is one, too.
  const bool tools = variables.contains("tools") && !variables["tools"].is_null();
  const chat::Text text = opened.of(tools).render(variables);
  const std::string output =
      arguments.ids ? json_of(encode(opened.words(), text)) + "\n" : text.bytes();
  std::fwrite(output.data(), 1, output.size(), stdout);
  return 0;
}

Run configure(Options& options) {
  auto arguments = std::make_shared<Arguments>();
  auto& a = *arguments;
  options.add("model", a.model, "A model, or a template FILE.jinja").required();
  options
      .add("--messages", a.messages,
           "JSON object of the template's variables: messages, tools, bos_token and others; or an "
           "array of messages; - for standard input")
      .required();
  options.add_flag("--ids", a.ids, "Print the token ids as a JSON array, not the text");
  options.add("--chat-template", a.chat_template, kGivenTemplateHelp);
  options.add("--chat-template-kwargs", a.variables,
              "More variables, as a JSON object: {\"enable_thinking\": false}");
  add_tokenizer(options, a.tokenizer);
  add_follow_links(options, a.links);
  options.footer(
      "Prints exactly the text, without a newline behind it. Examples:\n"
      "  echo '[{\"role\": \"user\", \"content\": \"Hi\"}]' | cellm template qwen.cellm --messages "
      "-\n"
      "  cellm template chat_template.jinja --messages conversation.json\n"
      "  cellm template qwen.cellm --messages conversation.json --ids");
  return [arguments] { return run(*arguments); };
}

}  // namespace

const Command kTemplateCommand{"template", "Print what a chat template makes of a conversation",
                               configure};

}  // namespace cellm

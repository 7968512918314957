#include <cstdio>
#include <memory>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/mapped_file.h"
#include "chat/template.h"
#include "cli/command.h"
#include "io/json.h"

namespace cellm {
namespace {

int run(const std::string& file, const std::string& messages) {
  const chat::Template jinja(read_file(file, kMaxTextBytes), file);
  const auto variables = parse_ordered_json(read_file(messages, kMaxTextBytes), messages);
  const std::string text = jinja.render(variables).bytes();
  std::fwrite(text.data(), 1, text.size(), stdout);
  return 0;
}

Run configure(Options& options) {
  auto file = std::make_shared<std::string>();
  auto messages = std::make_shared<std::string>();
  options.add("model", *file, "Model or template").required();
  options.add("--messages", *messages, "JSON").required();
  return [=] { return run(*file, *messages); };
}

}  // namespace

const Command kTemplateCommand{"template", "Show what a chat template makes of a conversation",
                               configure};

}  // namespace cellm

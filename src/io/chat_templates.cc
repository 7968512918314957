#include "io/chat_templates.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/limits.h"
#include "base/mapped_file.h"
#include "io/file_kind.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFolder = "additional_chat_templates";
constexpr std::string_view kEnding = ".jinja";

std::string text_of(const fs::path& path) {
  std::string text = read_file(path, kMaxTextBytes);
  if (const auto error = known_text_mistake(text, printable(path.string()))) throw Error(*error);
  return text;
}

ChatTemplates templates_in_files(const fs::path& folder, Links links) {
  ChatTemplates templates;
  const fs::path own = file_in_folder(folder, "chat_template.jinja", links);
  if (fs::exists(own)) templates.emplace(kDefaultChatTemplate, text_of(own));
  const fs::path more = file_in_folder(folder, kFolder, links);
  if (!fs::is_directory(more)) return templates;
  for (const std::string& name : names_in_folder(more)) {
    if (!name.ends_with(kEnding)) continue;
    if (templates.size() >= kMaxTokenizerParts) {
      throw data_error("{}: more than {} chat templates", printable(more.string()),
                       kMaxTokenizerParts);
    }
    templates.emplace(name.substr(0, name.size() - kEnding.size()),
                      text_of(file_in_folder(more, name, links)));
  }
  return templates;
}

ChatTemplates templates_of(const JsonNode& node) {
  ChatTemplates templates;
  if (node.is_array()) {
    for (const JsonNode& item : node.as_array(kMaxTokenizerParts)) {  // the last one of a name
      templates.insert_or_assign(item.at("name").as_string(), item.at("template").as_string());
    }
  } else if (node.is_object()) {
    for (const auto& [name, text] : node.as_object()) {
      if (templates.size() >= kMaxTokenizerParts) {
        throw data_error("{}: more than {} chat templates", node.path(), kMaxTokenizerParts);
      }
      templates.emplace(name, text.as_string());
    }
  } else {
    templates.emplace(kDefaultChatTemplate, node.as_string());
  }
  return templates;
}

}  // namespace

ChatTemplates read_chat_templates(const fs::path& folder, Links links,
                                  const std::optional<JsonNode>& tokenizer_config) {
  ChatTemplates templates = templates_in_files(folder, links);
  if (!templates.empty()) return templates;
  if (tokenizer_config) {
    if (const auto found = tokenizer_config->find("chat_template")) return templates_of(*found);
  }
  const fs::path processor = file_in_folder(folder, "chat_template.json", links);
  if (!fs::exists(processor)) return templates;
  const std::string source = printable(processor.string());
  const Json json = parse_python_json(text_of(processor), source);
  const auto found = JsonNode(json, source + ":").find("chat_template");
  return found ? templates_of(*found) : templates;
}

ChatTemplates parse_chat_templates(std::string_view json, std::string_view source) {
  const std::string name(source);
  const Json parsed = parse_json(json, name);
  const JsonNode node(parsed, name + ":");
  (void)node.as_object();
  return templates_of(node);
}

std::string chat_templates_json(const ChatTemplates& templates) {
  return Json(templates).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace cellm

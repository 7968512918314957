// A model's chat templates, as transformers stores them in a folder.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "io/folder_file.h"
#include "io/json.h"
#include "io/model_source.h"

namespace cellm {

// The templates of chat_template.jinja ("default") and additional_chat_templates/NAME.jinja; if
// there are none, those of the tokenizer's configuration: `chat_template`, a text, a list of
// {"name", "template"} or an object of templates by name; without it, that of a processor,
// chat_template.json. Throws Error(kData) for values of other types and links out of the folder.
ChatTemplates read_chat_templates(const std::filesystem::path& folder, Links links,
                                  const std::optional<JsonNode>& tokenizer_config);

// From and to one text, a JSON object of templates by name.
ChatTemplates parse_chat_templates(std::string_view json, std::string_view source);
std::string chat_templates_json(const ChatTemplates& templates);

}  // namespace cellm

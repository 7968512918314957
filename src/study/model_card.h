// The model card of a published study: README.md of a folder on the Hugging Face hub.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "io/json.h"

namespace cellm {

struct ModelCard {
  std::string name;        // of the model, "Qwen3.5-0.8B"
  std::string base_model;  // on the hub, "Qwen/Qwen3.5-0.8B"; empty: not named
  // Lines of the metadata of the source's own card: its license and languages.
  std::vector<std::string> metadata;
  std::map<std::string, std::string> files;  // by the format's name; in its absence not published
};

// The lines of metadata of a model's README.md that hold for its conversions, too: license,
// license_name, license_link and language, with the values of one line.
std::vector<std::string> inherited_metadata(std::string_view readme);

// The card on a document of run_study().
std::string model_card(const nlohmann::ordered_json& document, const ModelCard& card);

}  // namespace cellm

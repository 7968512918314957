// The models in the caches, listed and removed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "hub/hub_settings.h"

namespace cellm {

struct ListedModel {
  std::string name;  // as resolve_model() takes it
  std::uint64_t bytes = 0;
  std::string format;  // of a converted model; else "safetensors" or "gguf"
  std::filesystem::path path;
};

// The converted models and the whole models in the hub's cache, by name.
std::vector<ListedModel> list_models(const HubSettings& settings);

struct Removal {
  std::size_t files = 0;
  std::uint64_t bytes = 0;
};

// Removes the converted models of a repository and, with `downloads`, all of it in the hub's cache,
// which other programs use, too. Throws Error(kUsage) for anything but "ORG/NAME", Error(kData) if
// there is nothing to remove or it cannot be removed.
Removal remove_model(const std::string& repository, bool downloads, const HubSettings& settings);

}  // namespace cellm

// Brings a model from the hub into its cache.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "hub/hub_name.h"
#include "hub/hub_settings.h"
#include "jobs/job.h"

namespace cellm {

inline constexpr std::string_view kStageDownloading = "downloading";

// A model in the hub's cache.
struct PulledModel {
  std::string commit;
  std::filesystem::path path;  // the folder of the snapshot, or the .gguf file
  bool is_gguf = false;
};

// Downloads what is missing of the newest commit of the name's revision (hub/repository.h), and
// makes the revision name this commit when all is there. Progress counts the bytes of all files.
// Throws Cancelled, after which the same call goes on; Error(kResources) before anything is
// downloaded if the disk has no room for it; Error(kData) if the settings say offline; and as
// HubClient and download_blob().
PulledModel pull_model(const HubName& name, const HubSettings& settings, const JobControl& control);

// The model by the cache alone; empty if it or a part of it is not there. A folder needs its
// weights, its configuration and, if `with_tokenizer`, a tokenizer.json: a folder of another
// program may be without.
std::optional<PulledModel> cached_model(const HubName& name, const HubSettings& settings,
                                        bool with_tokenizer);

}  // namespace cellm

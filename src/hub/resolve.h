// From what a user names a model by to a path that opens.
#pragma once

#include <filesystem>
#include <string>

#include "hub/converted.h"
#include "hub/hub_name.h"
#include "hub/hub_settings.h"
#include "jobs/job.h"

namespace cellm {

struct ResolveOptions {
  bool refresh = false;   // look for a newer commit on the hub, even if there is one in the cache
  bool original = false;  // what the hub has, without converting it
  ConversionOptions conversion;
};

// A path that exists, and what is no name on the hub (hub/hub_name.h), is returned as it is. A name
// is looked up in the hub's cache, downloaded if it is not there, and converted once; a .gguf file
// is not converted. Throws Cancelled, after which the same call goes on; Error(kUsage) for a format
// with a .gguf file; and as pull_model() and converted_model().
std::filesystem::path resolve_model(const std::string& model, const HubSettings& settings,
                                    const ResolveOptions& options, const JobControl& control);

// The same for what is known to be a name on the hub, whatever there is on the disk.
std::filesystem::path resolve_name(const HubName& name, const HubSettings& settings,
                                   const ResolveOptions& options, const JobControl& control);

// Whether resolve_model() would look for it on the hub.
bool is_on_hub(const std::string& model);

}  // namespace cellm

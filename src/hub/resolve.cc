#include "hub/resolve.h"

#include <optional>
#include <system_error>

#include "base/error.h"
#include "hub/hub_name.h"
#include "hub/pull.h"

namespace cellm {
namespace {

// A folder without a tokenizer may be what another program needed of the model; it is all there is
// if nothing can be downloaded.
PulledModel find_or_pull(const HubName& name, const HubSettings& settings,
                         const ResolveOptions& options, const JobControl& control) {
  if (settings.offline || !options.refresh) {
    const bool with_tokenizer = !settings.offline;
    if (const auto cached = cached_model(name, settings, with_tokenizer)) return *cached;
  }
  return pull_model(name, settings, control);
}

}  // namespace

bool is_on_hub(const std::string& model) {
  std::error_code ignored;
  return !std::filesystem::exists(model, ignored) && parse_hub_name(model).has_value();
}

std::filesystem::path resolve_model(const std::string& model, const HubSettings& settings,
                                    const ResolveOptions& options, const JobControl& control) {
  std::error_code ignored;
  if (std::filesystem::exists(model, ignored)) return model;
  const std::optional<HubName> name = parse_hub_name(model);
  if (!name) return model;
  return resolve_name(*name, settings, options, control);
}

std::filesystem::path resolve_name(const HubName& name, const HubSettings& settings,
                                   const ResolveOptions& options, const JobControl& control) {
  if (!name.file.empty() && options.conversion.format) {
    throw usage_error("{}: a .gguf file runs as it is; a format is for models in a folder",
                      printable(hub_name_text(name)));
  }
  const PulledModel pulled = find_or_pull(name, settings, options, control);
  if (pulled.is_gguf || options.original) return pulled.path;
  return converted_model(name.repository, pulled, settings, options.conversion, control);
}

}  // namespace cellm

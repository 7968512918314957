#include "cli/model_argument.h"

#include "cli/command.h"
#include "cli/job_display.h"
#include "hub/hub_settings.h"
#include "hub/resolve.h"

namespace cellm {

std::string model_path(const std::string& model, const ModelLookup& lookup) {
  if (!is_on_hub(model)) return model;
  ResolveOptions options;
  options.original = lookup.original;
  options.conversion.threads = lookup.threads;
  options.conversion.target = target_from_environment();
  JobDisplay display(lookup.quiet);
  return resolve_model(model, hub_settings_from_environment(), options, display.control()).string();
}

}  // namespace cellm

#include "hub.h"

#include <string>

#include "capi/handles.h"
#include "hub/hub_settings.h"
#include "hub/resolve.h"
#include "jobs/job.h"

namespace cellm_python {

cellm_status resolve_model(const std::string& model, bool original, unsigned threads,
                           const cellm_job_control& control, std::string& path) noexcept {
  return cellm::guarded([&] {
    if (!cellm::is_on_hub(model)) {
      path = model;
      return;
    }
    const auto events = [&control](const cellm::Event& event) {
      if (event.note) return;
      const std::string stage(event.stage);
      if (control.on_progress(control.user, stage.c_str(), event.done, event.total) != 0) {
        throw cellm::Cancelled();
      }
    };
    cellm::ResolveOptions options;
    options.original = original;
    options.conversion.threads = threads;
    path = cellm::resolve_model(model, cellm::hub_settings_from_environment(), options,
                                cellm::JobControl(events, &control.cancel->token))
               .string();
  });
}

}  // namespace cellm_python

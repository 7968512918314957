// The sampling options of chat.
#pragma once

#include <string>

#include "cli/sampling_arguments.h"
#include "engine/opened_model.h"
#include "engine/sampler.h"

namespace cellm {

// The sampler's options: an argument that is given wins; else the model's generation config; else
// its card. `from_model`, if not null, is set to what came from the model, empty for nothing.
// Throws Error(kUsage) for arguments that are no options of a sampler.
SamplerOptions chat_sampling(const SamplingArguments& arguments, const OpenedModel& model,
                             std::string* from_model);

}  // namespace cellm

// The sampling options of infer.
#pragma once

#include <string>

#include "cli/sampling_arguments.h"
#include "cli/surface.h"

namespace cellm {

// GenerateOptions with the options of sampling set and the others at their defaults.
struct ResolvedSampling {
  GenerateOptions options;
  std::string from_model;  // "temperature 0.6, top-k 20 (generation config)"; empty: nothing
};

// An argument that is given wins; else the model's generation config; else its card. The caller
// says what of them counts. Penalties that are not given are off if greedy. Draws a seed if none is
// given.
ResolvedSampling resolve_sampling(const SamplingArguments& arguments, const Sampling& file,
                                  const Sampling& card);

}  // namespace cellm

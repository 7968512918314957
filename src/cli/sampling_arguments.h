// The arguments of infer and chat that say how tokens are chosen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/options.h"
#include "engine/sampling_choice.h"

namespace cellm {

struct SamplingArguments : RequestedSampling {
  float dry_multiplier = 0.0F;
  float dry_base = 1.75F;
  std::size_t dry_allowed_length = 2;
  std::size_t dry_window = 0;
  std::vector<std::string> dry_breakers;  // none: the usual ones
  std::vector<std::string> logit_biases;  // ID=BIAS
  std::optional<std::string> seed;
};

void add_sampling_options(Options& options, SamplingArguments& arguments);

// Parsers of the texts of options. Throw Error(kUsage).
std::optional<std::uint64_t> parse_seed(const std::string& text);  // nothing: random
std::uint64_t chosen_seed(const SamplingArguments& arguments);     // drawn if none is given
std::pair<std::uint32_t, float> parse_logit_bias(const std::string& text);

// The texts at which repetitions end for DRY: the given ones, none for "none", else the `usual`
// ones.
std::vector<std::string> dry_breakers(const SamplingArguments& arguments,
                                      std::vector<std::string> usual);

}  // namespace cellm

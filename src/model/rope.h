// Rotary frequencies of a configuration.
#pragma once

#include <vector>

#include "io/json.h"
#include "model/config.h"

namespace cellm {

// Reads theta and scaling. As in transformers, rope_scaling replaces rope_parameters as a whole,
// and a theta in neither is that of the configuration. max_positions must be read before. Throws as
// read_model_config().
void read_rope(const JsonNode& text, ModelConfig& config);

// Compares the scaling with rotary_dim. Throws Error(kData).
void validate_rope(const JsonNode& text, const ModelConfig& config);

// rotary_dim / 2 frequencies, scaling applied.
std::vector<float> inverse_frequencies(const ModelConfig& config);

// The divisors of the frequencies, for a scaling that is a table of factors: Llama 3's, or one
// stored as a table. Empty for the others.
std::vector<float> rope_factors(const ModelConfig& config);

// The factor of cos and sin that YaRN has for a scaling by `factor`, unless a configuration says
// another: 0.1 scale ln(factor) + 1 (Peng et al. 2023, arXiv:2309.00071).
double yarn_magnitude(double factor, double scale = 1.0);

// The factor of cos and sin: 1 but for YaRN and LongRoPE.
float rope_magnitude(const ModelConfig& config);

}  // namespace cellm

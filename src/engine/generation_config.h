// generation_config.json: when an answer ends, and how the model wants to be sampled.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cellm {

// The ids of "eos_token_id", a number or a list, each once; none if the file does not say. Throws
// Error(kData) naming `source` and the field.
std::vector<std::uint32_t> generation_end_ids(std::string_view json, const std::string& source);

// Sampling that is asked for. What is not said is not set.
struct SamplingDefaults {
  std::optional<float> temperature = {};  // 0: greedy
  std::optional<std::size_t> top_k = {};  // 0: all
  std::optional<float> top_p = {};
  std::optional<float> min_p = {};
  std::optional<float> repeat_penalty = {};
  std::optional<float> presence_penalty = {};
  std::optional<float> frequency_penalty = {};

  bool operator==(const SamplingDefaults&) const = default;
};

// "temperature", "top_k" (0 and −1: all), "top_p", "min_p", "repetition_penalty" and the penalties
// of presence and frequency. "do_sample" false: greedy, whatever the others say. A GGUF file's
// general.sampling.* come under the same names. Throws Error(kData) naming `source` and the field
// for a value that a sampler would refuse.
SamplingDefaults generation_sampling(std::string_view json, const std::string& source);

// Sampling that a model's card recommends and that generation_config.json has no fields for;
// nothing for most models. The vocabulary tells the models of a maker from others of the same type.
SamplingDefaults card_sampling(std::string_view model_type, std::size_t vocab_size);

}  // namespace cellm

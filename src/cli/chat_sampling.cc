#include "cli/chat_sampling.h"

#include <utility>

#include "engine/generation_config.h"
#include "engine/sampling_choice.h"

namespace cellm {

SamplerOptions chat_sampling(const SamplingArguments& a, const OpenedModel& model,
                             std::string* from_model) {
  const ModelConfig& config = model.config();
  const SamplingDefaults card = card_sampling(config.model_type, config.vocab_size);
  SamplerOptions options;
  const std::string chosen = choose_sampling(a, model.generation_sampling(), card, options);
  options.seed = chosen_seed(a);
  if (from_model != nullptr) *from_model = chosen;
  options.dry.multiplier = a.dry_multiplier;
  options.dry.base = a.dry_base;
  options.dry.allowed_length = a.dry_allowed_length;
  options.dry.window = a.dry_window;
  options.dry.breakers = dry_breakers(a, std::move(options.dry.breakers));
  for (const std::string& text : a.logit_biases) {
    const auto [id, bias] = parse_logit_bias(text);
    options.logit_bias.push_back({id, bias});
  }
  return options;
}

}  // namespace cellm

#include "cli/infer_sampling.h"

#include <utility>

#include "engine/sampling_choice.h"

namespace cellm {

ResolvedSampling resolve_sampling(const SamplingArguments& a, const Sampling& file,
                                  const Sampling& card) {
  ResolvedSampling resolved;
  GenerateOptions& o = resolved.options;
  resolved.from_model = choose_sampling(a, file, card, o);
  o.seed = chosen_seed(a);
  o.dry_multiplier = a.dry_multiplier;
  o.dry_base = a.dry_base;
  o.dry_allowed_length = a.dry_allowed_length;
  o.dry_window = a.dry_window;
  o.dry_breakers = dry_breakers(a, std::move(o.dry_breakers));
  for (const std::string& text : a.logit_biases) {
    const auto [id, bias] = parse_logit_bias(text);
    o.logit_bias.push_back({id, bias});
  }
  return resolved;
}

}  // namespace cellm

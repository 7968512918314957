// The scaling of the rotary frequencies inv_freq[i] = theta^(−2i / rotary_dim), as plain data.
// Formulas: transformers, modeling_rope_utils.py.
#pragma once

#include <optional>
#include <variant>
#include <vector>

namespace cellm {

struct DefaultRope {};
struct LinearRope {
  double factor;  // all frequencies divided by it
};
struct Llama3Rope {  // _compute_llama3_parameters
  double factor;
  double low_freq_factor;
  double high_freq_factor;
  double original_context;
};
// YaRN (arXiv:2309.00071; _compute_yarn_parameters): frequencies that turn more than beta_fast
// times within the original context are kept, those that turn less than beta_slow times are divided
// by the factor, those between are blended.
struct YarnRope {
  double factor;
  double original_context;
  double beta_fast = 32.0;
  double beta_slow = 1.0;
  double attention_factor = 1.0;  // of cos and sin
  bool truncate = true;           // round the blended range to whole dimensions
};
struct FactorsRope {
  // Each frequency divided by its own; from a GGUF's rope_freqs or, of LongRoPE
  // (_compute_longrope_parameters), rope_factors_long or rope_factors_short.
  std::vector<float> factors;
  double attention_factor = 1.0;  // of cos and sin
};
using RopeScaling = std::variant<DefaultRope, LinearRope, Llama3Rope, YarnRope, FactorsRope>;

}  // namespace cellm

// One layer of the decoder over a whole sequence, forward with everything kept that the way back
// needs, and back.
#pragma once

#include <cstddef>
#include <unordered_map>
#include <vector>

#include "model/model.h"
#include "ops/compute.h"
#include "ops/rope.h"
#include "tune/matrix.h"

namespace cellm {

// What is trained of a model, by where it is in there: its layers' matrices, and the gradients of
// its norms.
struct TunableParts {
  std::unordered_map<const Linear*, TunableMatrix> matrices;
  std::unordered_map<const std::vector<float>*, std::vector<float>> norm_gradients;
};

// What one sequence left behind on its way through one layer; (tokens, width) each.
struct LayerRecord {
  std::vector<float> input;   // the residual stream
  std::vector<float> normed;  // the mixer's input
  // Attention. What the matrices gave, and what became of it.
  std::vector<float> projected;  // q_proj, with the gates, or in_proj_qkv
  std::vector<float> raw_queries;
  std::vector<float> raw_keys;
  std::vector<float> values;
  std::vector<float> queries;
  std::vector<float> keys;
  // Delta net
  std::vector<float> convolved;
  std::vector<float> raw_beta;
  std::vector<float> raw_decay;
  std::vector<float> beta;
  std::vector<float> g;
  // Both
  std::vector<float> gates;  // attention's gates, or z
  std::vector<float> mixed;  // before the gate and its norm
  std::vector<float> gated;  // input of the output matrix
  std::vector<float> mixer_out;
  std::vector<float> middle;  // the residual stream between mixer and feed-forward
  std::vector<float> post_normed;
  std::vector<float> gate;
  std::vector<float> up;
  std::vector<float> active;  // silu(gate) · up
  std::vector<float> down;
};

// hidden: (tokens, hidden), the residual stream of a sequence from its beginning; gets what the
// layer makes of it. Equal to the steps of model/pass.h up to rounding.
void layer_forward(const Compute& compute, const ModelConfig& config, const RopeAngles& angles,
                   const Layer& layer, const TunableParts& parts, std::size_t tokens,
                   std::vector<float>& hidden, LayerRecord& record);

// gradient: of the residual stream after the layer; becomes that before it. The gradients of what
// is trained are added to.
void layer_backward(const Compute& compute, const ModelConfig& config, const RopeAngles& angles,
                    const Layer& layer, TunableParts& parts, std::size_t tokens,
                    const LayerRecord& record, std::vector<float>& gradient);

}  // namespace cellm

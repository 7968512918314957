// The steps that a forward pass is made of, for callers that stop between them.
//
// A layer has four distinct inputs of matrices. In the order of the steps:
//
//   normalize(pass, layer.input_norm, work.normed)   the mixer's input
//   mix(pass, layer, index)                          work.a is the input of output_matrix(layer)
//   add_product(pass, output_matrix(layer))
//   normalize(pass, layer.post_norm, work.normed)    the feed-forward's input
//   gate(pass, layer.feed_forward)                   work.a is the input of down_proj
//   add_product(pass, layer.feed_forward.down_proj)
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "model/batch.h"
#include "model/decoder.h"
#include "ops/rope.h"

namespace cellm {

// What the steps work on: tokens of one or more sequences, and work.hidden, their residual stream.
struct Pass {
  const Compute& compute;
  const ModelConfig& config;
  Workspace& work;
  std::span<const Part> parts;
  std::size_t tokens;  // of all parts, up to kMaxBatchTokens
  RopeAngles angles;
};

// The sizes of a delta net as its rule takes them, and the channels of its convolution: all q, k,
// v.
DeltaShape delta_shape(const DeltaNetConfig& net);
std::size_t conv_channels(const DeltaNetConfig& net);

Pass begin_pass(const Compute& compute, const Model& model, std::span<const Part> parts,
                Workspace& work);

// work.hidden = the tokens' rows of the embedding
void embed(const Pass& pass, const Model& model);
// out = work.hidden, normalized; in place if it is that
void normalize(const Pass& pass, const std::vector<float>& weight, AlignedBuffer<float>& out);
// work.a = what the mixer of layer `index` makes of work.normed; advances that layer of the states
void mix(const Pass& pass, const Layer& layer, std::size_t index);
// The matrix that leads from the mixer back to the residual stream.
const Linear& output_matrix(const Layer& layer);
// work.a = silu(gate_proj x) · up_proj x of x = work.normed
void gate(const Pass& pass, const FeedForward& layer);
// work.hidden += matrix · work.a
void add_product(const Pass& pass, const Linear& matrix);

}  // namespace cellm

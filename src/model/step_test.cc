#include "model/step.h"

#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "model/visit.h"

namespace cellm {
namespace {

ModelConfig some_config() {
  ModelConfig config;
  config.hidden = 48;
  config.intermediate = 80;
  config.heads = 6;
  config.kv_heads = 2;
  config.head_dim = 10;
  config.delta_net = {4, 2, 6, 5, 7};
  return config;
}

const LayerSpec kLayers[] = {
    {MixerKind::kAttention, false, false},       {MixerKind::kAttention, true, false},
    {MixerKind::kAttention, false, true},        {MixerKind::kAttention, true, true},
    {MixerKind::kAttention, false, false, true}, {MixerKind::kGatedDeltaNet, true, true}};

bool is_stream(Slot slot) {
  return slot == Slot::kInput || slot == Slot::kMiddle || slot == Slot::kOutput;
}

bool writes(const Step& step, Slot slot) {
  return std::find(step.out.begin(), step.out.end(), slot) != step.out.end();
}

TEST(LayerSteps, UseEveryTensorOnce) {
  for (const LayerSpec& layer : kLayers) {
    std::multiset<TensorRole> wanted;
    for (const auto& tensor : layer_tensors(some_config(), layer)) {
      if (tensor_kind(tensor.role) != TensorKind::kBias) wanted.insert(tensor.role);
    }
    std::multiset<TensorRole> used;
    for (const Step& step : layer_steps(layer)) {
      used.insert(step.weights.begin(), step.weights.end());
    }
    EXPECT_EQ(used, wanted);
  }
}

TEST(LayerSteps, ProductsFitTheShapesOfTheirMatrices) {
  const ModelConfig config = some_config();
  for (const LayerSpec& layer : kLayers) {
    std::map<TensorRole, std::vector<std::size_t>> shapes;
    for (const auto& tensor : layer_tensors(config, layer)) shapes[tensor.role] = tensor.shape;
    for (const Step& step : layer_steps(layer)) {
      if (step.operation != &kMultiply) continue;
      ASSERT_EQ(step.out.size(), step.weights.size());
      for (std::size_t i = 0; i < step.out.size(); ++i) {
        const std::vector<std::size_t> shape{slot_width(config, layer, step.out[i]),
                                             slot_width(config, layer, step.in[0])};
        EXPECT_EQ(shapes.at(step.weights[i]), shape);
      }
    }
  }
}

TEST(LayerSteps, BiasesFitTheirMatrices) {
  const LayerSpec layer{MixerKind::kAttention, false, false, true};
  std::map<TensorRole, std::vector<std::size_t>> shapes;
  for (const auto& tensor : layer_tensors(some_config(), layer)) shapes[tensor.role] = tensor.shape;
  for (const TensorRole bias :
       {TensorRole::kQueryBias, TensorRole::kKeyBias, TensorRole::kValueBias}) {
    EXPECT_EQ(shapes.at(bias), std::vector{shapes.at(biased_matrix(bias)).front()});
  }
}

// The backward pass counts on it: gradients that steps overwrite have one source.
TEST(LayerSteps, ReadEverySlotOnceAfterItWasWritten) {
  for (const LayerSpec& layer : kLayers) {
    std::set<Slot> written{Slot::kInput};
    std::set<Slot> read;
    for (const Step& step : layer_steps(layer)) {
      for (const Slot slot : step.in) {
        EXPECT_TRUE(written.contains(slot)) << step.operation->name;
        if (is_stream(slot) || writes(step, slot)) continue;
        EXPECT_TRUE(read.insert(slot).second) << step.operation->name;
      }
      written.insert(step.out.begin(), step.out.end());
    }
    written.erase(Slot::kOutput);
    read.insert({Slot::kInput, Slot::kMiddle});
    EXPECT_EQ(read, written);
  }
}

// Lockstep runs count on it: nothing else is kept between two stops.
TEST(LayerSteps, OnlyTheStreamAndTheInputAreLiveAtProducts) {
  for (const LayerSpec& layer : kLayers) {
    const std::vector<Step> steps = layer_steps(layer);
    for (std::size_t stop = 0; stop < steps.size(); ++stop) {
      if (steps[stop].operation != &kMultiply) continue;
      std::set<Slot> before{Slot::kInput};
      for (std::size_t i = 0; i < stop; ++i)
        before.insert(steps[i].out.begin(), steps[i].out.end());
      std::set<Slot> later;
      for (std::size_t i = steps.size(); i-- > stop;) {
        for (const Slot slot : steps[i].out) later.erase(slot);
        later.insert(steps[i].in.begin(), steps[i].in.end());
      }
      std::set<Slot> live;
      std::set_intersection(before.begin(), before.end(), later.begin(), later.end(),
                            std::inserter(live, live.end()));
      EXPECT_TRUE(live.contains(steps[stop].in[0]));
      EXPECT_EQ(live.size(), 2U);
      EXPECT_EQ(std::count_if(live.begin(), live.end(), is_stream), 1);
    }
  }
}

}  // namespace
}  // namespace cellm

// A loaded model, ready to run; all sequences share it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/thread_pool.h"
#include "engine/opened_model.h"
#include "kernels/kernel_table.h"
#include "model/model.h"

namespace cellm {

// The precision of activations in products. docs/references.md measures the cost of rounding.
enum class Activations {
  kInt8,  // 8-bit codes for weights with integer kernels (packed, trellis, block formats), else f32
  kFast,  // the same, and bf16 products of 16-bit weights if the processor has them
  kF32,   // exact
};
std::string_view activations_name(Activations activations);  // "int8", "fast", "f32"
Activations parse_activations(std::string_view name);        // throws Error(kUsage)

struct EngineOptions {
  std::string target;    // CPU target; empty: the best this processor has
  unsigned threads = 0;  // 0: default_threads() (base/cpu_features.h)
  std::size_t max_layers = kAllLayers;
  Activations activations = Activations::kInt8;
};

// Immutable after construction. Several batches may run at the same time; their loops take turns on
// the one thread pool.
class Engine {
 public:
  // Throws what OpenedModel::weights() and kernel_table() throw, and Error(kResources) before
  // anything is read if the weights do not fit into the memory there is.
  Engine(std::shared_ptr<const OpenedModel> opened, const EngineOptions& options);

  const OpenedModel& opened() const { return *opened_; }
  const std::shared_ptr<const OpenedModel>& shared_opened() const { return opened_; }
  const ModelSource& source() const { return opened_->source(); }
  const Model& model() const { return model_; }
  const ModelConfig& config() const { return model_.config; }
  const KernelTable& kernels() const { return kernels_; }
  ThreadPool& pool() const { return *pool_; }
  Activations activations() const { return activations_; }

 private:
  std::shared_ptr<const OpenedModel> opened_;
  const KernelTable& kernels_;
  std::unique_ptr<ThreadPool> pool_;
  Activations activations_;
  Model model_;
};

// Throws Error(kData) for results that are not finite, naming the weight that caused it, if any.
[[noreturn]] void throw_nonfinite(const Engine& engine);

}  // namespace cellm

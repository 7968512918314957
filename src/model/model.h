// The weights of a decoder, and how they are named in files.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/thread_pool.h"
#include "format/tensor.h"
#include "io/model_source.h"
#include "model/config.h"
#include "model/step.h"
#include "model/tensor_id.h"
#include "ops/linear.h"

namespace cellm {

// The weights of a layer by their roles, and what is computed from them.
struct Layer {
  Linear& matrix(TensorRole role) { return matrices[static_cast<std::size_t>(role)]; }
  const Linear& matrix(TensorRole role) const { return matrices[static_cast<std::size_t>(role)]; }
  std::vector<float>& vector(TensorRole role) { return vectors[static_cast<std::size_t>(role)]; }
  const std::vector<float>& vector(TensorRole role) const {
    return vectors[static_cast<std::size_t>(role)];
  }

  LayerSpec spec;
  std::vector<Step> steps;  // layer_steps(spec)
  std::array<Linear, kTensorRoles> matrices;
  std::array<std::vector<float>, kTensorRoles> vectors;  // as tensor_kind() tells
};

// Immutable after loading; shared by all sequences.
struct Model {
  ModelConfig config;
  std::vector<float> inverse_frequencies;
  float rope_magnitude = 1.0F;  // of cos and sin
  Linear embedding;             // (vocab, hidden)
  std::vector<Layer> layers;
  std::vector<float> final_norm;
  Linear lm_head;     // the embedding again if `tied`
  bool tied = false;  // whether embedding and output matrix are one
};

struct TensorSpec {
  TensorId id;
  std::string name;                // without the prefix of the text model
  std::vector<std::size_t> shape;  // as in a Hugging Face file
};

// Every tensor that a model of this configuration has, in the order of the forward pass.
// lm_head.weight is among them only if the configuration is not tied.
std::vector<TensorSpec> model_tensors(const ModelConfig& config);

// The Hugging Face name of a tensor without the prefix of the text model.
std::string tensor_name(const ModelConfig& config, TensorId id);

// The prefix of the text model's tensors in a source ("model.", "model.language_model.", ...),
// found by its embedding. Throws Error(kData) if there is none.
std::string text_prefix(const ModelSource& source);

// The names under which a source may keep the output matrix, best first.
std::vector<std::string> lm_head_names(const std::string& prefix);

// The identities of the source's tensors that the model uses, by name.
std::map<std::string, TensorId, std::less<>> tensor_ids(const ModelSource& source,
                                                        const ModelConfig& config);

// Reads weights. Matrices in a layout of src/layout stay mapped in the file, others are read into
// memory as f32; max_layers limits the layers used. Tensors outside of the text model (vision,
// multi-token prediction) are ignored. Throws Error(kData)
// naming each tensor that is missing or has another shape than the configuration says.
Model load_model(const ModelSource& source, const ModelConfig& config, std::size_t max_layers);

// Bytes of memory. Mapped matrices are not counted: the operating system can drop their pages.
struct LoadMemory {
  std::uint64_t loaded = 0;    // by load_model(): matrices that are not mapped, vectors
  std::uint64_t packed = 0;    // by pack_weights()
  std::uint64_t unpacked = 0;  // by unpack_weights()
};
// Missing tensors count as 0.
LoadMemory load_memory(const ModelSource& source, const ModelConfig& config,
                       std::size_t max_layers);

// Interleaves every matrix whose format has a packed form, so that it is multiplied with 8-bit
// activations; trellis and block formats stay as they are. The source may drop the pages that were
// read.
void pack_weights(Model& model, const ModelSource& source, ThreadPool& pool);

// The reverse, for exact arithmetic: matrices stored packed or in a trellis format become rows in
// memory, the latter as f32.
void unpack_weights(Model& model, ThreadPool& pool);

// Lets 16-bit matrices be multiplied in bf16, where the processor can (Matrix::for_bf16()).
void use_bf16(Model& model, const KernelTable& kernels);

// The first tensor of the model with a value that is NaN or infinite, as "NAME, row R"; empty if
// none.
std::string find_nonfinite(const ModelSource& source, const ModelConfig& config);

}  // namespace cellm

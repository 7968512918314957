// The weights of a decoder, and how they are named in files.
#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "base/thread_pool.h"
#include "format/tensor.h"
#include "io/model_source.h"
#include "model/config.h"
#include "ops/linear.h"

namespace cellm {

// Gated or plain grouped-query attention (Qwen3.5, Qwen3, Llama).
struct Attention {
  Linear q_proj;  // with an output gate: per head, head_dim query rows, then head_dim gate rows
  Linear k_proj;
  Linear v_proj;
  Linear o_proj;
  std::vector<float> q_norm;  // head_dim, offset added; empty if the family has none
  std::vector<float> k_norm;
};

// Gated delta net (Qwen3.5). Channels of the convolution: all q, all k, all v.
struct GatedDeltaNet {
  Linear in_proj_qkv;
  Linear in_proj_z;
  Linear in_proj_a;
  Linear in_proj_b;
  Linear out_proj;
  std::vector<float> conv;        // (kernel, channels)
  std::vector<float> decay_rate;  // −exp(A_log), one for each value head
  std::vector<float> dt_bias;
  std::vector<float> norm;  // value_dim; stored plain
};

struct FeedForward {
  Linear gate_proj;
  Linear up_proj;
  Linear down_proj;
};

struct Layer {
  std::vector<float> input_norm;
  std::variant<Attention, GatedDeltaNet> mixer;
  std::vector<float> post_norm;
  FeedForward feed_forward;
};

// Immutable after loading; shared by all sequences.
struct Model {
  ModelConfig config;
  std::vector<float> inverse_frequencies;
  Linear embedding;  // (vocab, hidden)
  std::vector<Layer> layers;
  std::vector<float> final_norm;
  Linear lm_head;     // the embedding again if `tied`
  bool tied = false;  // whether embedding and output matrix are one
};

// One tensor of a model, as a visitor sees it.
enum class TensorRole {
  kMatrix,  // used through Linear, or as the embedding
  kNorm,    // a norm weight to which config.norm_offset is added
  kPlain,   // a vector as it is
  kConv,    // (channels, 1, kernel) in files
  kDecay,   // A_log, used as −exp(A_log)
};
struct TensorSpec {
  std::string name;                // without the prefix of the text model
  std::vector<std::size_t> shape;  // as in a Hugging Face file
  TensorRole role;
};

// Every tensor that a model of this configuration has, in the order of the forward pass.
// lm_head.weight is among them only if the configuration is not tied.
std::vector<TensorSpec> model_tensors(const ModelConfig& config);

// The prefix of the text model's tensors in a source ("model.", "model.language_model.", ...),
// found by its embedding. Throws Error(kData) if there is none.
std::string text_prefix(const ModelSource& source);

// The names under which a source may keep the output matrix, best first.
std::vector<std::string> lm_head_names(const std::string& prefix);

// Reads config and weights. Matrices stay where they are (mapped) if the source can show them, as
// rows, packed or coded, else they are read into memory as f32; max_layers limits the layers used.
// Tensors that the text model does not have (vision, multi-token prediction) are ignored. Throws
// Error(kData) naming each tensor that is missing or has another shape than the configuration says.
Model load_model(const ModelSource& source, std::size_t max_layers);

// Bytes of memory that load_model() and, if `pack`, pack_weights() allocate for this source:
// matrices that cannot be used where they are mapped, packed copies, vectors. Matrices in place are
// not counted: the kernel takes their pages back when it needs to. Throws as load_model() about the
// configuration; tensors that are missing count as nothing.
std::uint64_t load_memory_bytes(const ModelSource& source, std::size_t max_layers, bool pack);

// Interleaves every matrix whose format has a packed form, so that it is multiplied with 8-bit
// activations; trellis-coded ones are used as they are. The source is told that it may forget the
// pages it was read from.
void pack_weights(Model& model, const ModelSource& source, ThreadPool& pool);

// The reverse, for exact arithmetic: matrices that the source stores packed or trellis-coded become
// rows in memory, the latter as f32.
void unpack_weights(Model& model, ThreadPool& pool);

// Lets 16-bit matrices be multiplied in bf16, where the processor can (Matrix::for_bf16()).
void use_bf16(Model& model, const KernelTable& kernels);

// The first tensor of the model with a value that is NaN or infinite, as "NAME, row R"; empty if
// none.
std::string find_nonfinite(const ModelSource& source, const ModelConfig& config);

}  // namespace cellm

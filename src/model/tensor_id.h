// The identity of a tensor of a model: its layer and its role.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

namespace cellm {

// In the order of the forward pass; model_tensors() lists the tensors of a layer so.
enum class TensorRole : std::uint8_t {
  kEmbedding,
  // Of a layer
  kInputNorm,
  kQuery,
  kKey,
  kValue,
  kQueryBias,
  kKeyBias,
  kValueBias,
  kAttentionOutput,
  kQueryNorm,
  kKeyNorm,
  kDeltaInput,  // queries, keys and values of a delta net
  kDeltaGate,   // z
  kDeltaBeta,   // b: write strength
  kDeltaAlpha,  // a: decay
  kDeltaOutput,
  kDeltaConv,
  kDeltaRate,  // A_log
  kDeltaBias,  // dt_bias
  kDeltaNorm,
  kPostNorm,
  kGate,
  kUp,
  kDown,
  // After the layers
  kFinalNorm,
  kOutput,
};
inline constexpr std::size_t kTensorRoles = static_cast<std::size_t>(TensorRole::kOutput) + 1;

struct TensorId {
  std::size_t layer = 0;  // 0 for tensors outside of the layers
  TensorRole role = TensorRole::kEmbedding;
  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy takes the comparison with 0 for a pointer
  auto operator<=>(const TensorId&) const = default;
};
inline constexpr TensorId kEmbeddingId{0, TensorRole::kEmbedding};
inline constexpr TensorId kFinalNormId{0, TensorRole::kFinalNorm};
inline constexpr TensorId kOutputId{0, TensorRole::kOutput};

constexpr bool is_in_layer(TensorRole role) {
  return role > TensorRole::kEmbedding && role < TensorRole::kFinalNorm;
}

// Whether it is the weight of an RMS norm.
bool is_norm(TensorRole role);

// The treatment of a tensor on loading.
enum class TensorKind : std::uint8_t {
  kMatrix,  // used through Linear, or as the embedding
  kNorm,    // a norm weight to which config.norm_offset is added
  kPlain,   // a vector, unchanged
  kBias,    // a vector added to the products of a matrix: Linear::bias
  kConv,    // (channels, 1, kernel) in files, (kernel, channels) in memory
  kDecay,   // A_log, used as −exp(A_log)
};
TensorKind tensor_kind(TensorRole role);

// The matrix that a bias belongs to.
TensorRole biased_matrix(TensorRole bias);

}  // namespace cellm

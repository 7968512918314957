#include "model/tensor_id.h"

#include "base/error.h"

namespace cellm {

bool is_norm(TensorRole role) {
  return role == TensorRole::kDeltaNorm || tensor_kind(role) == TensorKind::kNorm;
}

TensorKind tensor_kind(TensorRole role) {
  switch (role) {
    case TensorRole::kInputNorm:
    case TensorRole::kQueryNorm:
    case TensorRole::kKeyNorm:
    case TensorRole::kPostNorm:
    case TensorRole::kFinalNorm:
      return TensorKind::kNorm;
    case TensorRole::kQueryBias:
    case TensorRole::kKeyBias:
    case TensorRole::kValueBias:
      return TensorKind::kBias;
    case TensorRole::kDeltaConv:
      return TensorKind::kConv;
    case TensorRole::kDeltaRate:
      return TensorKind::kDecay;
    case TensorRole::kDeltaBias:
    case TensorRole::kDeltaNorm:
      return TensorKind::kPlain;
    default:
      return TensorKind::kMatrix;
  }
}

TensorRole biased_matrix(TensorRole bias) {
  switch (bias) {
    case TensorRole::kQueryBias:
      return TensorRole::kQuery;
    case TensorRole::kKeyBias:
      return TensorRole::kKey;
    default:
      CELLM_CHECK(bias == TensorRole::kValueBias);
      return TensorRole::kValue;
  }
}

}  // namespace cellm

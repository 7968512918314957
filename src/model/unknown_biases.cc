#include "model/unknown_biases.h"

#include <set>
#include <string>
#include <string_view>

#include "base/error.h"
#include "model/model.h"

namespace cellm {

void refuse_unknown_biases(const ModelSource& source, const ModelConfig& config) {
  constexpr std::string_view kWeight = "weight";
  const std::string prefix = text_prefix(source);
  const auto tensors = model_tensors(config);
  std::set<std::string> known;
  for (const TensorSpec& spec : tensors) {
    if (tensor_kind(spec.id.role) == TensorKind::kBias) known.insert(prefix + spec.name);
  }
  for (const TensorSpec& spec : tensors) {
    if (tensor_kind(spec.id.role) != TensorKind::kMatrix || !spec.name.ends_with(kWeight)) continue;
    const std::string bias =
        prefix + spec.name.substr(0, spec.name.size() - kWeight.size()) + "bias";
    if (known.contains(bias) || !find_tensor(source, bias)) continue;
    throw unsupported_error("{}: tensor {} is a bias that models of type {} do not have",
                            printable(source.path()), bias, printable(config.model_type));
  }
}

}  // namespace cellm

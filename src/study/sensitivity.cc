#include "study/sensitivity.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "model/model.h"
#include "study/mixed_source.h"

namespace cellm {
namespace {

// Models that are measured side by side, so that the reference runs once for all of them; each has
// buffers of its own.
constexpr std::size_t kTogether = 6;

// The name of a role in tables: "down_proj" of "layers.3.mlp.down_proj.weight".
std::string role_name(const std::string& name) {
  const std::size_t end = name.rfind('.');
  const std::size_t begin = name.rfind('.', end - 1);
  return name.substr(begin == std::string::npos ? 0 : begin + 1,
                     end - (begin == std::string::npos ? 0 : begin + 1));
}

}  // namespace

std::vector<ModelPart> model_parts(const OpenedModel& model) {
  const ModelSource& source = model.source();
  const ModelConfig& config = model.config();
  const std::string prefix = model.text_prefix();
  std::vector<ModelPart> layers(config.layers.size());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    layers[i].name = fmt::format("layer {}", i);
    layers[i].is_layer = true;
  }
  std::map<TensorRole, std::size_t> part_of_role;
  std::vector<ModelPart> kinds;
  for (const TensorSpec& spec : model_tensors(config)) {
    if (tensor_kind(spec.id.role) != TensorKind::kMatrix) continue;
    std::optional<std::size_t> index = find_tensor(source, prefix + spec.name);
    if (!index && spec.id == kOutputId) index = find_tensor(source, spec.name);
    if (!index) continue;
    const std::string& name = source.tensors()[*index].name;
    if (is_in_layer(spec.id.role)) layers[spec.id.layer].tensors.push_back(name);
    const auto [known, added] = part_of_role.emplace(spec.id.role, kinds.size());
    if (added) kinds.push_back({role_name(spec.name), false, {}});
    kinds[known->second].tensors.push_back(name);
  }
  layers.insert(layers.end(), kinds.begin(), kinds.end());
  return layers;
}

std::vector<PartSensitivity> measure_sensitivity(
    const std::shared_ptr<const OpenedModel>& reference_model,
    const std::shared_ptr<const OpenedModel>& quantized_model, std::span<const ModelPart> parts,
    std::span<const EvalTokens> texts, const SensitivityOptions& options,
    const std::function<void(std::size_t done, std::size_t total)>& progress) {
  const auto source_of = [](const std::shared_ptr<const OpenedModel>& model) {
    return std::shared_ptr<const ModelSource>(model, &model->source());
  };
  const auto reference = source_of(reference_model);
  const auto quantized = source_of(quantized_model);
  const auto differs = [&](const std::string& name) {
    const auto a = find_tensor(*reference, name);
    const auto b = find_tensor(*quantized, name);
    return a && b && reference->tensors()[*a].format != quantized->tensors()[*b].format;
  };
  std::vector<PartSensitivity> result;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (std::any_of(parts[i].tensors.begin(), parts[i].tensors.end(), differs)) {
      result.push_back({i, 0.0});
    }
  }
  const EngineOptions exact{options.target, options.threads,
                            std::numeric_limits<std::size_t>::max(), Activations::kF32};
  const auto none = [](std::string_view /*name*/) { return false; };
  const auto mixed = [&](const auto& taken) {
    return std::make_shared<const OpenedModel>(mix_sources(reference, quantized, taken));
  };
  const Engine teacher(mixed(none), exact);
  for (std::size_t begin = 0; begin < result.size(); begin += kTogether) {
    const std::size_t count = std::min(kTogether, result.size() - begin);
    std::vector<std::unique_ptr<Engine>> engines;
    std::vector<EvalSubject> subjects;
    for (std::size_t i = begin; i < begin + count; ++i) {
      const auto& names = parts[result[i].part].tensors;
      const auto taken = [&](std::string_view name) {
        return std::find(names.begin(), names.end(), name) != names.end();
      };
      engines.push_back(std::make_unique<Engine>(mixed(taken), exact));
      subjects.push_back({engines.back().get(), KvEncoding::kF32});
    }
    const auto evaluations = evaluate(subjects, &teacher, texts, options.eval,
                                      [&](std::size_t /*done*/, std::size_t /*total*/) {
                                        if (progress) progress(begin, result.size());
                                      });
    for (std::size_t i = 0; i < count; ++i) {
      result[begin + i].kld = evaluations[i].comparison->kld_mean.value;
    }
    if (progress) progress(begin + count, result.size());
  }
  return result;
}

}  // namespace cellm

#include "tune/student.h"

#include <algorithm>
#include <cmath>

#include "model/visit.h"
#include "ops/norm.h"
#include "ops/norm_backward.h"
#include "tune/divergence.h"

namespace cellm {
namespace {

using Values = std::vector<float>;

// Finds every matrix of a layer, and the length of every norm.
struct Collector {
  const Compute& compute;
  bool exact;
  std::vector<TunableLayer>& layers;

  TunableLayer* layer_of(const std::string& name) const {
    constexpr std::string_view kLayers = "layers.";
    if (!name.starts_with(kLayers)) return nullptr;
    return &layers.at(std::stoul(name.substr(kLayers.size())));
  }
  void matrix(const std::string& name, Linear& linear, std::size_t /*rows*/, std::size_t /*cols*/) {
    if (TunableLayer* layer = layer_of(name)) {
      layer->matrices.emplace(&linear, TunableMatrix(compute, linear, exact));
    }
  }
  void vector(const std::string& /*name*/, std::vector<float>& /*values*/,
              const std::vector<std::size_t>& /*shape*/, TensorRole /*role*/) {}
};

Values zeros_like(const Values& values) {
  return Values(values.size(), 0.0F);
}

TunableLayer tunable(Layer& layer) {
  TunableLayer result{layer, {}, zeros_like(layer.input_norm), zeros_like(layer.post_norm), {},
                      {},    {}};
  if (const auto* attention = std::get_if<Attention>(&layer.mixer)) {
    result.q_norm_gradients = zeros_like(attention->q_norm);
    result.k_norm_gradients = zeros_like(attention->k_norm);
  } else {
    result.norm_gradients = zeros_like(std::get<GatedDeltaNet>(layer.mixer).norm);
  }
  return result;
}

}  // namespace

Student::Student(const Compute& compute, Model& model, bool exact)
    : model_(model),
      head_(compute, model.lm_head, exact),
      final_norm_gradients_(zeros_like(model.final_norm)) {
  layers_.reserve(model.layers.size());
  for (Layer& layer : model.layers) layers_.push_back(tunable(layer));
  visit_tensors(model, Collector{compute, exact, layers_});
}

std::vector<Parameter> Student::parameters() {
  // The gradients of the norms in the order in which the visitor meets them.
  struct Lister {
    Student& student;
    std::vector<Parameter>& out;

    void matrix(const std::string& name, Linear& linear, std::size_t /*rows*/,
                std::size_t /*cols*/) {
      for (TunableLayer& layer : student.layers_) {
        const auto found = layer.matrices.find(&linear);
        if (found == layer.matrices.end()) continue;
        TunableMatrix& matrix = found->second;
        out.push_back({name, ParameterKind::kRows, matrix.row_factors, matrix.row_gradients, 0.0F});
        out.push_back(
            {name, ParameterKind::kColumns, matrix.column_factors, matrix.column_gradients, 0.0F});
      }
    }
    void vector(const std::string& name, std::vector<float>& values,
                const std::vector<std::size_t>& /*shape*/, TensorRole role) {
      if (std::vector<float>* gradients = student.gradients_of(values)) {
        const float offset = role == TensorRole::kNorm ? student.model_.config.norm_offset : 0.0F;
        out.push_back({name, ParameterKind::kNorm, values, *gradients, offset});
      }
    }
  };
  std::vector<Parameter> result;
  visit_tensors(model_, Lister{*this, result});
  return result;
}

std::vector<float>* Student::gradients_of(const std::vector<float>& norm) {
  if (&norm == &model_.final_norm) return &final_norm_gradients_;
  for (TunableLayer& layer : layers_) {
    if (&norm == &layer.layer.input_norm) return &layer.input_norm_gradients;
    if (&norm == &layer.layer.post_norm) return &layer.post_norm_gradients;
    if (const auto* attention = std::get_if<Attention>(&layer.layer.mixer)) {
      if (&norm == &attention->q_norm) return &layer.q_norm_gradients;
      if (&norm == &attention->k_norm) return &layer.k_norm_gradients;
    } else if (&norm == &std::get<GatedDeltaNet>(layer.layer.mixer).norm) {
      return &layer.norm_gradients;
    }
  }
  return nullptr;
}

std::vector<Values> Student::run(const Compute& compute, const RopeAngles& angles,
                                 std::span<const std::uint32_t> tokens) {
  const std::size_t width = model_.config.hidden;
  Values hidden(tokens.size() * width);
  for (std::size_t t = 0; t < tokens.size(); ++t) {
    read_row(compute, model_.embedding, tokens[t], hidden.data() + t * width);
  }
  std::vector<Values> streams;
  LayerRecord record;
  for (const TunableLayer& layer : layers_) {
    streams.push_back(hidden);
    layer_forward(compute, model_.config, angles, layer, tokens.size(), hidden, record);
  }
  streams.push_back(std::move(hidden));
  return streams;
}

Values Student::final_norm(const Compute& compute, const Values& hidden) const {
  Values normed(hidden.size());
  rms_norm(compute, hidden.data(), model_.final_norm.data(), model_.config.rms_norm_eps,
           hidden.size() / model_.config.hidden, model_.config.hidden, normed.data());
  return normed;
}

Values Student::forward(const Compute& compute, std::span<const std::uint32_t> tokens) {
  const RopeAngles angles = rope_angles(model_.inverse_frequencies, 0, tokens.size());
  return final_norm(compute, run(compute, angles, tokens).back());
}

double Student::divergence(const Compute& compute, std::span<const std::uint32_t> tokens,
                           const Values& teacher_hidden, const Linear& teacher_head) {
  return divergence_of(compute, head_, forward(compute, tokens), teacher_head, teacher_hidden,
                       nullptr);
}

double Student::learn(const Compute& compute, std::span<const std::uint32_t> tokens,
                      const Values& teacher_hidden, const Linear& teacher_head) {
  const RopeAngles angles = rope_angles(model_.inverse_frequencies, 0, tokens.size());
  const std::vector<Values> streams = run(compute, angles, tokens);
  Values gradient(tokens.size() * model_.config.hidden);
  const double result = divergence_of(compute, head_, final_norm(compute, streams.back()),
                                      teacher_head, teacher_hidden, gradient.data());
  rms_norm_backward(compute, streams.back().data(), model_.final_norm.data(),
                    model_.config.rms_norm_eps, tokens.size(), model_.config.hidden,
                    gradient.data(), gradient.data(), final_norm_gradients_.data());
  LayerRecord record;
  for (std::size_t i = layers_.size(); i-- > 0;) {
    Values hidden = streams[i];
    layer_forward(compute, model_.config, angles, layers_[i], tokens.size(), hidden, record);
    layer_backward(compute, model_.config, angles, layers_[i], tokens.size(), record, gradient);
  }
  return result;
}

}  // namespace cellm

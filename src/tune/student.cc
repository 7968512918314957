#include "tune/student.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/finite.h"
#include "model/visit.h"
#include "ops/norm.h"
#include "ops/norm_backward.h"
#include "tune/divergence.h"

namespace cellm {
namespace {

using Values = std::vector<float>;

// Makes what is trained.
struct Collector {
  const Compute& compute;
  bool exact;
  TunableParts& parts;

  void matrix(const std::string& name, Linear& linear, std::size_t /*rows*/, std::size_t /*cols*/) {
    if (!name.starts_with("layers.")) return;  // the embedding
    parts.matrices.emplace(&linear, TunableMatrix(compute, linear, exact));
  }
  void vector(const std::string& name, std::vector<float>& values,
              const std::vector<std::size_t>& /*shape*/, TensorRole /*role*/) {
    if (name.ends_with("norm.weight")) parts.norm_gradients.emplace(&values, Values(values.size()));
  }
};

// Lists it.
struct Lister {
  float norm_offset;
  TunableParts& parts;
  std::vector<Parameter>& out;

  void matrix(const std::string& name, Linear& linear, std::size_t /*rows*/, std::size_t /*cols*/) {
    const auto found = parts.matrices.find(&linear);
    if (found == parts.matrices.end()) return;
    TunableMatrix& matrix = found->second;
    out.push_back({name, ParameterKind::kRows, matrix.row_factors, matrix.row_gradients, 0.0F});
    out.push_back(
        {name, ParameterKind::kColumns, matrix.column_factors, matrix.column_gradients, 0.0F});
  }
  void vector(const std::string& name, std::vector<float>& values,
              const std::vector<std::size_t>& /*shape*/, TensorRole role) {
    const auto found = parts.norm_gradients.find(&values);
    if (found == parts.norm_gradients.end()) return;
    const float offset = role == TensorRole::kNorm ? norm_offset : 0.0F;
    out.push_back({name, ParameterKind::kNorm, values, found->second, offset});
  }
};

}  // namespace

Student::Student(const Compute& compute, Model& model, bool exact)
    : model_(model), head_(compute, model.lm_head, exact), records_(model.layers.size()) {
  visit_tensors(model, Collector{compute, exact, parts_});
}

std::vector<Parameter> Student::parameters() {
  std::vector<Parameter> result;
  visit_tensors(model_, Lister{model_.config.norm_offset, parts_, result});
  return result;
}

Values Student::run(const Compute& compute, const RopeAngles& angles,
                    std::span<const std::uint32_t> tokens, std::span<LayerRecord> records) {
  const std::size_t width = model_.config.hidden;
  Values hidden(tokens.size() * width);
  for (std::size_t t = 0; t < tokens.size(); ++t) {
    read_row(compute, model_.embedding, tokens[t], hidden.data() + t * width);
  }
  for (std::size_t i = 0; i < model_.layers.size(); ++i) {
    layer_forward(compute, model_.config, angles, model_.layers[i], parts_, tokens.size(), hidden,
                  records[i % records.size()]);
  }
  return hidden;
}

Values Student::final_norm(const Compute& compute, const Values& hidden) const {
  Values normed(hidden.size());
  rms_norm(compute, hidden.data(), model_.final_norm.data(), model_.config.rms_norm_eps,
           hidden.size() / model_.config.hidden, model_.config.hidden, normed.data());
  return normed;
}

Values Student::forward(const Compute& compute, std::span<const std::uint32_t> tokens) {
  const RopeAngles angles = rope_angles(model_.inverse_frequencies, 0, tokens.size());
  return final_norm(compute, run(compute, angles, tokens, {records_.data(), 1}));
}

std::string Student::find_nonfinite(const Compute& compute, std::span<const std::uint32_t> tokens) {
  const RopeAngles angles = rope_angles(model_.inverse_frequencies, 0, tokens.size());
  const Values last = run(compute, angles, tokens, records_);
  for (std::size_t i = 0; i < records_.size(); ++i) {
    if (!all_finite(i + 1 < records_.size() ? records_[i + 1].input : last))
      return fmt::format("layer {}", i);
  }
  return "the output matrix";
}

double Student::divergence(const Compute& compute, std::span<const std::uint32_t> tokens,
                           const Values& teacher_hidden, const Linear& teacher_head) {
  return divergence_of(compute, head_, forward(compute, tokens), teacher_head, teacher_hidden,
                       nullptr);
}

double Student::learn(const Compute& compute, std::span<const std::uint32_t> tokens,
                      const Values& teacher_hidden, const Linear& teacher_head) {
  const RopeAngles angles = rope_angles(model_.inverse_frequencies, 0, tokens.size());
  const Values last = run(compute, angles, tokens, records_);
  Values gradient(last.size());
  const double result = divergence_of(compute, head_, final_norm(compute, last), teacher_head,
                                      teacher_hidden, gradient.data());
  rms_norm_backward(compute, last.data(), model_.final_norm.data(), model_.config.rms_norm_eps,
                    tokens.size(), model_.config.hidden, gradient.data(), gradient.data(),
                    parts_.norm_gradients.at(&model_.final_norm).data());
  for (std::size_t i = model_.layers.size(); i-- > 0;) {
    layer_backward(compute, model_.config, angles, model_.layers[i], parts_, tokens.size(),
                   records_[i], gradient);
  }
  return result;
}

}  // namespace cellm

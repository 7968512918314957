#include "tune/student.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/finite.h"
#include "model/visit.h"
#include "ops/norm_backward.h"
#include "tune/divergence.h"

namespace cellm {
namespace {

using Values = std::vector<float>;

constexpr std::size_t kTokensPerBlock = 64;  // of the attention cache

// Creates the trainable parts of a model.
struct Collector {
  const Compute& compute;
  bool exact;
  TunableParts& parts;

  void matrix(TensorId id, Linear& linear, std::size_t /*rows*/, std::size_t /*cols*/) {
    if (!is_in_layer(id.role)) return;  // the embedding
    parts.matrices.emplace(&linear, TunableMatrix(compute, linear, exact));
  }
  void vector(TensorId id, std::vector<float>& values, const std::vector<std::size_t>& /*shape*/) {
    if (is_norm(id.role)) parts.norm_gradients.emplace(&values, Values(values.size()));
  }
};

// Lists them as parameters.
struct Lister {
  const ModelConfig& config;
  TunableParts& parts;
  std::vector<Parameter>& out;

  void matrix(TensorId id, Linear& linear, std::size_t /*rows*/, std::size_t /*cols*/) {
    const auto found = parts.matrices.find(&linear);
    if (found == parts.matrices.end()) return;
    TunableMatrix& matrix = found->second;
    const std::string name = tensor_name(config, id);
    out.push_back({name, ParameterKind::kRows, matrix.row_factors, matrix.row_gradients, 0.0F});
    out.push_back(
        {name, ParameterKind::kColumns, matrix.column_factors, matrix.column_gradients, 0.0F});
  }
  void vector(TensorId id, std::vector<float>& values, const std::vector<std::size_t>& /*shape*/) {
    const auto found = parts.norm_gradients.find(&values);
    if (found == parts.norm_gradients.end()) return;
    const float offset = tensor_kind(id.role) == TensorKind::kNorm ? config.norm_offset : 0.0F;
    out.push_back({tensor_name(config, id), ParameterKind::kNorm, values, found->second, offset});
  }
};

}  // namespace

// A pass of one whole sequence through all layers.
struct Student::WholeSequence {
  WholeSequence(const Compute& compute, const Model& model, std::span<const std::uint32_t> tokens,
                TunableParts& parts)
      : state(empty_state(model.config, KvEncoding::kF32, kTokensPerBlock)),
        part{tokens, &state},
        pass(begin_pass(compute, model, {&part, 1})) {
    pass.multiplier = &parts;
    pass.keeps_activations = true;
  }
  WholeSequence(const WholeSequence&) = delete;
  WholeSequence& operator=(const WholeSequence&) = delete;

  SequenceState state;
  Part part;
  Pass pass;
};

Student::Student(const Compute& compute, Model& model, bool exact)
    : model_(model), head_(compute, model.lm_head, exact), saved_(model.layers.size()) {
  visit_tensors(model, Collector{compute, exact, parts_});
}

std::vector<Parameter> Student::parameters() {
  std::vector<Parameter> result;
  visit_tensors(model_, Lister{model_.config, parts_, result});
  return result;
}

Values Student::run(WholeSequence& sequence, std::span<LayerBuffers> saved) {
  Pass& pass = sequence.pass;
  Values hidden(pass.tokens * model_.config.hidden);
  embed(pass, model_, hidden.data());
  for (std::size_t i = 0; i < model_.layers.size(); ++i) {
    layer_forward(pass, model_.layers[i], i, hidden, saved[i % saved.size()]);
    sequence.state.layers[i] =
        empty_layer_state(model_.config, i, KvEncoding::kF32, kTokensPerBlock);
  }
  return hidden;
}

Values Student::final_norm(const Pass& pass, const Values& hidden) const {
  Values normed(hidden.size());
  normalize_output(pass, model_, hidden.data(), normed.data());
  return normed;
}

Values Student::forward(const Compute& compute, std::span<const std::uint32_t> tokens) {
  WholeSequence sequence(compute, model_, tokens, parts_);
  return final_norm(sequence.pass, run(sequence, {saved_.data(), 1}));
}

std::string Student::find_nonfinite(const Compute& compute, std::span<const std::uint32_t> tokens) {
  WholeSequence sequence(compute, model_, tokens, parts_);
  run(sequence, saved_);
  for (std::size_t i = 0; i < saved_.size(); ++i) {
    if (!all_finite(saved_[i][Slot::kOutput])) return fmt::format("layer {}", i);
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
  WholeSequence sequence(compute, model_, tokens, parts_);
  const Values last = run(sequence, saved_);
  Values gradient(last.size());
  const double result = divergence_of(compute, head_, final_norm(sequence.pass, last), teacher_head,
                                      teacher_hidden, gradient.data());
  rms_norm_backward(compute, last.data(), model_.final_norm.data(), model_.config.rms_norm_eps,
                    tokens.size(), model_.config.hidden, gradient.data(), gradient.data(),
                    parts_.norm_gradient(model_.final_norm));
  for (std::size_t i = model_.layers.size(); i-- > 0;) {
    layer_backward(sequence.pass, model_.layers[i], i, saved_[i], parts_, gradient, gradients_);
  }
  return result;
}

}  // namespace cellm

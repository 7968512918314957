#include "tune/descent.h"

#include <algorithm>
#include <cmath>

#include "base/finite.h"

namespace cellm {
namespace {

using Values = std::vector<std::vector<float>>;

Values values_of(const std::vector<Parameter>& parameters) {
  Values values;
  for (const Parameter& parameter : parameters)
    values.emplace_back(parameter.values.begin(), parameter.values.end());
  return values;
}

void give_back(const Values& values, const std::vector<Parameter>& parameters) {
  for (std::size_t i = 0; i < parameters.size(); ++i)
    std::copy(values[i].begin(), values[i].end(), parameters[i].values.begin());
}

// The last tensor in forward order whose gradients are not finite: the first in the backward pass.
std::string find_nonfinite(const std::vector<Parameter>& parameters) {
  for (std::size_t i = parameters.size(); i-- > 0;) {
    if (!all_finite(parameters[i].gradients)) return parameters[i].tensor;
  }
  return {};
}

}  // namespace

void descend(const Compute& compute, Student& student, const std::vector<std::size_t>& chosen,
             const TeacherStreams& teacher, const Linear& teacher_head, TuningText text,
             TuningText held_out, const DescentOptions& options, DescentState& state,
             const std::function<void(const DescentState&)>& report) {
  const std::vector<Parameter> all = student.parameters();
  std::vector<Parameter> parameters;
  for (const std::size_t index : chosen) parameters.push_back(all.at(index));
  std::vector<std::vector<float>> held_out_streams;
  for (const auto& sequence : held_out) held_out_streams.push_back(teacher(sequence));
  const auto validate = [&] {
    double sum = 0.0;
    std::size_t tokens = 0;
    for (std::size_t i = 0; i < held_out.size(); ++i) {
      sum += student.divergence(compute, held_out[i], held_out_streams[i], teacher_head) *
             static_cast<double>(held_out[i].size());
      tokens += held_out[i].size();
    }
    return sum / static_cast<double>(tokens);
  };

  if (state.values.empty()) {
    state.start = state.best = validate();
    state.values = state.best_values = values_of(parameters);
    report(state);
  }
  give_back(state.values, parameters);
  const auto steps = static_cast<double>(text.size());
  // A smaller initial divergence needs smaller steps. Divergence is quadratic in the errors, so its
  // square root would be proportional to them; the fourth root was better for models that start
  // close to the reference.
  const double reach = std::min(1.0, std::sqrt(std::sqrt(state.start)));
  const auto warm_up = static_cast<double>(std::max<std::size_t>(1, options.warm_up_steps));
  while (state.step < text.size() && state.looks_since_best < options.patience) {
    const auto& sequence = text[state.step];
    state.loss = student.learn(compute, sequence, teacher(sequence), teacher_head);
    state.not_finite =
        std::isfinite(state.loss) ? find_nonfinite(all) : student.find_nonfinite(compute, sequence);
    const auto step = static_cast<double>(state.step);
    const double share = reach * std::min(1.0, (step + 1.0) / warm_up) * (1.0 - step / steps);
    const double norm = adam_step(parameters, options.adam, share, state.adam);
    // Otherwise the gradients of parameters that are not trained would accumulate.
    for (const Parameter& parameter : all)
      std::fill(parameter.gradients.begin(), parameter.gradients.end(), 0.0F);
    if (!std::isfinite(norm) || !state.not_finite.empty()) break;
    ++state.step;
    state.values = values_of(parameters);
    if (state.step % options.validation_steps == 0 || state.step == text.size()) {
      const double now = validate();
      ++state.looks_since_best;
      if (now < state.best) {
        state.best = now;
        state.best_step = state.step;
        state.best_values = state.values;
        state.looks_since_best = 0;
      }
    }
    report(state);
  }
  give_back(state.best_values, parameters);
}

}  // namespace cellm

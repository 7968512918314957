#include "tune/adam.h"

#include <algorithm>
#include <cmath>

namespace cellm {
namespace {

double sum_of_squares(std::span<const float> values) {
  double sum = 0.0;
  for (const float value : values) sum += static_cast<double>(value) * static_cast<double>(value);
  return sum;
}

}  // namespace

double adam_step(const std::vector<Parameter>& parameters, const AdamOptions& options, double share,
                 AdamState& state) {
  if (state.first.empty()) {
    for (const Parameter& parameter : parameters) {
      state.first.emplace_back(parameter.values.size());
      state.second.emplace_back(parameter.values.size());
    }
  }
  double squares = 0.0;
  for (const Parameter& parameter : parameters) squares += sum_of_squares(parameter.gradients);
  const double norm = std::sqrt(squares);
  if (std::isfinite(norm)) {
    ++state.steps;
    const auto steps = static_cast<double>(state.steps);
    const double scale = norm > options.clip ? options.clip / norm : 1.0;
    const double unbias1 = 1.0 - std::pow(options.beta1, steps);
    const double unbias2 = 1.0 - std::pow(options.beta2, steps);
    for (std::size_t p = 0; p < parameters.size(); ++p) {
      const Parameter& parameter = parameters[p];
      double rate = share * options.rates[static_cast<std::size_t>(parameter.kind)];
      if (parameter.kind == ParameterKind::kNorm && !parameter.values.empty()) {
        rate *= std::sqrt(sum_of_squares(parameter.values) /
                          static_cast<double>(parameter.values.size()));
      }
      for (std::size_t i = 0; i < parameter.values.size(); ++i) {
        const double gradient = scale * static_cast<double>(parameter.gradients[i]);
        const double first = options.beta1 * static_cast<double>(state.first[p][i]) +
                             (1.0 - options.beta1) * gradient;
        const double second = options.beta2 * static_cast<double>(state.second[p][i]) +
                              (1.0 - options.beta2) * gradient * gradient;
        state.first[p][i] = static_cast<float>(first);
        state.second[p][i] = static_cast<float>(second);
        parameter.values[i] -= static_cast<float>(rate * (first / unbias1) /
                                                  (std::sqrt(second / unbias2) + options.epsilon));
      }
    }
  }
  for (const Parameter& parameter : parameters)
    std::fill(parameter.gradients.begin(), parameter.gradients.end(), 0.0F);
  return norm;
}

}  // namespace cellm

#include "model/rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/limits.h"

namespace cellm {
namespace {

double rope_number(const JsonNode& node) {
  const double value = node.as_number();
  if (!(value >= kMinRope && value <= kMaxRope)) {
    throw data_error("{}: expected {} to {}, found {}", node.path(), kMinRope, kMaxRope, value);
  }
  return value;
}

double number_or(const JsonNode& rope, std::string_view key, double other) {
  const auto node = rope.find(key);
  return node ? rope_number(*node) : other;
}

Llama3Rope read_llama3(const JsonNode& rope) {
  const auto positive = [&](std::string_view key) { return rope_number(rope.at(key)); };
  const Llama3Rope llama3{positive("factor"), positive("low_freq_factor"),
                          positive("high_freq_factor"),
                          positive("original_max_position_embeddings")};
  if (llama3.high_freq_factor <= llama3.low_freq_factor) {
    throw data_error("{}: high_freq_factor must be above low_freq_factor", rope.path());
  }
  return llama3;
}

YarnRope read_yarn(const JsonNode& rope, std::size_t max_positions) {
  const auto positions = static_cast<double>(max_positions);
  YarnRope yarn{.factor = 1.0,
                .original_context = number_or(rope, "original_max_position_embeddings", positions)};
  yarn.factor = number_or(rope, "factor", positions / yarn.original_context);
  yarn.beta_fast = number_or(rope, "beta_fast", yarn.beta_fast);
  yarn.beta_slow = number_or(rope, "beta_slow", yarn.beta_slow);
  if (yarn.beta_fast < yarn.beta_slow) {
    throw data_error("{}: beta_fast {} is below beta_slow {}", rope.path(), yarn.beta_fast,
                     yarn.beta_slow);
  }
  const auto all = rope.find("mscale_all_dim");
  const auto scale = rope.find("mscale");
  if (const auto given = rope.find("attention_factor")) {
    yarn.attention_factor = rope_number(*given);
  } else if (scale && all && scale->as_number() != 0.0 && all->as_number() != 0.0) {
    yarn.attention_factor = yarn_magnitude(yarn.factor, rope_number(*scale)) /
                            yarn_magnitude(yarn.factor, rope_number(*all));
  } else {
    yarn.attention_factor = yarn_magnitude(yarn.factor, 1.0);
  }
  if (const auto truncate = rope.find("truncate")) yarn.truncate = truncate->as_bool();
  return yarn;
}

RopeScaling read_scaling(const JsonNode& rope, std::size_t max_positions) {
  auto type_node = rope.find("rope_type");
  if (!type_node) type_node = rope.find("type");
  const std::string type = type_node ? type_node->as_string() : "default";
  if (type == "default") return DefaultRope{};
  if (type == "linear") return LinearRope{rope_number(rope.at("factor"))};
  if (type == "llama3") return read_llama3(rope);
  if (type == "yarn") return read_yarn(rope, max_positions);
  if (type == "cellm_rope_factors") {
    FactorsRope factors;
    for (const auto& node : rope.at("factors").as_array(kMaxHeadDim)) {
      factors.factors.push_back(static_cast<float>(rope_number(node)));
    }
    factors.attention_factor = number_or(rope, "attention_factor", factors.attention_factor);
    return factors;
  }
  throw unsupported_error(
      "{}: rope_type \"{}\" is not supported; cellm knows default, linear, llama3, yarn",
      rope.path(), printable(type));
}

// Long waves are divided by the factor, short ones kept, those between blended.
double llama3_frequency(const Llama3Rope& rope, double frequency) {
  const double turns = rope.original_context * frequency / (2.0 * std::numbers::pi);
  const double blend = std::clamp(
      (turns - rope.low_freq_factor) / (rope.high_freq_factor - rope.low_freq_factor), 0.0, 1.0);
  return (1.0 - blend) * frequency / rope.factor + blend * frequency;
}

// The dimension whose frequency turns so often within the original context.
double yarn_dimension(const YarnRope& rope, double turns, double dimensions, double theta) {
  return dimensions * std::log(rope.original_context / (turns * 2.0 * std::numbers::pi)) /
         (2.0 * std::log(theta));
}

double yarn_frequency(const YarnRope& rope, const ModelConfig& config, std::size_t i,
                      double frequency) {
  const auto dimensions = static_cast<double>(config.rotary_dim);
  double low = yarn_dimension(rope, rope.beta_fast, dimensions, config.rope_theta);
  double high = yarn_dimension(rope, rope.beta_slow, dimensions, config.rope_theta);
  if (rope.truncate) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, dimensions - 1.0);
  if (low == high) high += 0.001;  // no division by 0
  const double slow = std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0);
  return frequency / rope.factor * slow + frequency * (1.0 - slow);
}

}  // namespace

void read_rope(const JsonNode& text, ModelConfig& config) {
  auto rope = text.find("rope_scaling");
  if (!rope || rope->value().empty()) rope = text.find("rope_parameters");
  auto theta = rope ? rope->find("rope_theta") : std::nullopt;
  if (!theta) theta = text.find("rope_theta");
  if (theta) config.rope_theta = rope_number(*theta);
  if (rope) config.rope_scaling = read_scaling(*rope, config.max_positions);
}

void validate_rope(const JsonNode& text, const ModelConfig& config) {
  if (std::holds_alternative<YarnRope>(config.rope_scaling) && config.rope_theta <= 1.0) {
    throw data_error("{}: rope_theta {} is too small for YaRN", text.path(), config.rope_theta);
  }
  const auto* factors = std::get_if<FactorsRope>(&config.rope_scaling);
  if (factors != nullptr && factors->factors.size() != config.rotary_dim / 2) {
    throw data_error("{} {} rope factors for {} frequencies", text.path(), factors->factors.size(),
                     config.rotary_dim / 2);
  }
}

std::vector<float> inverse_frequencies(const ModelConfig& config) {
  const std::size_t half = config.rotary_dim / 2;
  std::vector<float> result(half);
  for (std::size_t i = 0; i < half; ++i) {
    const double exponent = static_cast<double>(2 * i) / static_cast<double>(config.rotary_dim);
    double frequency = std::pow(config.rope_theta, -exponent);
    if (const auto* linear = std::get_if<LinearRope>(&config.rope_scaling)) {
      frequency /= linear->factor;
    } else if (const auto* factors = std::get_if<FactorsRope>(&config.rope_scaling)) {
      frequency /= static_cast<double>(factors->factors[i]);
    } else if (const auto* llama3 = std::get_if<Llama3Rope>(&config.rope_scaling)) {
      frequency = llama3_frequency(*llama3, frequency);
    } else if (const auto* yarn = std::get_if<YarnRope>(&config.rope_scaling)) {
      frequency = yarn_frequency(*yarn, config, i, frequency);
    }
    result[i] = static_cast<float>(frequency);
  }
  return result;
}

double yarn_magnitude(double factor, double scale) {
  return factor <= 1.0 ? 1.0 : 0.1 * scale * std::log(factor) + 1.0;
}

std::vector<float> rope_factors(const ModelConfig& config) {
  if (const auto* given = std::get_if<FactorsRope>(&config.rope_scaling)) return given->factors;
  const auto* llama3 = std::get_if<Llama3Rope>(&config.rope_scaling);
  if (llama3 == nullptr) return {};
  std::vector<float> factors(config.rotary_dim / 2);
  for (std::size_t i = 0; i < factors.size(); ++i) {
    const double exponent = static_cast<double>(2 * i) / static_cast<double>(config.rotary_dim);
    const double frequency = std::pow(config.rope_theta, -exponent);
    factors[i] = static_cast<float>(frequency / llama3_frequency(*llama3, frequency));
  }
  return factors;
}

float rope_magnitude(const ModelConfig& config) {
  const auto* yarn = std::get_if<YarnRope>(&config.rope_scaling);
  if (yarn != nullptr) return static_cast<float>(yarn->attention_factor);
  const auto* factors = std::get_if<FactorsRope>(&config.rope_scaling);
  return factors == nullptr ? 1.0F : static_cast<float>(factors->attention_factor);
}

}  // namespace cellm

// The choice between the sampling that a caller asks for and that of the model. As templates: the
// types of the engine and those of the public interface have fields of the same names.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include <fmt/format.h>

namespace cellm {

// Sampling that a command line or a request asks for, under the names of SamplerOptions. Nothing:
// the model's default, or else the program's.
struct RequestedSampling {
  std::optional<float> temperature = {};
  std::optional<std::size_t> top_k = {};
  std::optional<float> top_p = {};
  std::optional<float> min_p = {};
  std::optional<float> repeat_penalty = {};
  std::optional<float> presence_penalty = {};
  std::optional<float> frequency_penalty = {};
  std::size_t repeat_window = 64;
  float top_n_sigma = 0.0F;
  float typical_p = 1.0F;
  float xtc_probability = 0.0F;
  float xtc_threshold = 0.1F;
};

// Takes what is given, else what the model's generation config says, else its card; records what
// comes from the model.
template <class Defaults>
class SamplingChooser {
 public:
  SamplingChooser(const Defaults& file, const Defaults& card) : file_(file), card_(card) {}

  template <typename T>
  T choose(const char* name, const std::optional<T>& given, std::optional<T> Defaults::*field,
           T otherwise) {
    if (given) return *given;
    if (const auto& value = file_.*field) return note(from_file_, name, *value);
    if (const auto& value = card_.*field) return note(from_card_, name, *value);
    return otherwise;
  }

  std::string summary() const {
    std::string text;
    if (!from_file_.empty()) text += from_file_ + " (generation config)";
    if (!from_card_.empty()) {
      text += (text.empty() ? "" : "; ") + from_card_ + " (model card)";
    }
    return text;
  }

 private:
  template <typename T>
  static T note(std::string& list, const char* name, T value) {
    list += fmt::format("{}{} {}", list.empty() ? "" : ", ", name, value);
    return value;
  }

  const Defaults& file_;
  const Defaults& card_;
  std::string from_file_;
  std::string from_card_;
};

// Sets all of a sampler but the seed, DRY and the logit bias. The caller says what of `file` and
// `card` counts. Returns what came from the model: "temperature 0.6, top-k 20 (generation config)",
// or nothing.
template <class Defaults, class Sampler>
std::string choose_sampling(const RequestedSampling& a, const Defaults& file, const Defaults& card,
                            Sampler& o) {
  SamplingChooser<Defaults> chooser(file, card);
  o.temperature = chooser.choose("temperature", a.temperature, &Defaults::temperature, 0.8F);
  if (o.temperature == 0.0F) {
    // Greedy means the model's own first choice, so there penalties are off unless asked for.
    o.top_k = a.top_k.value_or(0);
    o.top_p = a.top_p.value_or(1.0F);
    o.min_p = a.min_p.value_or(0.0F);
    o.repeat_penalty = a.repeat_penalty.value_or(1.0F);
    o.presence_penalty = a.presence_penalty.value_or(0.0F);
    o.frequency_penalty = a.frequency_penalty.value_or(0.0F);
  } else {
    o.top_k = chooser.template choose<std::size_t>("top-k", a.top_k, &Defaults::top_k, 40);
    o.top_p = chooser.choose("top-p", a.top_p, &Defaults::top_p, 1.0F);
    o.min_p = chooser.choose("min-p", a.min_p, &Defaults::min_p, 0.0F);
    o.repeat_penalty =
        chooser.choose("repeat penalty", a.repeat_penalty, &Defaults::repeat_penalty, 1.05F);
    o.presence_penalty =
        chooser.choose("presence penalty", a.presence_penalty, &Defaults::presence_penalty, 0.0F);
    o.frequency_penalty = chooser.choose("frequency penalty", a.frequency_penalty,
                                         &Defaults::frequency_penalty, 0.0F);
  }
  o.repeat_window = a.repeat_window;
  o.top_n_sigma = a.top_n_sigma;
  o.typical_p = a.typical_p;
  o.xtc_probability = a.xtc_probability;
  o.xtc_threshold = a.xtc_threshold;
  return chooser.summary();
}

}  // namespace cellm

// The choice between arguments of sampling and what a model asks for. As templates: the types of
// the engine and those of the public interface have fields of the same names, and so have arguments
// of a command and the fields of a request.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include <fmt/format.h>

namespace cellm {

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
template <class Arguments, class Defaults, class Sampler>
std::string choose_sampling(const Arguments& a, const Defaults& file, const Defaults& card,
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

#include "study/document.h"

#include <limits>

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace cellm {
namespace {

using OrderedJson = nlohmann::ordered_json;

// The original study generated greedily, for the last prompt at temperature 0.7.
constexpr bool kShownSampled[kShownPrompts] = {false, false, true};

OrderedJson summary_json(const CoherenceSummary& summary) {
  return {{"texts", summary.texts},
          {"tokens", summary.tokens},
          {"teacher_nll", summary.nll},
          {"distinct3", summary.distinct3},
          {"longest_repeat", summary.longest_repeat},
          {"looping", summary.looping},
          {"invalid", summary.invalid},
          {"bad", summary.bad}};
}

CoherenceSummary summary_of(const OrderedJson& json) {
  CoherenceSummary summary;
  summary.nll = number_or_nan(json.at("teacher_nll"));
  summary.bad = number_or_nan(json.at("bad"));
  return summary;
}

double kld_of(const OrderedJson& format) {
  return number_or_nan(format.at("evaluation").at("kld_mean"));
}

bool is_on_pareto_line(const OrderedJson& format, const OrderedJson& formats) {
  const auto bytes = format.at("file_bytes").get<std::uint64_t>();
  const double kld = kld_of(format);
  for (const OrderedJson& other : formats) {
    const auto other_bytes = other.at("file_bytes").get<std::uint64_t>();
    const double other_kld = kld_of(other);
    if (other_bytes <= bytes && other_kld <= kld && (other_bytes < bytes || other_kld < kld)) {
      return false;
    }
  }
  return true;
}

}  // namespace

double number_or_nan(const OrderedJson& json) {
  return json.is_number() ? json.get<double>() : std::numeric_limits<double>::quiet_NaN();
}

OrderedJson coherence_json(const Coherence& coherence) {
  OrderedJson samples = OrderedJson::array();
  for (const CoherenceSample& sample : coherence.samples) {
    samples.push_back({{"prompt", coherence_prompts()[sample.prompt].text},
                       {"sampled", sample.sampled},
                       {"text", sample.text},
                       {"tokens", sample.ids.size()},
                       {"stop", stop_reason_name(sample.stop)},
                       {"teacher_nll", sample.nll},
                       {"distinct3", sample.distinct3},
                       {"longest_repeat", sample.repeat},
                       {"looping", sample.looping},
                       {"invalid", sample.invalid}});
  }
  return {{"greedy", summary_json(coherence.greedy)},
          {"sampled", summary_json(coherence.sampled)},
          {"samples", std::move(samples)}};
}

void judge_formats(OrderedJson& document) {
  OrderedJson& formats = document.at("formats");
  const CoherenceSummary own = summary_of(formats.at(0).at("coherence").at("sampled"));
  const auto largest = formats.at(0).at("file_bytes").get<double>();
  for (OrderedJson& format : formats) {
    format["compression"] = largest / format.at("file_bytes").get<double>();
    format["judgement"] = judgement_name(
        judge(kld_of(format), summary_of(format.at("coherence").at("sampled")), own));
    format["pareto"] = is_on_pareto_line(format, formats);
  }
  OrderedJson& limits = document["judgement_limits"] = OrderedJson::array();
  for (const JudgementLimits& limit : judgement_limits()) {
    limits.push_back({{"judgement", judgement_name(limit.judgement)},
                      {"kld", limit.kld},
                      {"excess_nll", limit.excess_nll},
                      {"excess_bad", limit.excess_bad}});
  }
}

void add_samples(OrderedJson& document, const std::map<std::string, OrderedJson>& written) {
  OrderedJson& samples = document["samples"] = OrderedJson::array();
  for (std::size_t i = 0; i < kShownPrompts; ++i) {
    const CoherencePrompt& prompt = coherence_prompts()[i];
    OrderedJson answers = OrderedJson::array();
    for (const OrderedJson& format : document.at("formats")) {
      const auto found = written.find(format.at("name").get<std::string>());
      if (found == written.end()) continue;  // has the same tensors as another row
      for (const OrderedJson& sample : found->second) {
        if (sample.at("prompt") != prompt.text || sample.at("sampled") != kShownSampled[i])
          continue;
        answers.push_back({{"format", found->first},
                           {"text", sample.at("text")},
                           {"stop", sample.at("stop")},
                           {"looping", sample.at("looping")},
                           {"invalid", sample.at("invalid")}});
      }
    }
    samples.push_back({{"prompt", prompt.text},
                       {"chat", prompt.kind == PromptKind::kChat},
                       {"sampled", kShownSampled[i]},
                       {"answers", std::move(answers)}});
  }
}

}  // namespace cellm

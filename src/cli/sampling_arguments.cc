#include "cli/sampling_arguments.h"

#include <charconv>
#include <cmath>
#include <random>
#include <system_error>

#include "base/error.h"

namespace cellm {
namespace {

constexpr const char* kGroup = "How tokens are chosen";
constexpr std::size_t kMostTokens = std::size_t{1} << 32;  // CLI11 makes 2⁶⁴ − 1 of -1
constexpr double kMost = 100.0;

void add_filters(Options& options, SamplingArguments& a) {
  options.add("--temperature,--temp", a.temperature, "0 is greedy (default: the model's, else 0.8)")
      .group(kGroup)
      .range(0.0, kMost);
  options
      .add("--top-k", a.top_k,
           "Only the k most probable tokens; 0: all (default: the model's, else 40)")
      .group(kGroup)
      .range(std::size_t{0}, kMostTokens);
  options
      .add("--top-p", a.top_p,
           "Only the fewest tokens that reach this probability (default: the model's, else 1)")
      .group(kGroup);
  options
      .add("--min-p", a.min_p,
           "Only tokens this probable relative to the best (default: the model's, else 0)")
      .group(kGroup);
  options
      .add("--top-n-sigma", a.top_n_sigma,
           "Only logits within so many standard deviations of the largest; 0: all")
      .group(kGroup)
      .show_default()
      .range(0.0, kMost);
  options
      .add("--typical,--typical-p", a.typical_p,
           "Only the most typical tokens that reach this probability; 1: all")
      .group(kGroup)
      .show_default();
  options
      .add("--xtc-probability", a.xtc_probability,
           "Probability of leaving out all top choices but the last (XTC)")
      .group(kGroup)
      .show_default();
  options.add("--xtc-threshold", a.xtc_threshold, "Probability that makes a token a top choice")
      .group(kGroup)
      .show_default();
}

void add_penalties(Options& options, SamplingArguments& a) {
  options
      .add("--repeat-penalty", a.repeat_penalty,
           "Makes recent tokens less likely (default: the model's, else 1.05; 1, which is off, if "
           "greedy)")
      .group(kGroup)
      .range(0.01, kMost);
  options
      .add("--presence-penalty", a.presence_penalty,
           "Subtracted from the logits of recent tokens (default: the model's, else 0)")
      .group(kGroup)
      .range(-kMost, kMost);
  options
      .add("--frequency-penalty", a.frequency_penalty,
           "The same for each occurrence (default: the model's, else 0)")
      .group(kGroup)
      .range(-kMost, kMost);
  options.add("--repeat-window,--repeat-last-n", a.repeat_window, "Tokens that count as recent")
      .group(kGroup)
      .range(std::size_t{0}, kMostTokens)
      .show_default();
  options
      .add("--dry-multiplier", a.dry_multiplier,
           "Penalty of tokens that continue a repetition (DRY), 0.8 is usual; 0: off")
      .group(kGroup)
      .show_default()
      .range(0.0, kMost);
  options.add("--dry-base", a.dry_base, "By which it grows with each repeated token")
      .group(kGroup)
      .show_default()
      .range(1.0, kMost);
  options.add("--dry-allowed-length", a.dry_allowed_length, "Repeated tokens that cost nothing yet")
      .group(kGroup)
      .show_default()
      .range(std::size_t{1}, kMostTokens);
  options
      .add("--dry-window,--dry-penalty-last-n", a.dry_window,
           "Latest tokens in which repetitions are looked for; 0: all")
      .group(kGroup)
      .show_default()
      .range(std::size_t{0}, kMostTokens);
  options
      .add_repeatable("--dry-sequence-breaker", a.dry_breakers,
                      "Text at which repetitions end, in place of newline, colon, quotation mark "
                      "and asterisk; repeatable; none: nowhere")
      .group(kGroup);
}

}  // namespace

void add_sampling_options(Options& options, SamplingArguments& a) {
  add_filters(options, a);
  add_penalties(options, a);
  options
      .add_repeatable("--logit-bias", a.logit_biases,
                      "ID=BIAS, added to the token's logit; -inf: never; repeatable")
      .group(kGroup);
  options
      .add("-s,--seed", a.seed,
           "Makes sampling repeatable; -1: random (the default, shown on stderr)")
      .group(kGroup);
}

std::optional<std::uint64_t> parse_seed(const std::string& text) {
  if (text == "-1") return std::nullopt;
  std::uint64_t seed = 0;
  const char* end = text.data() + text.size();
  const auto [rest, failed] = std::from_chars(text.data(), end, seed);
  if (failed == std::errc::result_out_of_range) {
    throw usage_error("--seed {} is more than 2^64 - 1", printable(text));
  }
  if (failed != std::errc() || rest != end) {
    throw usage_error("--seed takes a number from 0 to 2^64 - 1, or -1, not \"{}\"",
                      printable(text));
  }
  return seed;
}

std::uint64_t chosen_seed(const SamplingArguments& arguments) {
  const auto seed = arguments.seed ? parse_seed(*arguments.seed) : std::nullopt;
  return seed ? *seed : std::random_device{}();
}

std::pair<std::uint32_t, float> parse_logit_bias(const std::string& text) {
  std::pair<std::uint32_t, float> result{};
  const char* end = text.data() + text.size();
  const auto id = std::from_chars(text.data(), end, result.first);
  if (id.ec == std::errc() && id.ptr != end && *id.ptr == '=') {
    const auto bias = std::from_chars(id.ptr + 1, end, result.second);
    if (bias.ec == std::errc() && bias.ptr == end && !std::isnan(result.second)) return result;
  }
  throw usage_error("--logit-bias takes ID=BIAS, not \"{}\"", printable(text));
}

std::vector<std::string> dry_breakers(const SamplingArguments& arguments,
                                      std::vector<std::string> usual) {
  if (arguments.dry_breakers.empty()) return usual;
  if (arguments.dry_breakers == std::vector<std::string>{"none"}) return {};
  return arguments.dry_breakers;
}

}  // namespace cellm

// Speed of an answer that repeats its prompt with one change, with prompt lookup and without.
//
//   lookup_benchmark SHAPE FORMAT EMBEDDING [THREADS [TOKENS]]
//
// The weights are random (see `cellm bench --shape`), so the answer is scripted: generation runs as
// usual, but each chosen token comes from a copy of the prompt's text of TOKENS (1000) tokens with
// another span in the middle. Runs alternate; medians of five.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "base/stopwatch.h"
#include "convert/random_source.h"
#include "engine/generation.h"
#include "engine/session.h"
#include "format/format_choice.h"

namespace cellm {
namespace {

using Ids = std::vector<std::uint32_t>;

constexpr std::size_t kTokens = 1000;
constexpr std::size_t kInstruction = 30;  // tokens of the prompt around the text
constexpr std::size_t kChange = 4;        // tokens of the text that are others in the answer
constexpr std::size_t kRuns = 5;

struct Script {
  Ids prompt;
  Ids answer;
};

Script make_script(std::size_t tokens, std::size_t vocab) {
  std::mt19937 random(11);
  const auto append = [&](Ids& to, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      to.push_back(static_cast<std::uint32_t>(random() % vocab));
    }
  };
  Ids text;
  append(text, tokens);
  Script script;
  append(script.prompt, kInstruction / 2);
  script.prompt.insert(script.prompt.end(), text.begin(), text.end());
  append(script.prompt, kInstruction / 2);
  const auto middle = text.begin() + static_cast<std::ptrdiff_t>(tokens / 2);
  script.answer.assign(text.begin(), middle);
  append(script.answer, kChange);
  script.answer.insert(script.answer.end(), middle + kChange, text.end());
  return script;
}

struct Run {
  double seconds = 0.0;  // from the first token on
  std::size_t steps = 0;
  GenerateResult result;
};

Run write(const Engine& engine, const Script& script, UseLookup use) {
  GenerateOptions options;
  options.max_tokens = script.answer.size();
  options.sampler.temperature = 0.0F;
  options.sampler.repeat_penalty = 1.0F;
  options.lookup.use = use;
  Session session(engine, {});
  session.advance(script.prompt);
  Generation text(script.prompt, options);
  text.read(script.prompt.size());
  std::vector<float> logits(engine.config().vocab_size);
  const auto choose = [&] {
    const std::uint32_t next = script.answer[text.result().ids.size()];
    logits[next] = 1.0F;
    text.choose(logits, session.max_tokens());
    logits[next] = 0.0F;
    return next;
  };
  choose();
  Run run;
  PlainSteps plain;
  const Stopwatch watch;
  for (; !text.ended(); ++run.steps) {
    const auto seconds = plain.seconds(1);
    const auto input = text.pending_with_draft(session.max_tentative(), seconds);
    Stopwatch step;
    if (input.size() == 1) {
      session.advance(input);
      plain.add(1, step.seconds());
      text.read(1);
      choose();
      continue;
    }
    session.advance_tentatively(input);
    const double taken = step.seconds();
    std::size_t kept = 0;
    do {
      text.read(1);
      ++kept;
    } while (choose() == input[std::min(kept, input.size() - 1)] && kept < input.size() &&
             !text.ended());
    session.keep(kept);
    text.judge_draft(kept, taken, seconds);
    plain.add_drafted(1);
  }
  run.seconds = watch.seconds();
  run.result = text.result();
  return run;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

int run(int count, char** arguments) {
  if (count < 4 || count > 6) {
    fmt::print(stderr, "usage: lookup_benchmark SHAPE FORMAT EMBEDDING [THREADS [TOKENS]]\n");
    return 2;
  }
  GeneralFormats formats;
  formats.body = parse_format_choice(arguments[2]);
  formats.embedding = formats.lm_head = parse_format_choice(arguments[3]);
  EngineOptions engine_options;
  if (count > 4) engine_options.threads = static_cast<unsigned>(std::stoul(arguments[4]));
  const Engine engine(std::make_shared<const OpenedModel>(random_model(arguments[1], formats)),
                      engine_options);
  const Script script =
      make_script(count > 5 ? std::stoul(arguments[5]) : kTokens, engine.config().vocab_size);
  std::vector<double> plain;
  std::vector<double> lookup;
  Run latest;
  for (std::size_t i = 0; i < kRuns; ++i) {
    plain.push_back(write(engine, script, UseLookup::kOff).seconds);
    latest = write(engine, script, UseLookup::kAuto);
    lookup.push_back(latest.seconds);
  }
  const auto tokens = static_cast<double>(script.answer.size() - 1);
  fmt::print(
      "{} {} {}: plain {:.2f} tokens/s, lookup {:.2f} tokens/s, {:.3f} times; {} of {} drafted "
      "tokens right, {} steps for {} tokens\n",
      arguments[1], arguments[2], engine.kernels().name, tokens / median(plain),
      tokens / median(lookup), median(plain) / median(lookup), latest.result.accepted_tokens,
      latest.result.drafted_tokens, latest.steps, script.answer.size() - 1);
  return 0;
}

}  // namespace
}  // namespace cellm

int main(int count, char** arguments) {
  try {
    return cellm::run(count, arguments);
  } catch (const std::exception& error) {
    fmt::print(stderr, "lookup_benchmark: {}\n", error.what());
    return 1;
  }
}

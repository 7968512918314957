#include "tune/own_text.h"

#include <algorithm>
#include <random>
#include <string>

#include "base/error.h"
#include "engine/batch.h"
#include "engine/generate.h"

namespace cellm {
namespace {

// Sequences that are written together: enough to use the weights many times, few enough that their
// states are small.
constexpr std::size_t kTogether = 32;

std::vector<std::string> openings() {
  std::vector<std::string> result;
  std::string line;
  for (std::size_t i = 0; i < kOpenings.size(); ++i) {
    if (kOpenings[i] == '\n') {
      result.push_back(std::move(line));
      line.clear();
    } else if (kOpenings.substr(i).starts_with("\\n")) {
      line += '\n';
      ++i;
    } else {
      line += kOpenings[i];
    }
  }
  return result;
}

}  // namespace

std::vector<std::vector<std::uint32_t>> own_text(
    const Engine& engine, const Tokenizer& tokenizer, std::size_t count, std::size_t tokens,
    std::uint64_t seed, const std::function<void(std::size_t done, std::size_t total)>& progress) {
  std::vector<std::string> beginnings = openings();
  std::mt19937_64 random(seed);
  std::vector<BatchPrompt> prompts;
  for (std::size_t i = 0; i < count; ++i) {
    // All of them before any comes again.
    if (i % beginnings.size() == 0) std::shuffle(beginnings.begin(), beginnings.end(), random);
    BatchPrompt prompt;
    prompt.ids = tokenizer.bos_from_template();
    const auto ids = tokenizer.encode(beginnings[i % beginnings.size()], false);
    prompt.ids.insert(prompt.ids.end(), ids.begin(), ids.end());
    prompt.sampler = {.temperature = 1.0F, .top_k = 0, .repeat_penalty = 1.0F, .seed = random()};
    prompts.push_back(std::move(prompt));
  }

  GenerateOptions options;
  options.stop_ids = end_of_answer_ids(engine, &tokenizer);
  options.unusable_ids = unusable_ids(engine, tokenizer);
  std::vector<std::vector<std::uint32_t>> result;
  for (std::size_t begin = 0; begin < count; begin += kTogether) {
    const auto part = std::span(prompts).subspan(begin, std::min(kTogether, count - begin));
    std::size_t longest = 0;
    for (const BatchPrompt& prompt : part) longest = std::max(longest, prompt.ids.size());
    if (longest >= tokens) throw usage_error("windows of {} tokens are too short for text", tokens);
    options.max_tokens = tokens - longest;
    const auto written = generate_batch(engine, {KvEncoding::kF16, 16, 0}, part, options,
                                        [&](std::size_t done, std::size_t /*total*/) {
                                          progress(begin * tokens + done, count * tokens);
                                        });
    for (std::size_t i = 0; i < part.size(); ++i) {
      auto& sequence = result.emplace_back(part[i].ids);
      sequence.insert(sequence.end(), written[i].ids.begin(), written[i].ids.end());
    }
  }
  return result;
}

}  // namespace cellm

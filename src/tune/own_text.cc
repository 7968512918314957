#include "tune/own_text.h"

#include <algorithm>
#include <random>
#include <string>

#include "base/error.h"
#include "engine/answer_ids.h"
#include "engine/batch.h"
#include "engine/generate.h"

namespace cellm {
namespace {

// Sequences generated in one batch: enough to use unpacked weights many times, few enough that
// their states are small.
constexpr std::size_t kTogether = 32;

// Longer answers are cut off.
constexpr std::size_t kAnswerTokens = 256;

// The lines of a text in random order, each once per pass over the text. Each line ends with a line
// break; \n within one stands for a line break.
class Lines {
 public:
  explicit Lines(std::string_view text) {
    std::string line;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') {
        lines_.push_back(std::move(line));
        line.clear();
      } else if (text.substr(i).starts_with("\\n")) {
        line += '\n';
        ++i;
      } else {
        line += text[i];
      }
    }
  }

  const std::string& next(std::mt19937_64& random) {
    if (at_ % lines_.size() == 0) std::shuffle(lines_.begin(), lines_.end(), random);
    return lines_[at_++ % lines_.size()];
  }

 private:
  std::vector<std::string> lines_;
  std::size_t at_ = 0;
};

SamplerOptions whole_distribution(std::uint64_t seed) {
  return {.temperature = 1.0F, .top_k = 0, .repeat_penalty = 1.0F, .seed = seed};
}

// Each prompt followed by the generated tokens and, if the model ended its answer, by `end`.
std::vector<std::vector<std::uint32_t>> continuations(
    const Engine& engine, const Tokenizer& tokenizer, std::span<const BatchPrompt> prompts,
    std::size_t max_tokens, std::span<const std::uint32_t> end, const WritingProgress& progress) {
  GenerateOptions options;
  options.max_tokens = max_tokens;
  options.stop_ids = end_of_answer_ids(engine, &tokenizer);
  options.unusable_ids = unusable_ids(engine, tokenizer);
  const auto written =
      generate_batch(engine, {KvEncoding::kF16, 16, 0}, prompts, options, progress);
  std::vector<std::vector<std::uint32_t>> result;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    auto& sequence = result.emplace_back(prompts[i].ids);
    sequence.insert(sequence.end(), written[i].ids.begin(), written[i].ids.end());
    if (written[i].reason == StopReason::kEos) {
      sequence.insert(sequence.end(), end.begin(), end.end());
    }
  }
  return result;
}

}  // namespace

std::vector<std::vector<std::uint32_t>> own_text(const Engine& engine, const Tokenizer& tokenizer,
                                                 std::size_t count, std::size_t tokens,
                                                 std::uint64_t seed,
                                                 const WritingProgress& progress) {
  Lines openings(kOpenings);
  std::mt19937_64 random(seed);
  std::vector<std::vector<std::uint32_t>> result;
  while (result.size() < count) {
    const std::size_t before = result.size();
    std::vector<BatchPrompt> prompts(std::min(kTogether, count - before));
    std::size_t longest = 0;
    for (BatchPrompt& prompt : prompts) {
      prompt.ids = tokenizer.bos_from_template();
      const auto ids = tokenizer.encode(openings.next(random), false);
      prompt.ids.insert(prompt.ids.end(), ids.begin(), ids.end());
      prompt.sampler = whole_distribution(random());
      longest = std::max(longest, prompt.ids.size());
    }
    if (longest >= tokens) throw usage_error("windows of {} tokens are too short for text", tokens);
    auto texts = continuations(engine, tokenizer, prompts, tokens - longest, {},
                               [&](std::size_t done, std::size_t /*total*/) {
                                 progress(before * tokens + done, count * tokens);
                               });
    std::move(texts.begin(), texts.end(), std::back_inserter(result));
  }
  return result;
}

std::vector<std::vector<std::uint32_t>> own_answers(const Engine& engine,
                                                    const Tokenizer& tokenizer, const Chat& chat,
                                                    std::size_t count, std::size_t tokens,
                                                    std::uint64_t seed,
                                                    const WritingProgress& progress) {
  Lines requests(kRequests);
  std::mt19937_64 random(seed);
  const std::vector<std::uint32_t> end = chat.after_answer(tokenizer);
  const std::size_t total = count * tokens;
  std::vector<std::uint32_t> stream;
  while (stream.size() < total) {
    std::vector<BatchPrompt> prompts(kTogether);
    for (BatchPrompt& prompt : prompts) {
      const ChatMessage request{"user", requests.next(random)};
      prompt.ids = chat.prompt(tokenizer, std::span(&request, 1));
      prompt.sampler = whole_distribution(random());
    }
    for (const auto& text : continuations(engine, tokenizer, prompts, kAnswerTokens, end,
                                          [&](std::size_t done, std::size_t /*total*/) {
                                            progress(std::min(stream.size() + done, total), total);
                                          })) {
      stream.insert(stream.end(), text.begin(), text.end());
    }
  }
  std::vector<std::vector<std::uint32_t>> result;
  for (std::size_t begin = 0; begin < total; begin += tokens) {
    const auto first = stream.begin() + static_cast<std::ptrdiff_t>(begin);
    result.emplace_back(first, first + static_cast<std::ptrdiff_t>(tokens));
  }
  return result;
}

}  // namespace cellm

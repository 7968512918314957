#include "eval/coherence.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "base/error.h"
#include "base/utf8.h"
#include "chat/chat.h"
#include "engine/answer_ids.h"
#include "engine/batch.h"
#include "engine/session.h"
#include "eval/row_score.h"

namespace cellm {
namespace {

constexpr std::array<CoherencePrompt, 20> kPrompts{{
    {PromptKind::kChat, "Hello, who are you?"},
    {PromptKind::kText, "The capital of France is"},
    {PromptKind::kText, "Explain what a computer is:"},
    {PromptKind::kChat, "Why is the sky blue?"},
    {PromptKind::kChat, "Write a short story about a lighthouse keeper."},
    {PromptKind::kChat, "Give me three tips for sleeping well."},
    {PromptKind::kChat, "How do I boil an egg?"},
    {PromptKind::kChat, "What is the difference between a river and a lake?"},
    {PromptKind::kChat, "Write a polite letter that asks a neighbour to be quieter at night."},
    {PromptKind::kChat, "Summarise how bread is made."},
    {PromptKind::kChat, "Name some animals that live in the sea, and say what they eat."},
    {PromptKind::kChat, "What should a visitor see in Rome?"},
    {PromptKind::kText, "Once upon a time"},
    {PromptKind::kText, "The history of the bicycle begins"},
    {PromptKind::kText, "It was a cold morning in November, and the harbour"},
    {PromptKind::kText, "Water boils at a lower temperature on a mountain because"},
    {PromptKind::kText, "The three most important inventions of the last century are"},
    {PromptKind::kText, "Dear Sir or Madam,\n\nI am writing to"},
    {PromptKind::kText, "def fibonacci(n):"},
    {PromptKind::kText, "The main difference between cats and dogs is"},
}};

// Calibrated on SmolLM2-135M-Instruct (docs/studies/smollm2-135m). The thresholds of KLD are rules
// of thumb of the field (below 0.1 hardly noticeable, from 1.4 on unusable). The others lie between
// the values of formats known to work and those of formats known to fail.
constexpr std::array<JudgementLimits, 3> kLimits{{
    {Judgement::kExcellent, 0.1, 0.25, 0.15},
    {Judgement::kGood, 0.5, 0.6, 0.25},
    {Judgement::kDegraded, 1.4, 1.5, 0.5},
}};

std::vector<std::uint32_t> prompt_ids(const Engine& model, const Tokenizer& tokenizer,
                                      const CoherencePrompt& prompt) {
  if (prompt.kind == PromptKind::kChat) {
    if (const Chat* chat = model.opened().chat()) {
      const ChatMessage message{"user", std::string(prompt.text)};
      return chat->prompt(tokenizer, {&message, 1});
    }
  }
  std::vector<std::uint32_t> ids = tokenizer.bos_from_template();
  const auto encoded = tokenizer.encode(prompt.text, false);
  ids.insert(ids.end(), encoded.begin(), encoded.end());
  return ids;
}

// −ln p of each of `ids` after `prompt`, summed.
double teacher_nll(Session& teacher, const Engine& engine, std::span<const std::uint32_t> prompt,
                   std::span<const std::uint32_t> ids) {
  if (ids.empty()) return 0.0;
  std::vector<std::uint32_t> all(prompt.begin(), prompt.end());
  all.insert(all.end(), ids.begin(), ids.end());
  const std::size_t vocab = engine.config().vocab_size;
  double sum = 0.0;
  std::vector<RowScore> scores(kMaxLogitRows);
  const std::size_t first = prompt.size() - 1;  // the logits of this token predict ids[0]
  const std::size_t last = all.size() - 1;      // its prediction is not needed
  for (std::size_t begin = 0; begin < last; begin += kMaxBatchTokens) {
    const std::size_t count = std::min(kMaxBatchTokens, last - begin);
    teacher.feed(std::span<const std::uint32_t>(all).subspan(begin, count));
    for (std::size_t row = std::max(first, begin); row < begin + count;) {
      const std::size_t rows = std::min(kMaxLogitRows, begin + count - row);
      score_rows(engine.kernels(), engine.pool(), teacher.logits(row - begin, rows), {}, vocab,
                 std::span<const std::uint32_t>(all).subspan(row + 1, rows),
                 std::span(scores).first(rows));
      for (std::size_t r = 0; r < rows; ++r) sum += scores[r].nll;
      row += rows;
    }
  }
  return sum;
}

}  // namespace

std::span<const CoherencePrompt> coherence_prompts() {
  return kPrompts;
}

double distinct_spans(std::span<const std::uint32_t> ids, std::size_t n) {
  if (n == 0 || ids.size() < n) return 1.0;
  std::set<std::vector<std::uint32_t>> seen;
  const std::size_t spans = ids.size() - n + 1;
  for (std::size_t i = 0; i < spans; ++i) {
    const auto span = ids.subspan(i, n);
    seen.emplace(span.begin(), span.end());
  }
  return static_cast<double>(seen.size()) / static_cast<double>(spans);
}

std::size_t longest_repeat(std::span<const std::uint32_t> ids) {
  // common[j]: length of the longest common span that ends before i and before j, i < j, and does
  // not overlap itself.
  std::size_t longest = 0;
  std::vector<std::size_t> common(ids.size() + 1, 0);
  for (std::size_t i = 1; i <= ids.size(); ++i) {
    for (std::size_t j = ids.size(); j > i; --j) {
      common[j] = ids[i - 1] == ids[j - 1] ? std::min(common[j - 1] + 1, j - i) : 0;
      longest = std::max(longest, common[j]);
    }
  }
  return longest;
}

bool loops(std::span<const std::uint32_t> ids) {
  for (std::size_t period = 1; period * kLoopRepeats <= ids.size(); ++period) {
    const std::size_t needed = std::max(period * kLoopRepeats, kLoopTokens);
    std::size_t length = period;  // of the run with this period that ends here
    for (std::size_t i = period; i < ids.size(); ++i) {
      length = ids[i] == ids[i - period] ? length + 1 : period;
      if (length >= needed) return true;
    }
  }
  return false;
}

bool holds_invalid_text(const Tokenizer& tokenizer, std::span<const std::uint32_t> ids) {
  std::string bytes;
  for (const std::uint32_t id : ids) {
    if (!tokenizer.contains(id) || tokenizer.is_special(id)) return true;
    bytes += tokenizer.token_bytes(id);
  }
  std::string_view rest = bytes;
  while (!rest.empty()) {
    const Utf8Step step = utf8_step(rest);
    if (!step.valid) return !(step.incomplete && step.length == rest.size());
    const auto byte = static_cast<unsigned char>(rest[0]);
    if (byte == 0x7F || (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r')) return true;
    if (rest.substr(0, step.length) == "\xEF\xBF\xBD") return true;
    rest.remove_prefix(step.length);
  }
  return false;
}

CoherenceSummary summarize(std::span<const CoherenceSample> samples) {
  CoherenceSummary summary;
  summary.texts = samples.size();
  if (samples.empty()) return summary;
  double nll = 0.0;
  for (const CoherenceSample& sample : samples) {
    summary.tokens += sample.ids.size();
    nll += sample.nll;
    summary.distinct3 += sample.distinct3;
    summary.longest_repeat += static_cast<double>(sample.repeat);
    summary.looping += sample.looping ? 1.0 : 0.0;
    summary.invalid += sample.invalid ? 1.0 : 0.0;
    summary.bad += sample.looping || sample.invalid ? 1.0 : 0.0;
  }
  const auto texts = static_cast<double>(samples.size());
  for (double* mean : {&summary.distinct3, &summary.longest_repeat, &summary.looping,
                       &summary.invalid, &summary.bad}) {
    *mean /= texts;
  }
  summary.nll = summary.tokens == 0 ? std::numeric_limits<double>::quiet_NaN()
                                    : nll / static_cast<double>(summary.tokens);
  return summary;
}

Coherence measure_coherence(
    const Engine& model, const Engine& teacher, const Tokenizer& tokenizer,
    const CoherenceOptions& options,
    const std::function<void(std::size_t done, std::size_t total)>& progress) {
  std::vector<BatchPrompt> prompts;
  for (const bool sampled : {false, true}) {
    for (std::size_t i = 0; i < kPrompts.size(); ++i) {
      BatchPrompt prompt;
      prompt.ids = prompt_ids(model, tokenizer, kPrompts[i]);
      prompt.sampler.temperature = sampled ? options.temperature : 0.0F;
      prompt.sampler.top_k = 0;
      prompt.sampler.repeat_penalty = 1.0F;
      prompt.sampler.seed = options.seed + i;
      prompts.push_back(std::move(prompt));
    }
  }
  GenerateOptions generation;
  generation.max_tokens = options.tokens;
  generation.stop_ids = end_of_answer_ids(model, &tokenizer);
  generation.unusable_ids = unusable_ids(model, tokenizer);
  std::size_t total = 2 * prompts.size() * options.tokens;  // by the model, by the teacher
  const auto written = generate_batch(model, {options.kv_encoding, 16, 0}, prompts, generation,
                                      [&](std::size_t done, std::size_t /*of*/) {
                                        if (progress) progress(done, total);
                                      });

  Coherence result;
  Session session(teacher, {KvEncoding::kF32, 16, 0});
  const Snapshot start = session.snapshot();
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    CoherenceSample sample;
    sample.prompt = i % kPrompts.size();
    sample.sampled = i >= kPrompts.size();
    sample.ids = written[i].ids;
    sample.stop = written[i].reason;
    sample.text = tokenizer.decode(sample.ids, false);
    session.restore(start);
    sample.nll = teacher_nll(session, teacher, prompts[i].ids, sample.ids);
    sample.distinct3 = distinct_spans(sample.ids, 3);
    sample.repeat = longest_repeat(sample.ids);
    sample.looping = loops(sample.ids);
    sample.invalid = holds_invalid_text(tokenizer, sample.ids);
    result.samples.push_back(std::move(sample));
    if (progress) progress(prompts.size() * options.tokens + (i + 1) * options.tokens, total);
  }
  const std::span<const CoherenceSample> samples = result.samples;
  result.greedy = summarize(samples.first(kPrompts.size()));
  result.sampled = summarize(samples.subspan(kPrompts.size()));
  return result;
}

std::string_view judgement_name(Judgement judgement) {
  switch (judgement) {
    case Judgement::kExcellent:
      return "excellent";
    case Judgement::kGood:
      return "good";
    case Judgement::kDegraded:
      return "degraded";
    case Judgement::kIncoherent:
      break;
  }
  return "incoherent";
}

std::span<const JudgementLimits> judgement_limits() {
  return kLimits;
}

Judgement judge(double kld, const CoherenceSummary& sampled, const CoherenceSummary& own) {
  // A model that generates no token has NaN, which is within no threshold.
  for (const JudgementLimits& limits : kLimits) {
    if (kld <= limits.kld && sampled.nll - own.nll <= limits.excess_nll &&
        sampled.bad - own.bad <= limits.excess_bad) {
      return limits.judgement;
    }
  }
  return Judgement::kIncoherent;
}

}  // namespace cellm

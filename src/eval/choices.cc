#include "eval/choices.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/limits.h"
#include "base/mapped_file.h"
#include "base/stopwatch.h"
#include "engine/session.h"
#include "eval/json_lines.h"
#include "eval/row_score.h"
#include "io/json.h"

namespace cellm {
namespace {

ChoiceItem parse_item(std::string_view line, const std::string& where) {
  const Json json = parse_json(line, where);
  const JsonNode node(json, where + ":");
  ChoiceItem item;
  item.where = where;
  item.context = node.at("context").as_string();
  const JsonNode choices = node.at("choices");
  for (const JsonNode& choice : choices.as_array(kMaxChoices))
    item.choices.push_back(choice.as_string());
  if (item.choices.size() < 2) {
    throw data_error("{}: {} choices, expected at least 2", choices.path(), item.choices.size());
  }
  for (std::size_t i = 0; i < item.choices.size(); ++i) {
    if (item.choices[i].empty()) throw data_error("{}: choice {} is empty", choices.path(), i);
    if (std::find(item.choices.begin(), item.choices.begin() + static_cast<std::ptrdiff_t>(i),
                  item.choices[i]) != item.choices.begin() + static_cast<std::ptrdiff_t>(i)) {
      throw data_error("{}: choice {} is there twice: \"{}\"", choices.path(), i,
                       printable(item.choices[i]));
    }
  }
  const JsonNode answer = node.at("answer");
  if (answer.is_string()) {
    const std::string text = answer.as_string();
    const auto found = std::find(item.choices.begin(), item.choices.end(), text);
    if (found == item.choices.end()) {
      throw data_error("{}: \"{}\" is not among the choices", answer.path(), printable(text));
    }
    item.answer = static_cast<std::size_t>(found - item.choices.begin());
  } else {
    item.answer = answer.as_uint(0, item.choices.size() - 1);
  }
  return item;
}

std::size_t largest_index(std::span<const ChoiceScore> scores,
                          double (*value)(const ChoiceScore&)) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < scores.size(); ++i) {
    if (value(scores[i]) > value(scores[best])) best = i;
  }
  return best;
}

// Runs items one after the other on one sequence.
class ChoiceRunner {
 public:
  ChoiceRunner(const EvalSubject& subject)
      : engine_(*subject.engine),
        session_(engine_, {subject.kv_encoding, 16, 0}),
        empty_(session_.snapshot()) {}

  std::vector<ChoiceScore> run(const ChoiceTokens& tokens) {
    session_.restore(empty_);
    std::span<const std::uint32_t> context = tokens.context;
    std::size_t last = 0;  // tokens of the last batch
    for (; !context.empty(); context = context.subspan(last)) {
      last = std::min(context.size(), kMaxBatchTokens);
      session_.feed(context.first(last));
    }
    const Snapshot after_context = session_.snapshot();
    // The first token of every choice is predicted by the context alone.
    std::vector<std::uint32_t> firsts;
    for (const auto& choice : tokens.choices) firsts.push_back(choice.front());
    const std::vector<double> first_nlls = score_alternatives(session_.logits(last - 1, 1), firsts);

    std::vector<ChoiceScore> scores;
    for (std::size_t i = 0; i < tokens.choices.size(); ++i) {
      const std::span<const std::uint32_t> choice = tokens.choices[i];
      ChoiceScore score{-first_nlls[i], choice.size()};
      if (choice.size() > 1) {
        session_.restore(after_context);
        score.sum -= rest_nll(choice);
      }
      scores.push_back(score);
    }
    return scores;
  }

 private:
  // −ln p of each of several tokens at the same position.
  std::vector<double> score_alternatives(std::span<const float> row,
                                         std::span<const std::uint32_t> targets) {
    std::vector<double> nlls;
    for (const std::uint32_t target : targets) nlls.push_back(score(row, {&target, 1}));
    return nlls;
  }

  double rest_nll(std::span<const std::uint32_t> choice) {
    double nll = 0.0;
    const std::size_t fed = choice.size() - 1;
    for (std::size_t begin = 0; begin < fed; begin += kMaxBatchTokens) {
      const std::size_t count = std::min(fed - begin, kMaxBatchTokens);
      session_.feed(choice.subspan(begin, count));
      for (std::size_t first = 0; first < count; first += kMaxLogitRows) {
        const std::size_t rows = std::min(count - first, kMaxLogitRows);
        nll += score(session_.logits(first, rows), choice.subspan(begin + first + 1, rows));
      }
    }
    return nll;
  }

  // The sum of −ln p of the targets, one in each row.
  double score(std::span<const float> logits, std::span<const std::uint32_t> targets) {
    rows_.resize(targets.size());
    score_rows(engine_.kernels(), engine_.pool(), logits, {}, engine_.config().vocab_size, targets,
               rows_);
    double nll = 0.0;
    for (const RowScore& row : rows_) nll += row.nll;
    return nll;
  }

  const Engine& engine_;
  Session session_;
  Snapshot empty_;
  std::vector<RowScore> rows_;
};

void check_fits(const ChoiceItem& item, const ChoiceTokens& tokens, const ModelConfig& config) {
  std::size_t longest = 0;
  for (const auto& choice : tokens.choices) longest = std::max(longest, choice.size());
  const std::size_t needed = tokens.context.size() + longest;
  if (needed > config.max_positions) {
    throw data_error("{}: {} tokens do not fit into the context of {}", item.where, needed,
                     config.max_positions);
  }
}

}  // namespace

std::vector<ChoiceItem> read_choices(const std::filesystem::path& path) {
  return parse_choices(read_file(path, kMaxChoiceFileBytes), printable(path.string()));
}

std::vector<ChoiceItem> parse_choices(std::string_view text, std::string_view source) {
  return parse_json_lines(text, source, parse_item);
}

ChoiceTokens tokenize_choices(const ChoiceItem& item, const Tokenizer& tokenizer) {
  const std::size_t kept =
      item.context.find_last_not_of(kLineSpaces) + 1;  // 0 if all is white space
  const std::string context = item.context.substr(0, kept);
  const std::string spaces = item.context.substr(kept);
  ChoiceTokens tokens;
  tokens.context = tokenizer.bos_from_template();
  const auto context_ids = tokenizer.encode(context, false);
  tokens.context.insert(tokens.context.end(), context_ids.begin(), context_ids.end());
  if (tokens.context.empty()) {
    throw data_error(
        "{}: the context is empty, and this tokenizer puts no token before a text that could stand "
        "for it",
        item.where);
  }
  for (std::size_t i = 0; i < item.choices.size(); ++i) {
    auto ids = tokenizer.encode(context + spaces + item.choices[i], false);
    if (ids.size() <= context_ids.size()) {
      throw data_error("{}: choice {} \"{}\" has no token of its own after this context",
                       item.where, i, printable(item.choices[i]));
    }
    ids.erase(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(context_ids.size()));
    tokens.choices.push_back(std::move(ids));
  }
  return tokens;
}

ChoiceEvaluation evaluate_choices(const EvalSubject& subject, const Tokenizer& tokenizer,
                                  std::span<const ChoiceItem> items, const EvalOptions& options,
                                  const EvalProgress& progress) {
  CELLM_CHECK(!items.empty());
  const Stopwatch watch;
  std::vector<ChoiceTokens> all;
  ChoiceEvaluation evaluation;
  evaluation.items = items.size();
  for (const ChoiceItem& item : items) {
    all.push_back(tokenize_choices(item, tokenizer));
    check_fits(item, all.back(), subject.engine->config());
    evaluation.tokens += all.back().context.size();
    for (const auto& choice : all.back().choices) evaluation.tokens += choice.size();
    evaluation.chance += 1.0 / static_cast<double>(item.choices.size());
  }
  evaluation.chance /= static_cast<double>(items.size());

  ChoiceRunner runner(subject);
  std::vector<double> right_by_sum;
  std::vector<double> right_by_mean;
  std::size_t done = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    progress(done, evaluation.tokens);
    auto scores = runner.run(all[i]);
    const auto is_right = [&](double (*value)(const ChoiceScore&)) {
      return largest_index(scores, value) == items[i].answer ? 1.0 : 0.0;
    };
    right_by_sum.push_back(is_right([](const ChoiceScore& score) { return score.sum; }));
    right_by_mean.push_back(is_right([](const ChoiceScore& score) { return score.mean(); }));
    done += all[i].context.size();
    for (const auto& choice : all[i].choices) done += choice.size();
    evaluation.scores.push_back(std::move(scores));
  }
  progress(done, evaluation.tokens);

  evaluation.accuracy_sum = share_of_units(right_by_sum, options.resamples, options.seed);
  evaluation.accuracy_mean = share_of_units(right_by_mean, options.resamples, options.seed);
  evaluation.seconds = watch.seconds();
  return evaluation;
}

}  // namespace cellm

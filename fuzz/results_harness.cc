// Harnesses for other input files: multiple-choice items, questions, and stored steps of a study.

#include <algorithm>
#include <charconv>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/limits.h"
#include "base/mapped_file.h"
#include "eval/choices.h"
#include "eval/questions.h"
#include "harness.h"
#include "mutate.h"
#include "study/step_store.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/tokenizer_json.h"

namespace cellm::fuzz {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{16} << 20;

const Tokenizer& small_tokenizer() {
  static const Tokenizer tokenizer = [] {
    const std::string path = std::string(CELLM_FUZZ_DATA) + "/small.tokenizer.json";
    return Tokenizer(read_tokenizer_json(read_file(path, kMaxFileBytes), path), path);
  }();
  return tokenizer;
}

// N of a text that is or begins as "input: line N"; 0 if there is none.
std::size_t line_number(std::string_view text) {
  constexpr std::string_view kStart = "input: line ";
  std::size_t number = 0;
  if (!text.starts_with(kStart)) return 0;
  text.remove_prefix(kStart.size());
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failure == std::errc() && (end == text.data() + text.size() || *end == ':') ? number : 0;
}

// Items of one kind that were read line by line.
template <class Item>
void require_items(const std::vector<Item>& items) {
  require(!items.empty(), "a file has items");
  std::size_t last = 0;
  for (const Item& item : items) {
    const std::size_t line = line_number(item.where);
    require(line > last, "items name their lines, which follow each other");
    last = line;
  }
}

void check_items(std::string_view text) {
  const std::vector<ChoiceItem> items = parse_choices(text, "input");
  require_items(items);
  for (const ChoiceItem& item : items) {
    require(item.choices.size() >= 2 && item.choices.size() <= kMaxChoices &&
                item.answer < item.choices.size(),
            "an item has two choices or more, and one of them is the answer");
    const std::set<std::string> distinct(item.choices.begin(), item.choices.end());
    require(distinct.size() == item.choices.size() && !distinct.contains(""),
            "choices are distinct and not empty");
    const ChoiceTokens tokens = tokenize_choices(item, small_tokenizer());
    require(!tokens.context.empty() && tokens.choices.size() == item.choices.size() &&
                std::none_of(tokens.choices.begin(), tokens.choices.end(),
                             [](const auto& ids) { return ids.empty(); }),
            "context and choices have tokens");
  }
}

void check_questions(std::string_view text) {
  const std::vector<Question> questions = parse_questions(text, "input");
  require_items(questions);
  for (const Question& question : questions) {
    require(!question.question.empty(), "a question is not empty");
    require(!question.reply.empty() || !question.answers.empty(), "a question has an answer");
    if (!question.reply.empty()) {
      require(is_right(question, question.reply), "the reply is right");
      continue;
    }
    for (const std::string& answer : question.answers)
      require(is_right(question, answer), "each answer is right");
  }
}

// Items of one kind, line by line.
void run_lines(Bytes input, void (*check)(std::string_view text)) {
  try {
    check(text_of(input));
  } catch (const Error& failure) {
    require(line_number(failure.what()) != 0 ||
                failure.what() == std::string_view("input: the file has no items"),
            "an error names the line");
    throw;
  }
}

void run_choices(Bytes input) {
  run_lines(input, check_items);
}

void run_questions(Bytes input) {
  run_lines(input, check_questions);
}

std::string mutate_lines(const std::string& input, std::span<const std::string_view> keys,
                         Random& random) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin <= input.size();) {
    const std::size_t end = std::min(input.find('\n', begin), input.size());
    lines.push_back(input.substr(begin, end - begin));
    begin = end + 1;
  }
  const std::size_t chosen = pick(random, lines.size());
  const auto at = lines.begin() + static_cast<std::ptrdiff_t>(chosen);
  if (once_in(random, 8)) {
    lines.insert(at, once_in(random, 2) ? std::string() : lines[pick(random, lines.size())]);
  } else if (once_in(random, 8)) {
    lines.erase(at);
  } else {
    *at = mutate_json_text(*at, keys, random);
  }
  std::string out;
  for (const std::string& line : lines) out += line + '\n';
  if (!out.empty()) out.pop_back();
  return out;
}

std::string mutate_choices(const std::string& input, Random& random) {
  constexpr std::string_view kKeys[] = {"context", "choices", "answer"};
  return mutate_lines(input, kKeys, random);
}

std::string mutate_questions(const std::string& input, Random& random) {
  constexpr std::string_view kKeys[] = {"question", "answer", "reply", "kind"};
  return mutate_lines(input, kKeys, random);
}

constexpr std::string_view kStepKey = "0123456789abcdef";

void run_step(Bytes input) {
  const auto value = parse_step(text_of(input), kStepKey);
  if (!value) return;
  require(parse_step(step_text(kStepKey, *value), kStepKey) == value,
          "a step that is read is the same when it is stored again");
}

std::string mutate_step(const std::string& input, Random& random) {
  constexpr std::string_view kKeys[] = {"key", "checksum", "value"};
  Json document = Json::parse(input, nullptr, false);
  if (!document.is_object() || !document.contains("value") || once_in(random, 4)) {
    return mutate_json_text(input, kKeys, random);
  }
  mutate_json(document["value"], {}, random);
  return step_text(kStepKey, document["value"]);
}

}  // namespace

constinit const Harness kChoices{"choices", run_choices, mutate_choices};
constinit const Harness kQuestions{"questions", run_questions, mutate_questions};
constinit const Harness kStudyStep{"study_step", run_step, mutate_step};

}  // namespace cellm::fuzz

#include "eval/questions.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/limits.h"
#include "base/mapped_file.h"
#include "base/utf8.h"
#include "eval/default_questions.h"
#include "eval/json_lines.h"
#include "io/json.h"
#include "tokenizer/unicode.h"

namespace cellm {
namespace {

// A text with more than white space.
std::string text_at(const JsonNode& node) {
  std::string text = node.as_string();
  if (trimmed(text).empty()) throw data_error("{}: the text is empty", node.path());
  return text;
}

Question parse_question(std::string_view line, const std::string& where) {
  const Json json = parse_json(line, where);
  const JsonNode node(json, where + ":");
  Question question;
  question.where = where;
  question.question = text_at(node.at("question"));
  if (const auto kind = node.find("kind")) question.kind = kind->as_string();
  if (const auto reply = node.find("reply")) {
    question.reply = text_at(*reply);
    return question;
  }
  const JsonNode answer = node.at("answer");
  if (answer.is_string()) {
    question.answers.push_back(text_at(answer));
  } else {
    for (const JsonNode& one : answer.as_array(kMaxChoices))
      question.answers.push_back(text_at(one));
  }
  if (question.answers.empty()) throw data_error("{}: there is no answer", answer.path());
  return question;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

bool ends_in_word(std::string_view text) {
  std::size_t length = 0;
  return !text.empty() && is_word(decode_last_utf8(text, length));
}

bool begins_with_word(std::string_view text) {
  std::size_t length = 0;
  return !text.empty() && is_word(decode_utf8(text, length));
}

// Whether the end of a text belongs to a number that follows it: "3." and "3," before "5", and a
// minus that stands behind no word.
bool ends_in_number(std::string_view text) {
  constexpr std::string_view kMinusSign = "\xE2\x88\x92";
  if (text.size() >= 2 && (text.back() == '.' || text.back() == ',') &&
      is_digit(text[text.size() - 2])) {
    return true;
  }
  for (const std::string_view minus : {std::string_view("-"), kMinusSign}) {
    if (!text.ends_with(minus)) continue;
    const std::string_view before = text.substr(0, text.size() - minus.size());
    return !ends_in_word(before);
  }
  return false;
}

// Whether the beginning of a text belongs to a number before it: ".5", ",000".
bool begins_with_number(std::string_view text) {
  return text.size() >= 2 && (text[0] == '.' || text[0] == ',') && is_digit(text[1]);
}

// Whether `words` stand in the text, both valid UTF-8 in lower case, and neither of their ends cuts
// a word or a number.
bool has_words(std::string_view text, std::string_view words) {
  for (std::size_t at = text.find(words); at != std::string_view::npos;
       at = text.find(words, at + 1)) {
    const std::string_view before = text.substr(0, at);
    const std::string_view after = text.substr(at + words.size());
    if (begins_with_word(words) && ends_in_word(before)) continue;
    if (ends_in_word(words) && begins_with_word(after)) continue;
    if (is_digit(words.front()) && ends_in_number(before)) continue;
    if (is_digit(words.back()) && begins_with_number(after)) continue;
    return true;
  }
  return false;
}

}  // namespace

std::vector<Question> parse_questions(std::string_view text, std::string_view source) {
  return parse_json_lines(text, source, parse_question);
}

std::string read_question_text(const std::filesystem::path& path) {
  if (path == kDefaultQuestions) return std::string(kQuestionsDefault);
  return read_file(path, kMaxTextBytes);
}

std::vector<Question> read_questions(const std::filesystem::path& path) {
  return parse_questions(read_question_text(path), printable(path.string()));
}

bool is_right(const Question& question, std::string_view answer) {
  if (!question.reply.empty()) return trimmed(answer) == trimmed(question.reply);
  const std::string said = lower_case(answer);
  return std::any_of(
      question.answers.begin(), question.answers.end(),
      [&](const std::string& text) { return has_words(said, lower_case(trimmed(text))); });
}

}  // namespace cellm

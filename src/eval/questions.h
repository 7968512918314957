// Questions with known answers, and which answers are right.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace cellm {

struct Question {
  std::string where;  // "FILE: line N", for messages
  std::string kind;   // may be empty
  std::string question;
  std::string reply;                 // if not empty, the only right answer
  std::vector<std::string> answers;  // else at least one
};

// The questions of a file of one JSON object per line: {"question": text, "answer": text or texts,
// "reply": text, "kind": text}. An answer is needed unless there is a reply; other keys and empty
// lines are ignored. At least one question. Throws Error(kData) naming file and line.
std::vector<Question> parse_questions(std::string_view text, std::string_view source);

// The name of the built-in questions, 100 small sums and 100 facts (tools/make_questions.py).
inline constexpr std::string_view kDefaultQuestions = "default";
// The content of a file of questions, or the built-in one for kDefaultQuestions. Throws
// Error(kData) if the file cannot be read or is larger than kMaxTextBytes.
std::string read_question_text(const std::filesystem::path& path);
// read_question_text() parsed.
std::vector<Question> read_questions(const std::filesystem::path& path);

// Whether an answer is right. With a reply: it is the same text, but for white space at both ends.
// Else: one of the answers stands in it as a whole word or words, upper and lower case of ASCII
// alike. A number is whole if no digit, sign or decimal point belongs to it besides.
bool is_right(const Question& question, std::string_view answer);

}  // namespace cellm

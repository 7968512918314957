// Recognition of a JSON object that arrives byte by byte.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cellm {

// Checks the grammar of RFC 8259 and tells where the members of the object lie. Nesting ends at
// kMaxJsonDepth. Not thread-safe.
class JsonScanner {
 public:
  enum class Status { kMore, kDone, kFailed };
  struct Member {
    std::string key;        // as it is spelled between the quotes
    std::size_t begin = 0;  // of its value, in bytes from the opening brace
    std::size_t end = 0;    // 0: the value is not complete
  };

  // The first byte is the opening brace. Nothing may follow kDone and kFailed.
  Status push(char byte);
  // The bytes so far.
  const std::string& text() const { return text_; }
  // In their order; the last one may be incomplete.
  const std::vector<Member>& members() const { return members_; }
  std::string_view value(const Member& member) const;

 private:
  enum class State {
    kStart,
    kKeyOrEnd,
    kKey,
    kColon,
    kValue,
    kValueOrEnd,
    kAfterValue,
    kString,
    kEscape,
    kUnicode,
    kWord,
    kNumber
  };
  enum class Number { kMinus, kZero, kInteger, kPoint, kFraction, kExponent, kSign, kPower };

  bool step(char byte);
  bool begin_value(char byte);
  bool open(char bracket);
  bool close(char bracket);
  bool push_string(char byte);
  bool push_escape(char byte);
  bool push_after_value(char byte);
  bool push_number(char byte);
  bool number_may_end() const;
  void end_value(std::size_t end);

  State state_ = State::kStart;
  Number number_ = Number::kMinus;
  bool key_string_ = false;  // the string is a key
  int digits_ = 0;           // of \u that are missing
  std::string_view word_;    // what is missing of true, false, null
  std::string open_;         // brackets
  std::string text_;
  std::size_t key_begin_ = 0;
  std::vector<Member> members_;
};

}  // namespace cellm

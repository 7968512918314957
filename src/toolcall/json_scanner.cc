#include "toolcall/json_scanner.h"

#include "base/limits.h"
#include "toolcall/literal.h"

namespace cellm {
namespace {

bool is_digit(char byte) {
  return byte >= '0' && byte <= '9';
}

bool is_hex(char byte) {
  return is_digit(byte) || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
}

}  // namespace

JsonScanner::Status JsonScanner::push(char byte) {
  text_ += byte;
  if (!step(byte)) return Status::kFailed;
  return open_.empty() ? Status::kDone : Status::kMore;
}

std::string_view JsonScanner::value(const Member& member) const {
  const std::size_t end = member.end == 0 ? text_.size() : member.end;
  return std::string_view(text_).substr(member.begin, end - member.begin);
}

bool JsonScanner::step(char byte) {
  switch (state_) {
    case State::kStart:
      return byte == '{' && open(byte);
    case State::kKeyOrEnd:
    case State::kKey:
      if (is_space(byte)) return true;
      if (byte == '}' && state_ == State::kKeyOrEnd) return close(byte);
      key_string_ = true;
      key_begin_ = text_.size();
      state_ = State::kString;
      return byte == '"';
    case State::kColon:
      if (byte == ':') state_ = State::kValue;
      return byte == ':' || is_space(byte);
    case State::kValueOrEnd:
      if (byte == ']') return close(byte);
      return is_space(byte) || begin_value(byte);
    case State::kValue:
      return is_space(byte) || begin_value(byte);
    case State::kAfterValue:
      return push_after_value(byte);
    case State::kString:
      return push_string(byte);
    case State::kEscape:
      return push_escape(byte);
    case State::kUnicode:
      if (--digits_ == 0) state_ = State::kString;
      return is_hex(byte);
    case State::kWord:
      if (!word_.starts_with(byte)) return false;
      word_.remove_prefix(1);
      if (word_.empty()) end_value(text_.size());
      return true;
    case State::kNumber:
      return push_number(byte);
  }
  return false;
}

bool JsonScanner::begin_value(char byte) {
  if (open_.size() == 1) members_.back().begin = text_.size() - 1;
  key_string_ = false;
  switch (byte) {
    case '{':
    case '[':
      return open(byte);
    case '"':
      state_ = State::kString;
      return true;
    case 't':
    case 'f':
    case 'n':
      word_ = byte == 't' ? "rue" : byte == 'f' ? "alse" : "ull";
      state_ = State::kWord;
      return true;
    default:
      number_ = byte == '-' ? Number::kMinus : byte == '0' ? Number::kZero : Number::kInteger;
      state_ = State::kNumber;
      return byte == '-' || is_digit(byte);
  }
}

bool JsonScanner::open(char bracket) {
  if (open_.size() >= static_cast<std::size_t>(kMaxJsonDepth)) return false;
  open_ += bracket;
  state_ = bracket == '{' ? State::kKeyOrEnd : State::kValueOrEnd;
  return true;
}

bool JsonScanner::close(char bracket) {
  if (open_.back() != (bracket == '}' ? '{' : '[')) return false;
  open_.pop_back();
  end_value(text_.size());
  return true;
}

void JsonScanner::end_value(std::size_t end) {
  state_ = State::kAfterValue;
  if (open_.size() == 1) members_.back().end = end;
}

bool JsonScanner::push_after_value(char byte) {
  if (is_space(byte)) return true;
  if (byte == '}' || byte == ']') return close(byte);
  state_ = open_.back() == '{' ? State::kKey : State::kValue;
  return byte == ',';
}

bool JsonScanner::push_string(char byte) {
  if (byte == '\\') {
    state_ = State::kEscape;
    return true;
  }
  if (byte != '"') return static_cast<unsigned char>(byte) >= 0x20;
  if (!key_string_) {
    end_value(text_.size());
    return true;
  }
  state_ = State::kColon;
  if (open_.size() == 1) {
    members_.push_back({.key = text_.substr(key_begin_, text_.size() - 1 - key_begin_)});
  }
  return true;
}

bool JsonScanner::push_escape(char byte) {
  state_ = byte == 'u' ? State::kUnicode : State::kString;
  digits_ = 4;
  return std::string_view("\"\\/bfnrtu").find(byte) != std::string_view::npos;
}

bool JsonScanner::number_may_end() const {
  return number_ == Number::kZero || number_ == Number::kInteger || number_ == Number::kFraction ||
         number_ == Number::kPower;
}

bool JsonScanner::push_number(char byte) {
  const auto next = [this](Number number) {
    number_ = number;
    return true;
  };
  const bool digit = is_digit(byte);
  const bool integer = number_ == Number::kZero || number_ == Number::kInteger;
  if (digit) {
    switch (number_) {
      case Number::kZero:
        return false;
      case Number::kMinus:
        return next(byte == '0' ? Number::kZero : Number::kInteger);
      case Number::kInteger:
        return true;
      case Number::kPoint:
      case Number::kFraction:
        return next(Number::kFraction);
      default:
        return next(Number::kPower);
    }
  }
  if (byte == '.' && integer) return next(Number::kPoint);
  if ((byte == 'e' || byte == 'E') && (integer || number_ == Number::kFraction)) {
    return next(Number::kExponent);
  }
  if ((byte == '-' || byte == '+') && number_ == Number::kExponent) return next(Number::kSign);
  if (!number_may_end()) return false;
  end_value(text_.size() - 1);
  return push_after_value(byte);
}

}  // namespace cellm

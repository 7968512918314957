// Errors in the source of a template.
#pragma once

#include <string>

#include "chat/value.h"

namespace cellm::chat {

// A fault at a line of the template, counted from 1.
class SyntaxFault : public Fault {
 public:
  SyntaxFault(int line, const std::string& message, Kind kind = Kind::kWrong)
      : Fault(message, kind), line_(line) {}
  int line() const { return line_; }

 private:
  int line_;
};

}  // namespace cellm::chat

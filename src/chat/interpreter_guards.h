// Scopes and nesting levels that the interpreter enters and leaves.
#pragma once

#include <utility>

#include "chat/interpreter.h"

namespace cellm::chat {

struct Interpreter::Nest {
  explicit Nest(Interpreter& interpreter) : depth(interpreter.depth_) {
    if (depth >= kMaxEvaluationDepth) throw Fault("the template calls itself too deeply");
    ++depth;
  }
  ~Nest() { --depth; }
  Nest(const Nest&) = delete;
  Nest& operator=(const Nest&) = delete;
  int& depth;
};

class Interpreter::ScopeGuard {
 public:
  explicit ScopeGuard(Interpreter& interpreter) : ScopeGuard(interpreter, interpreter.scope_) {}
  // A new scope inside of `around`, which need not be the current one.
  ScopeGuard(Interpreter& interpreter, std::shared_ptr<Scope> around)
      : interpreter_(interpreter),
        outer_(std::exchange(interpreter.scope_, std::make_shared<Scope>())) {
    interpreter_.scope_->around = std::move(around);
  }
  ~ScopeGuard() { interpreter_.scope_ = std::move(outer_); }
  ScopeGuard(const ScopeGuard&) = delete;
  ScopeGuard& operator=(const ScopeGuard&) = delete;

 private:
  Interpreter& interpreter_;
  std::shared_ptr<Scope> outer_;
};

class Interpreter::CaptureGuard {
 public:
  explicit CaptureGuard(Interpreter& interpreter)
      : interpreter_(interpreter), outer_(std::exchange(interpreter.out_, &text_)) {}
  ~CaptureGuard() { interpreter_.out_ = outer_; }
  CaptureGuard(const CaptureGuard&) = delete;
  CaptureGuard& operator=(const CaptureGuard&) = delete;
  Text take() const { return std::move(text_); }

 private:
  Interpreter& interpreter_;
  mutable Text text_;
  Text* outer_;
};

}  // namespace cellm::chat

// A conversation with a user: messages and commands, in a terminal or from lines of a pipe.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "cli/terminal_style.h"
#include "engine/conversation.h"

namespace cellm {

struct ChatSettings {
  GenerateOptions generate = {};  // each answer has a seed of its own, counted from the one here
  bool show_thinking = true;
  bool interactive = false;  // a user sits at the terminal
  bool quiet = false;        // no figures after answers
  TerminalStyle style = {};
  std::string from_model = {};  // the sampling that the model asked for
};

// Sums over a conversation.
struct ChatTotals {
  std::size_t answers = 0;
  std::size_t prompt_tokens = 0;  // read
  std::size_t reread_tokens = 0;
  std::size_t generated_tokens = 0;
  std::size_t decoded_tokens = 0;
  std::size_t drafted_tokens = 0;
  std::size_t accepted_tokens = 0;
  double prompt_seconds = 0.0;
  double decode_seconds = 0.0;
};

// Not thread-safe; the conversation must outlive it.
class ChatLoop {
 public:
  ChatLoop(Conversation& talk, ChatSettings settings)
      : talk_(talk), settings_(std::move(settings)) {}

  // Carries out one message or command; false if it is the last. Throws Error for a command that
  // cannot be carried out, and what Conversation throws.
  bool handle(const std::string& message);

 private:
  using Ask = std::function<ChatAnswer(const GenerateOptions&, const AnswerEvents&)>;

  void answer(const Ask& ask);
  void report(const ChatAnswer& answer);
  void note(std::string_view text) const;
  bool run_command(std::string_view name, std::string_view rest);
  void set(std::string_view rest);
  void set_thinking(std::string_view rest);
  void print_statistics() const;

  Conversation& talk_;
  ChatSettings settings_;
  ChatTotals totals_;
};

}  // namespace cellm

// A conversation with a model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chat/chat.h"
#include "engine/generation.h"
#include "engine/rewindable_session.h"

namespace cellm {

// Functions called while an answer is made; empty ones are not.
struct AnswerEvents {
  // A part of the answer, whole characters; `tokens` of it were generated.
  std::function<void(std::string_view text, std::size_t tokens)> on_text = {};
  // The session has read `done` of the `total` tokens that are new to it in the prompt.
  std::function<void(std::size_t done, std::size_t total)> on_reading = {};
  // Polled between batches of the prompt and between tokens.
  std::function<bool()> interrupted = {};
};

struct ChatAnswer {
  // The content of the message. If the template opens a <think> block for the answer, the text
  // begins with it.
  std::string text;
  // Its prompt_tokens are those that were fed.
  GenerateResult result;
  std::size_t conversation_tokens = 0;  // of the whole prompt
  // Of the tokens fed, those in place of tokens that had been read, which the session had to give
  // up because the conversation, as the template writes it now, differs from there on.
  std::size_t reread_tokens = 0;
};

struct ConversationOptions {
  SequenceOptions sequence = {};
  ChatOptions chat = {};
};

// The messages, and a session that has read them. Every question renders the whole conversation
// anew, and the session reads what differs from what it has read; answers are those of a new
// session, bit by bit. Functions that throw leave the messages as they were. Not thread-safe;
// engine, tokenizer and chat must outlive it.
class Conversation {
 public:
  Conversation(const Engine& engine, const Tokenizer& tokenizer, const Chat& chat,
               ConversationOptions options = {});

  std::span<const ChatMessage> messages() const { return messages_; }
  // For the answers to come.
  ChatOptions& chat_options() { return options_.chat; }
  const Session& session() const { return session_.session(); }

  // The answer to a question. options.max_tokens may exceed what fits; an interrupted answer counts
  // as far as it was generated, and if that is nothing, the question is dropped. Throws
  // Error(kUsage), with advice, if the conversation does not fit into the context; also what
  // Chat::prompt() and generate() throw.
  ChatAnswer ask(std::string text, const GenerateOptions& options, const AnswerEvents& events = {});
  // Another answer to the latest question, in place of the present one, which stays if the new one
  // is interrupted before it began. Throws as ask(), and Error(kUsage) without a question.
  ChatAnswer regenerate(const GenerateOptions& options, const AnswerEvents& events = {});

  // Drops the latest question and its answer; false if there is none.
  bool undo();
  // Drops all messages but the system's.
  void clear();
  // Replaces the system message; empty: none.
  void set_system(std::string text);

  // As save_messages() and load_messages() (engine/conversation_file.h). The next question reads
  // what was loaded.
  void save(const std::filesystem::path& path) const;
  void load(const std::filesystem::path& path);

 private:
  struct Prompt;

  bool has_system() const { return !messages_.empty() && messages_.front().role == "system"; }
  Prompt render(std::span<const ChatMessage> messages) const;
  ChatAnswer answer(std::vector<ChatMessage> messages, const GenerateOptions& options,
                    const AnswerEvents& events);
  ChatAnswer generate_answer(const Prompt& prompt, const GenerateOptions& options,
                             const AnswerEvents& events);

  const Tokenizer& tokenizer_;
  const Chat& chat_;
  ConversationOptions options_;
  RewindableSession session_;
  std::vector<ChatMessage> messages_;
};

}  // namespace cellm

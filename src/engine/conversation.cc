#include "engine/conversation.h"

#include <algorithm>
#include <utility>

#include "base/advice.h"
#include "base/error.h"
#include "base/stopwatch.h"
#include "engine/conversation_file.h"
#include "engine/generate.h"

namespace cellm {
namespace {

using Ids = std::vector<std::uint32_t>;

std::size_t common_prefix(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b) {
  const auto end = std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first;
  return static_cast<std::size_t>(end - a.begin());
}

// The think block that a text opens and does not close, from its tag on; empty if there is none.
std::string_view open_thinking(std::string_view text) {
  const std::size_t begin = text.rfind(kThinkOpen);
  if (begin == std::string_view::npos) return {};
  const std::string_view block = text.substr(begin);
  return block.find(kThinkClose) == std::string_view::npos ? block : std::string_view();
}

}  // namespace

// A rendered conversation.
struct Conversation::Prompt {
  Ids ids;
  std::size_t lasting;   // of them, those that the next question will most likely begin with
  std::string thinking;  // what the template has written of the answer: an open <think> block
};

Conversation::Conversation(const Engine& engine, const Tokenizer& tokenizer, const Chat& chat,
                           ConversationOptions options)
    : tokenizer_(tokenizer),
      chat_(chat),
      options_(std::move(options)),
      session_(engine, options_.sequence) {}

Conversation::Prompt Conversation::render(std::span<const ChatMessage> messages) const {
  ChatOptions options = options_.chat;
  options.add_generation_prompt = false;
  const chat::Text without = chat_.render(messages, options);
  options.add_generation_prompt = true;
  const chat::Text with = chat_.render(messages, options);
  Prompt prompt{encode(tokenizer_, with), 0, {}};
  prompt.lasting = common_prefix(prompt.ids, encode(tokenizer_, without));
  if (with.bytes().starts_with(without.bytes())) {
    prompt.thinking = open_thinking(std::string_view(with.bytes()).substr(without.size()));
  }
  return prompt;
}

ChatAnswer Conversation::ask(std::string text, const GenerateOptions& options,
                             const AnswerEvents& events) {
  std::vector<ChatMessage> messages = messages_;
  messages.push_back({"user", std::move(text)});
  return answer(std::move(messages), options, events);
}

ChatAnswer Conversation::regenerate(const GenerateOptions& options, const AnswerEvents& events) {
  if (messages_.size() == (has_system() ? 1 : 0)) throw usage_error("there is no question yet");
  return answer({messages_.begin(), messages_.end() - 1}, options, events);
}

ChatAnswer Conversation::answer(std::vector<ChatMessage> messages, const GenerateOptions& options,
                                const AnswerEvents& events) {
  const Prompt prompt = render(messages);
  const std::size_t most = session().max_tokens();
  if (prompt.ids.size() > most) {
    throw usage_error(Advice(AdviceKind::kShorterConversation, prompt.ids.size(), most),
                      "the conversation has {} tokens with this question, the context holds {}",
                      prompt.ids.size(), most);
  }
  if (prompt.ids.empty()) throw usage_error("the chat template writes nothing");
  const std::size_t before = session().position();
  const std::size_t kept = session_.rewind(prompt.ids);
  ChatAnswer answer;
  try {
    answer = generate_answer(prompt, options, events);
  } catch (...) {
    session_.recover();
    throw;
  }
  answer.conversation_tokens = prompt.ids.size();
  answer.reread_tokens = std::min(before - kept, answer.result.prompt_tokens);
  if (answer.result.reason != StopReason::kInterrupted || !answer.result.ids.empty()) {
    messages.push_back({"assistant", answer.text});
    messages_ = std::move(messages);
  }
  return answer;
}

// Marks where the session is and where the part of the prompt ends that lasts.
ChatAnswer Conversation::generate_answer(const Prompt& prompt, const GenerateOptions& options,
                                         const AnswerEvents& events) {
  const Stopwatch watch;
  Session& session = session_.session();
  const std::size_t begin = session.position();
  const std::size_t total = prompt.ids.size() - begin;
  session.require_memory(prompt.ids.size());
  if (begin != 0) session_.mark();
  const auto report_reading = [&] {
    const std::size_t done = std::min(session.position() - begin, total);
    if (events.on_reading) events.on_reading(done, total);
  };
  const auto interrupted = [&] { return events.interrupted && events.interrupted(); };

  const std::span<const std::uint32_t> ids = prompt.ids;
  const std::size_t marked = std::min(prompt.lasting, ids.size() - 1);
  while (session.position() < marked && !interrupted()) {
    session.feed(
        ids.subspan(session.position(), std::min(marked - session.position(), kMaxBatchTokens)));
    report_reading();
  }
  if (session.position() == marked) session_.mark();

  ChatAnswer answer;
  GenerateOptions with_text = options;
  with_text.tokenizer = &tokenizer_;
  std::size_t tokens = 0;  // whose text was not reported yet
  const auto append = [&](std::string_view text) {
    answer.text += text;
    if (events.on_text) events.on_text(text, std::exchange(tokens, 0));
  };
  const std::size_t fed = session.position() - begin;
  const double seconds = watch.seconds();
  bool reading = true;
  answer.result = generate(
      session, ids.subspan(session.position()), with_text,
      [&](std::uint32_t /*id*/, std::string_view text) {
        if (std::exchange(reading, false)) {
          report_reading();
          if (!prompt.thinking.empty()) append(prompt.thinking);
        }
        ++tokens;
        append(text);
      },
      interrupted);
  const std::size_t lead = answer.text.empty() ? 0 : prompt.thinking.size();
  const std::string rest = answer.result.text.substr(answer.text.size() - lead);
  if (!rest.empty()) append(rest);
  answer.result.prompt_tokens += fed;
  answer.result.prompt_seconds += seconds;
  return answer;
}

bool Conversation::undo() {
  const std::size_t first = has_system() ? 1 : 0;
  if (messages_.size() == first) return false;
  messages_.resize(messages_.size() - 2);
  return true;
}

void Conversation::clear() {
  messages_.resize(has_system() ? 1 : 0);
}

void Conversation::set_system(std::string text) {
  if (has_system()) messages_.erase(messages_.begin());
  if (!text.empty()) messages_.insert(messages_.begin(), {"system", std::move(text)});
}

void Conversation::save(const std::filesystem::path& path) const {
  save_messages(messages_, path);
}

void Conversation::load(const std::filesystem::path& path) {
  messages_ = load_messages(path);
}

}  // namespace cellm

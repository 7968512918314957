#include "tokenizer/chat.h"

#include <algorithm>

#include "base/error.h"
#include "base/utf8.h"
#include "tokenizer/unicode.h"

namespace cellm {
namespace {

constexpr std::string_view kTurnStart = "<|im_start|>";
constexpr std::string_view kTurnEnd = "<|im_end|>";
constexpr std::string_view kThinkStart = "<think>";
constexpr std::string_view kThinkEnd = "</think>";
constexpr std::string_view kSmolLm2System =
    "You are a helpful AI assistant named SmolLM, trained by Hugging Face";

// A control token, or the text between two.
struct Part {
  std::string text;
  bool is_control;
};

// Collects parts; adjacent texts are joined, since they are tokenized together.
class Frame {
 public:
  void control(std::string_view token) { parts_.push_back({std::string(token), true}); }
  void text(std::string_view text) {
    if (text.empty()) return;
    if (parts_.empty() || parts_.back().is_control) parts_.push_back({"", false});
    parts_.back().text += text;
  }
  void turn(std::string_view role, std::string_view content) {
    control(kTurnStart);
    text(role);
    text("\n");
    text(content);
    end_turn();
  }
  void end_turn() {
    control(kTurnEnd);
    text("\n");
  }
  void begin_answer() {
    control(kTurnStart);
    text("assistant\n");
  }
  void think(std::string_view reasoning, std::string_view answer) {
    control(kThinkStart);
    text("\n");
    text(reasoning);
    text("\n");
    control(kThinkEnd);
    text("\n\n");
    text(answer);
  }
  std::vector<Part> take() { return std::move(parts_); }

 private:
  std::vector<Part> parts_;
};

// White space of Python's str.strip(), which the templates use.
bool is_python_space(char32_t code) {
  return is_white_space(code) || (code >= 0x1C && code <= 0x1F);
}

std::string_view strip(std::string_view text, bool (*is_space)(char32_t), bool left, bool right) {
  std::size_t length = 0;
  while (left && !text.empty() && is_space(decode_utf8(text, length))) text.remove_prefix(length);
  while (right && !text.empty() && is_space(decode_last_utf8(text, length))) {
    text.remove_suffix(length);
  }
  return text;
}

std::string_view trim(std::string_view text) {
  return strip(text, is_python_space, true, true);
}

bool is_newline(char32_t code) {
  return code == '\n';
}

struct Answer {
  std::string_view reasoning;
  std::string_view content;
};

// Splits an assistant message into reasoning and content: the reasoning is the text before the
// first </think> and after the last <think> in it; the content is the text after the last </think>.
Answer split_reasoning(std::string_view content) {
  const std::size_t first = content.find(kThinkEnd);
  if (first == std::string_view::npos) return {{}, content};
  std::string_view reasoning = strip(content.substr(0, first), is_newline, false, true);
  if (const std::size_t start = reasoning.rfind(kThinkStart); start != std::string_view::npos) {
    reasoning.remove_prefix(start + kThinkStart.size());
  }
  const std::size_t last = content.rfind(kThinkEnd);
  return {strip(reasoning, is_newline, true, false),
          strip(content.substr(last + kThinkEnd.size()), is_newline, true, false)};
}

// The index of the last message that is from a user, not a tool result; nothing if there is none.
std::optional<std::size_t> last_query(std::span<const ChatMessage> messages, bool trimmed) {
  for (std::size_t i = messages.size(); i-- > 0;) {
    const std::string_view content = trimmed ? trim(messages[i].content) : messages[i].content;
    if (messages[i].role == "user" &&
        !(content.starts_with("<tool_response>") && content.ends_with("</tool_response>"))) {
      return i;
    }
  }
  return std::nullopt;
}

void frame_qwen35(Frame& frame, std::span<const ChatMessage> messages, const ChatOptions& options) {
  const auto query = last_query(messages, true);
  if (!query) throw usage_error("the chat has no message of a user");
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const std::string_view content = trim(messages[i].content);
    if (messages[i].role == "system" && i != 0) {
      throw usage_error("chat message {}: only the first may be of the system", i + 1);
    }
    if (messages[i].role != "assistant") {
      frame.turn(messages[i].role, content);
      continue;
    }
    const Answer answer = split_reasoning(content);
    frame.begin_answer();
    if (i > *query) {
      frame.think(trim(answer.reasoning), answer.content);
    } else {
      frame.text(answer.content);
    }
    frame.end_turn();
  }
  if (!options.add_generation_prompt) return;
  frame.begin_answer();
  if (options.thinking.value_or(false)) {
    frame.control(kThinkStart);
    frame.text("\n");
  } else {
    frame.think("", "");
  }
}

void frame_qwen3(Frame& frame, std::span<const ChatMessage> messages, const ChatOptions& options) {
  const std::size_t query = last_query(messages, false).value_or(messages.size() - 1);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const std::string_view content = messages[i].content;
    if (messages[i].role != "assistant") {
      frame.turn(messages[i].role, content);
      continue;
    }
    const Answer answer = split_reasoning(content);
    frame.begin_answer();
    if (i > query && (i + 1 == messages.size() || !answer.reasoning.empty())) {
      frame.think(strip(answer.reasoning, is_newline, true, true),
                  strip(answer.content, is_newline, true, false));
    } else {
      frame.text(answer.content);
    }
    frame.end_turn();
  }
  if (!options.add_generation_prompt) return;
  frame.begin_answer();
  if (!options.thinking.value_or(true)) frame.think("", "");
}

void check_messages(ChatFormat format, std::span<const ChatMessage> messages,
                    const ChatOptions& options) {
  if (messages.empty()) throw usage_error("the chat has no messages");
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const ChatMessage& message = messages[i];
    if (message.role != "system" && message.role != "user" && message.role != "assistant") {
      throw usage_error("chat message {}: unknown role \"{}\", expected system, user or assistant",
                        i + 1, printable(message.role));
    }
    const std::size_t invalid = find_invalid_utf8(message.content);
    if (invalid != std::string_view::npos) {
      throw usage_error("chat message {} is not valid UTF-8 at byte {}", i + 1, invalid);
    }
  }
  if (options.thinking.value_or(false) && format != ChatFormat::kQwen35 &&
      format != ChatFormat::kQwen3) {
    throw usage_error("the chat format of this model has no thinking");
  }
}

std::vector<Part> frame_chat(ChatFormat format, std::span<const ChatMessage> messages,
                             const ChatOptions& options) {
  check_messages(format, messages, options);
  Frame frame;
  switch (format) {
    case ChatFormat::kPlain:
      for (const ChatMessage& message : messages) frame.text(message.content);
      break;
    case ChatFormat::kQwen35:
      frame_qwen35(frame, messages, options);
      break;
    case ChatFormat::kQwen3:
      frame_qwen3(frame, messages, options);
      break;
    case ChatFormat::kSmolLm2:
    case ChatFormat::kChatMl:
      if (format == ChatFormat::kSmolLm2 && messages.front().role != "system") {
        frame.turn("system", kSmolLm2System);
      }
      for (const ChatMessage& message : messages) frame.turn(message.role, message.content);
      if (options.add_generation_prompt) frame.begin_answer();
      break;
  }
  return frame.take();
}

const AddedToken* find_control_token(const Tokenizer& tokenizer, std::string_view content) {
  const auto& added = tokenizer.spec().added;
  const auto found = std::find_if(added.begin(), added.end(),
                                  [&](const AddedToken& t) { return t.content == content; });
  return found == added.end() ? nullptr : &*found;
}

const AddedToken& control_token(const Tokenizer& tokenizer, std::string_view content) {
  if (const AddedToken* token = find_control_token(tokenizer, content)) return *token;
  throw unsupported_error("the tokenizer has no token \"{}\", which the chat format needs",
                          content);
}

}  // namespace

std::optional<ChatFormat> chat_format_of_template(std::string_view chat_template) {
  if (chat_template.find("named SmolLM") != std::string_view::npos) return ChatFormat::kSmolLm2;
  if (chat_template.find(kTurnStart) != std::string_view::npos) return ChatFormat::kChatMl;
  return std::nullopt;
}

std::vector<std::uint32_t> render_chat(const Tokenizer& tokenizer, ChatFormat format,
                                       std::span<const ChatMessage> messages,
                                       const ChatOptions& options) {
  const std::vector<Part> parts = frame_chat(format, messages, options);
  std::vector<std::uint32_t> ids;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].is_control) {
      ids.push_back(control_token(tokenizer, parts[i].text).id);
      continue;
    }
    // Control tokens with rstrip or lstrip remove the adjacent white space.
    const bool left = i > 0 && control_token(tokenizer, parts[i - 1].text).rstrip;
    const bool right = i + 1 < parts.size() && control_token(tokenizer, parts[i + 1].text).lstrip;
    const auto part = tokenizer.encode(strip(parts[i].text, is_white_space, left, right), false);
    ids.insert(ids.end(), part.begin(), part.end());
  }
  return ids;
}

std::string render_chat_text(ChatFormat format, std::span<const ChatMessage> messages,
                             const ChatOptions& options) {
  std::string text;
  for (const Part& part : frame_chat(format, messages, options)) text += part.text;
  return text;
}

bool has_turn_tokens(const Tokenizer& tokenizer) {
  return find_control_token(tokenizer, kTurnStart) != nullptr &&
         find_control_token(tokenizer, kTurnEnd) != nullptr;
}

std::vector<std::uint32_t> end_of_turn_tokens(const Tokenizer& tokenizer, ChatFormat format) {
  if (format == ChatFormat::kPlain) return {};
  return {control_token(tokenizer, kTurnEnd).id};
}

}  // namespace cellm

#include "toolcall/tool_format.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "toolcall/derive_format.h"
#include "toolcall/literal.h"
#include "toolcall/probes.h"

namespace cellm {
namespace {

// A shorter text in front of a call could be anything.
constexpr std::size_t kMinTriggerBytes = 3;

bool has_system_role(const Chat& chat) {
  const ChatMessage messages[] = {{"system", std::string(kProbeContent)}, {"user", "Hello"}};
  const auto text = try_render(chat, messages, false);
  return text && text->bytes().find(kProbeContent) != std::string::npos;
}

// The text that the template writes around the definitions of tools; empty if it writes none.
std::string text_around_definitions(const Chat& chat) {
  const ChatMessage messages[] = {{"user", "Hello"}};
  const auto text = try_render(chat, messages, true);
  if (!text || text->bytes().find(kProbeCalls[0].name) == std::string::npos) return {};
  std::string own;
  std::size_t begin = 0;
  for (const chat::Text::Run& run : text->runs()) {
    if (run.origin == chat::Origin::kTemplate) own += text->slice(begin, run.end).bytes();
    begin = run.end;
  }
  return own;
}

bool describes_hermes(std::string_view text) {
  const auto has = [&](std::string_view part) { return text.find(part) != std::string_view::npos; };
  return has("<tool_call>") && has("\"name\"") && has("\"arguments\"");
}

}  // namespace

std::string before_call(const ToolFormat& format, bool first) {
  std::string_view open = format.call_open;
  if (format.syntax == ToolFormat::Syntax::kJson) open = open.substr(0, open.rfind('{'));
  std::string text = first ? format.section_open : std::string();
  text += open;
  return text;
}

std::string call_trigger(const ToolFormat& format) {
  const std::string before = before_call(format, true);
  const std::string_view word = first_word(before);
  return std::string(word.size() < kMinTriggerBytes ? std::string_view() : word);
}

ToolFormat detect_tool_format(const Chat& chat) {
  const std::string around = text_around_definitions(chat);
  ToolFormat format;
  if (!around.empty()) {
    if (auto derived = derive_format(chat)) {
      format = *std::move(derived);
      format.calls_in_template = true;
    } else {
      format.known = describes_hermes(around);
      if (!format.known) {
        format.note =
            "the chat template has tools, but writes calls in a form that is not known: calls stay "
            "text";
      }
    }
    format.in_template = true;
  } else {
    format.note = "the chat template has no tools: their definitions go into a system message";
  }
  format.system_role = has_system_role(chat);
  return format;
}

std::vector<std::uint32_t> control_tokens_of(const ToolFormat& format, const Tokenizer& tokenizer) {
  std::vector<std::uint32_t> ids;
  for (const AddedToken& token : tokenizer.spec().added) {
    if (!token.special || token.content.empty()) continue;
    for (const std::string* text : {&format.section_open, &format.section_close, &format.separator,
                                    &format.call_open, &format.after_name, &format.call_close,
                                    &format.key_open, &format.key_close, &format.value_close}) {
      if (text->find(token.content) == std::string::npos) continue;
      ids.push_back(token.id);
      break;
    }
  }
  return ids;
}

}  // namespace cellm

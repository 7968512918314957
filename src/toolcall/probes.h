// Conversations that show how a template writes tools.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chat/chat.h"

namespace cellm {

struct ProbeCall {
  std::string_view name;
  std::array<std::string_view, 2> keys;
  std::array<std::string_view, 2> values;
};

inline constexpr std::array<ProbeCall, 2> kProbeCalls{{
    {"probe_alpha", {"alpha_first", "alpha_second"}, {"value one", "value two"}},
    {"probe_beta", {"beta_first", "beta_second"}, {"value three", "value four"}},
}};
inline constexpr std::string_view kProbeNumber = "alpha_number";
inline constexpr std::string_view kProbeContent = "probe content";

// A question, and an answer with the first `count` calls.
std::vector<ChatMessage> probe_messages(std::size_t count, bool with_content);
// A question, and a call with a text and a number.
std::vector<ChatMessage> probe_of_types();
// Definitions of the functions, as a JSON array. Parameters that the calls of probe_messages() have
// are strings.
std::string probe_definitions();

// Nothing if the template refuses the conversation.
std::optional<chat::Text> try_render(const Chat& chat, std::span<const ChatMessage> messages,
                                     bool with_tools, bool add_generation_prompt = false);

}  // namespace cellm

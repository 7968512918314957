// JSON that is sent.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace cellm {

using OrderedJson = nlohmann::ordered_json;

// One line. Invalid UTF-8 becomes U+FFFD: text of a model may end within a character.
std::string json_text(const OrderedJson& value);

// An event of a stream (HTML Living Standard, 9.2 Server-sent events): "data: ...", with a line
// "event: ..." before it if it has a name.
std::string sse_event(const OrderedJson& data, std::string_view name = {});
// The end of OpenAI's streams.
inline constexpr std::string_view kSseDone = "data: [DONE]\n\n";
// A comment, which clients ignore.
inline constexpr std::string_view kSseComment = ": still here\n\n";

}  // namespace cellm

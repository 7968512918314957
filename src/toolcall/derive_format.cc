#include "toolcall/derive_format.h"

#include <algorithm>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "toolcall/literal.h"
#include "toolcall/probes.h"
#include "toolcall/tool_text.h"

namespace cellm {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

struct Range {
  std::size_t begin = kNone;
  std::size_t end = kNone;
};

// The text in an assistant's message, from a place on.
Range find(const chat::Text& text, std::string_view part, std::size_t from) {
  if (from == kNone) return {};
  for (std::size_t at = text.bytes().find(part, from); at != kNone;
       at = text.bytes().find(part, at + 1)) {
    if (text.origin_at(at) == chat::Origin::kAssistant) return {at, at + part.size()};
  }
  return {};
}

std::size_t common_prefix(std::string_view a, std::string_view b) {
  const auto end = std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first;
  return static_cast<std::size_t>(end - a.begin());
}

std::size_t common_suffix(std::string_view a, std::string_view b) {
  const auto end = std::mismatch(a.rbegin(), a.rend(), b.rbegin(), b.rend()).first;
  return static_cast<std::size_t>(end - a.rbegin());
}

std::string_view without_leading_space(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  return text;
}

std::string_view without_trailing_space(std::string_view text) {
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

bool remove_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// The text that a template writes around every answer.
struct Frame {
  std::string prompt;  // up to the answer
  std::string answer;  // with an answer of text
  std::string end;     // behind it
};

std::optional<Frame> render_frame(const Chat& chat) {
  const ChatMessage messages[] = {{"user", "Hello"}, {"assistant", std::string(kProbeContent)}};
  const auto answer = try_render(chat, messages, true);
  if (!answer) return {};
  const Range content = find(*answer, kProbeContent, 0);
  if (content.end == kNone) return {};
  const auto prompt = try_render(chat, std::span(messages).first(1), true, true);
  return Frame{.prompt = prompt ? prompt->bytes() : std::string(),
               .answer = answer->bytes(),
               .end = answer->bytes().substr(content.end)};
}

// A text without a tag that it has only the beginning of.
std::size_t without_half_tag(std::string_view text) {
  const std::size_t tag = text.rfind('<');
  return tag != kNone && text.find('>', tag) == kNone ? tag : text.size();
}

// The part of a rendering that is the answer. An answer of calls begins and ends as others do, or
// at least as far as whole tags go.
Range answer_range(std::string_view text, const Frame& frame) {
  const auto shared = [&](std::string_view other) {
    return without_half_tag(text.substr(0, common_prefix(text, other)));
  };
  const std::size_t begin = std::max(shared(frame.answer), shared(frame.prompt));
  const std::string_view end = text.substr(text.size() - common_suffix(text, frame.end));
  const std::size_t tag = end.size() == frame.end.size() ? 0 : end.find('<');
  return {begin, std::max(begin, tag == kNone ? text.size() : text.size() - end.size() + tag)};
}

// The texts that a template wrote between the parts of its calls.
struct Pieces {
  std::string_view before;      // the first name
  std::string_view after_name;  // up to the first key
  std::string_view key_value;   // between a key and its value
  std::string_view value_key;   // between a value and the next key
  std::string_view between;     // the last value of a call and the next name; empty for one call
  std::string_view after;       // the last value of all
};

struct Rendering {
  chat::Text text;
  Range answer;
  std::size_t calls = 0;
};

std::optional<Rendering> render_probes(const Chat& chat, const Frame& frame) {
  for (const std::size_t count : {std::size_t{2}, std::size_t{1}}) {
    for (const bool with_content : {false, true}) {
      auto text = try_render(chat, probe_messages(count, with_content), true);
      if (!text || find(*text, kProbeCalls[count - 1].name, 0).begin == kNone) continue;
      Range answer = answer_range(text->bytes(), frame);
      const Range content = find(*text, kProbeContent, answer.begin);
      if (content.end != kNone) answer.begin = content.end;
      return Rendering{*std::move(text), answer, count};
    }
  }
  return {};
}

struct CallPlaces {
  Range name;
  std::array<Range, 2> keys;
  std::array<Range, 2> values;
};

std::optional<CallPlaces> find_call(const chat::Text& text, const ProbeCall& call,
                                    std::size_t from) {
  CallPlaces places;
  places.name = find(text, call.name, from);
  std::size_t end = places.name.end;
  for (std::size_t i = 0; i < call.keys.size(); ++i) {
    places.keys[i] = find(text, call.keys[i], end);
    places.values[i] = find(text, call.values[i], places.keys[i].end);
    end = places.values[i].end;
  }
  if (end == kNone) return {};
  return places;
}

std::optional<Pieces> cut(const Rendering& rendering) {
  const std::string_view text = rendering.text.bytes();
  const auto piece = [&](std::size_t from, std::size_t to) { return text.substr(from, to - from); };
  const auto first = find_call(rendering.text, kProbeCalls[0], rendering.answer.begin);
  if (!first) return {};
  Pieces pieces;
  pieces.before = piece(rendering.answer.begin, first->name.begin);
  pieces.after_name = piece(first->name.end, first->keys[0].begin);
  pieces.key_value = piece(first->keys[0].end, first->values[0].begin);
  pieces.value_key = piece(first->values[0].end, first->keys[1].begin);
  std::size_t end = first->values[1].end;
  if (rendering.calls > 1) {
    const auto second = find_call(rendering.text, kProbeCalls[1], end);
    if (!second) return {};
    pieces.between = piece(end, second->name.begin);
    end = second->values[1].end;
  }
  if (rendering.answer.end < end) return {};
  pieces.after = piece(end, rendering.answer.end);
  return pieces;
}

// `"key": "` at the end or `", "key": {"` at the beginning of a text: the key.
std::string_view quoted_key(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const std::size_t end = text.rfind('"', colon);
  if (colon == kNone || end == kNone || end == 0) return {};
  const std::size_t begin = text.rfind('"', end - 1);
  return begin == kNone ? std::string_view() : text.substr(begin + 1, end - begin - 1);
}

bool is_json_pair(std::string_view key_value) {
  return key_value.starts_with('"') && key_value.ends_with('"') && key_value.find(':') != kNone &&
         key_value.find('<') == kNone;
}

// Sets what stands around calls: `open` ends the text before the first call and that between two
// calls, `close` begins the text after a call. `before` and `between` end where a call has its own.
void set_surroundings(std::string_view before, std::string_view between, std::string_view after,
                      bool several, ToolFormat& format) {
  if (!several) {
    format.call_open = without_leading_space(before);
    format.call_close = without_trailing_space(after);
    format.separator = format.call_open.empty() ? "; " : "\n";
    return;
  }
  std::string_view open = before.substr(before.size() - common_suffix(before, between));
  // A tag that both have only the end of belongs to what stands before.
  const std::size_t tag = open.find_first_of("<[");
  open = tag == kNone ? without_leading_space(open) : open.substr(tag);
  format.call_open = open;
  const std::string_view section =
      without_leading_space(before.substr(0, before.size() - open.size()));
  const std::string_view rest = between.substr(0, between.size() - open.size());
  const std::string_view close = without_trailing_space(rest.substr(0, common_prefix(rest, after)));
  format.call_close = close;
  format.separator = rest.substr(close.size());
  format.section_open = section;
  if (!section.empty() && after.size() > close.size()) {
    // One tag; a template may go on with the next turn.
    const std::string_view more = after.substr(close.size());
    format.section_close =
        without_trailing_space(more.substr(0, std::min(more.find('>'), more.size() - 1) + 1));
  }
}

std::optional<ToolFormat> json_format(const Pieces& pieces) {
  ToolFormat format;
  std::string_view between = pieces.between;
  std::string_view after = pieces.after;
  // The last value ends with its quote, the arguments with a brace.
  for (std::string_view* text : {&between, &after}) {
    if (text->empty()) continue;
    const std::size_t brace = text->find('}');
    if (brace == kNone) return {};
    text->remove_prefix(brace + 1);
  }
  const bool several = !pieces.between.empty();
  const std::size_t brace = pieces.before.rfind('{');
  const std::string_view after_name = pieces.after_name.substr(0, pieces.after_name.rfind('{'));
  if (brace == kNone || !pieces.after_name.starts_with('"')) {
    format.syntax = ToolFormat::Syntax::kNamedJson;
    set_surroundings(pieces.before, between, after, several, format);
    format.after_name = after_name;
    return format;
  }
  // Members behind the arguments are left out.
  for (std::string_view* text : {&between, &after}) {
    text->remove_prefix(std::min(text->find('}'), text->size()));
  }
  format.name_key = quoted_key(pieces.before.substr(brace));
  format.arguments_key = quoted_key(after_name);
  if (several) between = between.substr(0, std::min(between.rfind('{'), between.size()));
  set_surroundings(pieces.before.substr(0, brace), between, after, several, format);
  format.call_open += fmt::format("{{\"{}\": \"", format.name_key);
  format.after_name = after_name;
  return format;
}

std::optional<ToolFormat> tagged_format(const Pieces& pieces) {
  ToolFormat format;
  format.syntax = ToolFormat::Syntax::kTagged;
  const std::size_t key_open = pieces.after_name.rfind('<');
  if (key_open == kNone) return {};
  format.key_open = pieces.after_name.substr(key_open);
  format.after_name = pieces.after_name.substr(0, key_open);
  format.key_close = pieces.key_value;
  if (!pieces.value_key.ends_with(format.key_open)) return {};
  format.value_close = pieces.value_key.substr(0, pieces.value_key.size() - format.key_open.size());
  if (without_spaces(format.value_close).empty() || without_spaces(format.key_close).empty())
    return {};
  std::string_view between = pieces.between;
  std::string_view after = pieces.after;
  const std::string_view value_close = without_trailing_space(format.value_close);
  if (!remove_prefix(after, value_close)) return {};
  if (!between.empty() && !remove_prefix(between, value_close)) return {};
  set_surroundings(pieces.before, without_leading_space(between), without_leading_space(after),
                   !between.empty(), format);
  return format;
}

// Whether the form reads the calls of the message in its rendering.
bool reads(const ToolFormat& format, std::string_view answer, const ChatMessage& message) {
  const ToolRequest request =
      read_tools({{"tools", nlohmann::ordered_json::parse(probe_definitions())}});
  ToolText text(format, request, false, 0);
  text.push(answer);
  text.finish();
  std::vector<ToolCall> calls;
  for (const ToolEvent& event : text.take()) {
    if (event.kind == ToolEvent::Kind::kCall) calls.push_back({{}, event.name, {}});
    if (event.kind == ToolEvent::Kind::kArguments) calls.back().arguments += event.text;
  }
  const auto& wanted = message.tool_calls;
  return std::equal(calls.begin(), calls.end(), wanted.begin(), wanted.end(),
                    [](const ToolCall& a, const ToolCall& b) {
                      return a.name == b.name && nlohmann::ordered_json::parse(a.arguments) ==
                                                     nlohmann::ordered_json::parse(b.arguments);
                    });
}

// Some forms have other tags for values that are not texts.
bool reads_other_types(const ToolFormat& format, const Chat& chat, const Frame& frame) {
  const std::vector<ChatMessage> messages = probe_of_types();
  const auto text = try_render(chat, messages, true);
  if (!text) return false;
  const Range answer = answer_range(text->bytes(), frame);
  return reads(format, text->slice(answer.begin, answer.end).bytes(), messages.back());
}

}  // namespace

std::optional<ToolFormat> derive_format(const Chat& chat) {
  const auto frame = render_frame(chat);
  if (!frame) return {};
  const auto rendering = render_probes(chat, *frame);
  if (!rendering) return {};
  const auto pieces = cut(*rendering);
  if (!pieces) return {};
  auto format = is_json_pair(pieces->key_value) ? json_format(*pieces) : tagged_format(*pieces);
  const chat::Text answer = rendering->text.slice(rendering->answer.begin, rendering->answer.end);
  if (!format || !reads(*format, answer.bytes(), probe_messages(rendering->calls, false).back()) ||
      !reads_other_types(*format, chat, *frame)) {
    return {};
  }
  return format;
}

}  // namespace cellm

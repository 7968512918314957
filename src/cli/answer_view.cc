#include "cli/answer_view.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace cellm {
namespace {

constexpr std::string_view kSpaces = " \t\r\n";

// The text behind the first `passed` bytes, which then are all of it.
std::string_view rest_of(std::string_view text, std::size_t& passed) {
  return text.substr(std::exchange(passed, text.size()));
}

}  // namespace

void AnswerView::push(std::string_view text, std::size_t tokens) {
  const bool over = split_.thought();
  split_.push(text);
  if (!over && (split_.inside() || split_.thought())) thinking_tokens_ += tokens;
  print_new();
}

void AnswerView::print_new() {
  think(rest_of(split_.reasoning(), thought_bytes_));
  if (split_.thought() && !std::exchange(thinking_ended_, true)) end_thinking();
  answer(rest_of(split_.answer(), answered_bytes_));
}

void AnswerView::finish() {
  split_.finish();
  print_new();
  if (split_.inside()) end_thinking();
  if (style_.styled) print_now(markdown_.finish());
  if (any_ || !style_.terminal) print_now("\n");
}

// The text with the white space before it; without it at the beginning of a part.
std::string_view AnswerView::trimmed(std::string& buffer, std::string_view text) {
  const std::size_t last = text.find_last_not_of(kSpaces);
  if (last == std::string_view::npos) {
    if (printed_) spaces_ += text;
    return {};
  }
  const std::size_t first = printed_ ? 0 : text.find_first_not_of(kSpaces);
  buffer = std::exchange(spaces_, std::string(text.substr(last + 1)));
  buffer += text.substr(first, last + 1 - first);
  printed_ = true;
  return buffer;
}

void AnswerView::begin_thinking() {
  if (style_.styled) {
    print_now(kDim);
  } else {
    print_now(fmt::format("{}\n", kThinkOpen));
  }
}

void AnswerView::think(std::string_view text) {
  const bool began = printed_;
  std::string buffer;
  text = trimmed(buffer, text);
  if (text.empty()) return;
  if (show_thinking_) {
    if (!began) begin_thinking();
    print_now(style_.terminal ? without_controls(text) : std::string(text));
  } else if (style_.styled) {
    print_now(
        fmt::format("{}{}thinking, {} tokens{}", kClearLine, kDim, thinking_tokens_, kNoBold));
  }
}

void AnswerView::end_thinking() {
  spaces_.clear();
  if (!std::exchange(printed_, false)) return;
  if (show_thinking_) {
    print_now(style_.styled ? fmt::format("{}\n\n", kNoBold)
                            : fmt::format("\n{}\n\n", kThinkClose));
  } else if (style_.styled) {
    print_now(
        fmt::format("{}{}thought for {} tokens{}\n", kClearLine, kDim, thinking_tokens_, kNoBold));
  } else if (style_.terminal) {
    print_now(fmt::format("thought for {} tokens\n", thinking_tokens_));
  }
}

void AnswerView::answer(std::string_view text) {
  std::string buffer;
  text = trimmed(buffer, text);
  if (text.empty()) return;
  any_ = true;
  if (!style_.terminal) return print_now(text);
  const std::string clean = without_controls(text);
  print_now(style_.styled ? markdown_.push(clean) : clean);
}

}  // namespace cellm

#include "cli/answer_view.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace cellm {
namespace {

constexpr std::string_view kThink = "<think>";
constexpr std::string_view kEndThink = "</think>";
constexpr std::string_view kSpaces = " \t\r\n";

// How much of the text's end may be the beginning of the tag.
std::size_t open_end(std::string_view text, std::string_view tag) {
  for (std::size_t size = std::min(text.size(), tag.size() - 1); size > 0; --size) {
    if (text.ends_with(tag.substr(0, size))) return size;
  }
  return 0;
}

}  // namespace

void AnswerView::push(std::string_view text, std::size_t tokens) {
  if (part_ == Part::kAnswer) return answer(text);
  held_ += text;
  if (part_ == Part::kStart) {
    held_.erase(0, std::min(held_.find_first_not_of(kSpaces), held_.size()));
    if (held_.size() < kThink.size() && kThink.starts_with(held_)) return;
    if (!held_.starts_with(kThink)) {
      part_ = Part::kAnswer;
      return answer(std::exchange(held_, {}));
    }
    held_.erase(0, kThink.size());
    part_ = Part::kThinking;
  }
  thinking_tokens_ += tokens;
  const std::size_t end = held_.find(kEndThink);
  if (end == std::string::npos) {
    const std::size_t certain = held_.size() - open_end(held_, kEndThink);
    think(std::string_view(held_).substr(0, certain));
    held_.erase(0, certain);
    return;
  }
  const std::string rest = held_.substr(end + kEndThink.size());
  think(std::string_view(held_).substr(0, end));
  held_.clear();
  end_thinking();
  answer(rest);
}

void AnswerView::finish() {
  if (part_ == Part::kThinking) {
    think(std::exchange(held_, {}));
    end_thinking();
  } else if (part_ == Part::kStart) {
    answer(std::exchange(held_, {}));
  }
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
    print_now(fmt::format("{}\n", kThink));
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
  part_ = Part::kAnswer;
  spaces_.clear();
  if (!std::exchange(printed_, false)) return;
  if (show_thinking_) {
    print_now(style_.styled ? fmt::format("{}\n\n", kNoBold) : fmt::format("\n{}\n\n", kEndThink));
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

#include "cli/markdown_stream.h"

#include <algorithm>
#include <utility>

#include "cli/terminal_style.h"

namespace cellm {
namespace {

constexpr std::string_view kFence = "```";
constexpr std::size_t kMaxHeading = 6;

bool is_all(std::string_view text, char c) {
  return std::all_of(text.begin(), text.end(), [c](char at) { return at == c; });
}

}  // namespace

std::string MarkdownStream::push(std::string_view text) {
  for (const char c : text) {
    if (line_start_) {
      begin_line(c);
    } else {
      add(c);
    }
  }
  return std::exchange(out_, {});
}

std::string MarkdownStream::finish() {
  if (line_start_) {
    out_ += std::exchange(held_, {});
  } else {
    end_stars('\n');
  }
  if (heading_ || bold_ || fence_) out_ += kNoBold;
  if (code_ || block_) out_ += kNoColor;
  std::string rest = std::move(out_);
  *this = MarkdownStream();
  return rest;
}

// Decides what kind of line begins.
void MarkdownStream::begin_line(char c) {
  held_ += c;
  const std::string_view line = held_;
  const std::string_view content = line.substr(std::min(line.find_first_not_of(' '), line.size()));
  if (content.empty()) return;
  if (content.size() < kFence.size() && is_all(content, '`')) return;
  const bool fence = content == kFence;
  const bool marks = !block_ && content.size() <= kMaxHeading && is_all(content, '#');
  if (marks) return;
  line_start_ = false;
  const std::string text = std::exchange(held_, {});
  if (fence) {
    if (block_) out_ += kNoColor;
    block_ = !block_;
    fence_ = true;
    out_ += kDim;
    out_ += text;
    return;
  }
  const std::size_t spaces = text.size() - content.size();
  if (!block_ && text[spaces] == '#' && c == ' ') {
    heading_ = true;
    out_ += kBold;
  }
  for (const char each : text) add(each);
}

void MarkdownStream::add(char c) {
  if (c == '\n') {
    end_line();
  } else if (fence_ || block_) {
    out_ += c;
  } else if (c == '*' && !code_) {
    held_ += c;
    return;
  } else {
    end_stars(c);
    if (c == '`') {
      toggle_code(!code_);
    } else {
      out_ += c;
    }
  }
  last_ = c;
}

// Two stars are a mark of bold if they touch what is to be bold.
void MarkdownStream::end_stars(char next) {
  const std::string stars = std::exchange(held_, {});
  if (stars.size() == 2 && bold_ && last_ != ' ') {
    toggle_bold(false);
  } else if (stars.size() == 2 && !bold_ && next != ' ' && next != '\n') {
    toggle_bold(true);
  } else {
    out_ += stars;
  }
}

void MarkdownStream::end_line() {
  end_stars('\n');
  if (bold_) toggle_bold(false);
  if (code_) toggle_code(false);
  if (heading_ || fence_) out_ += kNoBold;
  out_ += '\n';
  if (fence_ && block_) out_ += kColor;
  heading_ = false;
  fence_ = false;
  line_start_ = true;
}

// A heading is bold already.
void MarkdownStream::toggle_bold(bool on) {
  bold_ = on;
  if (!heading_) out_ += on ? kBold : kNoBold;
}

void MarkdownStream::toggle_code(bool on) {
  code_ = on;
  out_ += on ? kColor : kNoColor;
}

}  // namespace cellm

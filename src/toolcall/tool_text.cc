#include "toolcall/tool_text.h"

#include <algorithm>
#include <utility>

namespace cellm {
namespace {

// Models of Llama's form write it before a call. As a control token it has no text.
constexpr std::string_view kPythonTag = "<|python_tag|>";

constexpr std::size_t kIdCharacters = 9;
constexpr std::string_view kIdAlphabet =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

// The finalizer of SplitMix64 (Steele, Lea and Flood, 2014).
std::uint64_t mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

}  // namespace

ToolText::ToolText(const ToolFormat& format, const ToolRequest& request, bool constrained,
                   std::uint64_t id_seed)
    : format_(format),
      request_(request),
      constrained_(constrained),
      id_seed_(id_seed),
      trigger_(call_trigger(format)) {}

void ToolText::push(std::string_view text) {
  for (const char byte : text) push_byte(byte);
}

void ToolText::push_byte(char byte) {
  switch (state_) {
    case State::kText:
      push_text(byte);
      break;
    case State::kCall:
      push_call(byte);
      break;
    case State::kBetween:
      push_between(byte);
      break;
  }
}

void ToolText::push_text(char byte) {
  const bool anchored = trigger_.empty();
  if (request_.choice == ToolChoice::kNone || !format_.known || (anchored && content_)) {
    add_content(byte);
    return;
  }
  if (anchored && partial_.empty() && byte == '{') {
    begin_call("{", true);
    return;
  }
  const std::string_view wanted = anchored ? kPythonTag : trigger_;
  partial_ += byte;
  if (partial_ == wanted) {
    partial_.clear();
    if (!anchored) begin_call(trigger_, true);
    return;
  }
  while (!wanted.starts_with(partial_)) {
    const char first = partial_.front();
    partial_.erase(0, 1);
    add_content(first);
    if (!anchored || is_space(first)) continue;
    for (const char rest : std::exchange(partial_, {})) add_content(rest);
  }
}

void ToolText::begin_call(std::string_view text, bool first) {
  partial_.clear();
  reader_.emplace(format_, request_.tools, first);
  call_text_.clear();
  announced_ = false;
  passed_on_ = 0;
  state_ = State::kCall;
  for (const char byte : std::string(text)) push_call(byte);
}

void ToolText::push_call(char byte) {
  call_text_ += byte;
  const CallReader::Status status = reader_->push(byte);
  if (status == CallReader::Status::kFailed) {
    fail_call();
    return;
  }
  if (constrained_) pass_on();
  if (status == CallReader::Status::kDone) end_call();
}

// Reports the call and its arguments as far as they are known.
void ToolText::pass_on() {
  if (!reader_->name()) return;
  if (!announced_) {
    announced_ = true;
    spaces_.clear();
    add({.kind = ToolEvent::Kind::kCall,
         .index = calls_,
         .id = call_id(),
         .name = *reader_->name()});
  }
  const std::string& arguments = reader_->arguments();
  if (passed_on_ == arguments.size()) return;
  add({.kind = ToolEvent::Kind::kArguments, .index = calls_, .text = arguments.substr(passed_on_)});
  passed_on_ = arguments.size();
}

void ToolText::end_call() {
  pass_on();
  ++calls_;
  reader_.reset();
  const bool followed = !format_.section_close.empty() || trigger_.empty();
  state_ = followed ? State::kBetween : State::kText;
}

// The text read so far becomes content; the end that did not fit may begin something else.
void ToolText::fail_call() {
  const std::size_t again = std::min(reader_->unfinished(), call_text_.size() - 1);
  const std::string text = std::exchange(call_text_, {});
  reader_.reset();
  state_ = State::kText;
  if (std::exchange(announced_, false)) {
    ++calls_;  // its beginning was passed on
  } else {
    for (const char byte : text.substr(0, text.size() - again)) add_content(byte);
  }
  push(text.substr(text.size() - again));
}

// Another call, or the end of all.
void ToolText::push_between(char byte) {
  if (partial_.empty() && is_space(byte)) {
    spaces_ += byte;
    return;
  }
  partial_ += byte;
  const std::string_view separator = without_spaces(format_.separator);
  const std::string_view close = without_spaces(format_.section_close);
  const std::string before = before_call(format_, false);
  const std::string_view call = first_word(before);
  const std::string_view next = separator.empty() ? call : separator;
  if (!close.empty() && partial_ == close) {
    partial_.clear();
    leave_calls();
  } else if (!next.empty() && partial_ == next) {
    spaces_.clear();
    begin_call(separator.empty() ? std::string(call) : std::string(), false);
  } else if (!close.starts_with(partial_) && !next.starts_with(partial_)) {
    state_ = State::kText;
    content_ = content_ || trigger_.empty();
    push(std::exchange(partial_, {}));
  }
}

void ToolText::leave_calls() {
  spaces_.clear();
  state_ = State::kText;
}

void ToolText::finish() {
  if (state_ == State::kCall) {
    if (reader_->finish()) {
      end_call();
    } else if (!announced_) {
      for (const char byte : std::exchange(call_text_, {})) add_content(byte);
    } else {
      ++calls_;
    }
  }
  for (const char byte : std::exchange(partial_, {})) add_content(byte);
  if (calls_ > 0) spaces_.clear();
  if (!spaces_.empty()) add({.text = std::exchange(spaces_, {})});
  reader_.reset();
  state_ = State::kText;
}

void ToolText::add_content(char byte) {
  spaces_ += byte;
  if (is_space(byte)) return;
  content_ = true;
  add({.text = std::exchange(spaces_, {})});
}

void ToolText::add(ToolEvent event) {
  if (!events_.empty() && events_.back().kind == event.kind &&
      events_.back().index == event.index && event.kind != ToolEvent::Kind::kCall) {
    events_.back().text += event.text;
    return;
  }
  events_.push_back(std::move(event));
}

std::vector<ToolEvent> ToolText::take() {
  return std::exchange(events_, {});
}

std::string ToolText::call_id() const {
  std::uint64_t bits = mix(id_seed_ + mix(calls_));
  std::string id;
  while (id.size() < kIdCharacters) {
    id += kIdAlphabet[bits % kIdAlphabet.size()];
    bits /= kIdAlphabet.size();
  }
  return id;
}

}  // namespace cellm

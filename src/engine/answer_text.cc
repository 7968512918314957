#include "engine/answer_text.h"

#include <algorithm>

#include "base/error.h"
#include "base/limits.h"
#include "base/utf8.h"

namespace cellm {

AnswerText::AnswerText(const Tokenizer& tokenizer, std::span<const std::string> stop_strings,
                       std::span<const std::uint32_t> spelled_ids)
    : decoder_(tokenizer, true, {spelled_ids.begin(), spelled_ids.end()}) {
  if (stop_strings.size() > kMaxStopStrings) {
    throw usage_error("{} stop strings are more than {}", stop_strings.size(), kMaxStopStrings);
  }
  for (const std::string& stop : stop_strings) {
    if (stop.empty()) throw usage_error("a stop string is empty");
    if (stop.size() > kMaxStopStringBytes) {
      throw usage_error("a stop string of {} bytes is longer than {}", stop.size(),
                        kMaxStopStringBytes);
    }
    if (find_invalid_utf8(stop) != std::string::npos) {
      throw usage_error("a stop string is not UTF-8");
    }
    stops_.emplace_back(stop);
  }
}

void AnswerText::push(std::uint32_t id) {
  append(decoder_.push(id));
}

void AnswerText::finish() {
  if (stopped_) return;
  append(decoder_.finish());
  if (!stopped_) certain_ = text_.size();
}

void AnswerText::append(std::string_view text) {
  CELLM_CHECK(!stopped_);
  for (const char byte : text) {
    text_ += byte;
    std::size_t longest = 0;
    for (StringMatcher& stop : stops_) {
      if (stop.push(byte)) longest = std::max(longest, stop.size());
    }
    if (longest == 0) continue;
    text_.resize(text_.size() - longest);
    certain_ = text_.size();
    stopped_ = true;
    return;
  }
  std::size_t held = 0;
  for (const StringMatcher& stop : stops_) held = std::max(held, stop.matched());
  certain_ = text_.size() - held;
}

}  // namespace cellm

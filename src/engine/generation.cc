#include "engine/generation.h"

#include <algorithm>

#include "base/error.h"

namespace cellm {

std::string_view stop_reason_name(StopReason reason) {
  switch (reason) {
    case StopReason::kEos:
      return "eos";
    case StopReason::kLength:
      return "length";
    case StopReason::kContext:
      return "context";
    case StopReason::kInterrupted:
      break;
  }
  return "interrupted";
}

Generation::Generation(std::span<const std::uint32_t> prompt, const GenerateOptions& options)
    : max_tokens_(options.max_tokens),
      stop_ids_(options.stop_ids),
      sampler_(options.sampler, options.unusable_ids),
      history_(prompt.begin(), prompt.end()),
      prompt_size_(prompt.size()) {
  if (prompt.empty()) throw usage_error("the prompt is empty");
}

void Generation::read(std::size_t count) {
  CELLM_CHECK(count <= pending().size());
  if (read_ < prompt_size_) {
    result_.prompt_tokens += count;
  } else {
    result_.decoded_tokens += count;
  }
  read_ += count;
  if (read_ == prompt_size_) result_.prompt_seconds = watch_.lap();
}

std::optional<std::uint32_t> Generation::choose(std::span<const float> logits, std::size_t room) {
  CELLM_CHECK(!ended_ && pending().empty());
  if (result_.ids.size() == max_tokens_) {
    end(StopReason::kLength);
    return std::nullopt;
  }
  const std::uint32_t id = sampler_.sample(logits, history_);
  if (std::find(stop_ids_.begin(), stop_ids_.end(), id) != stop_ids_.end()) {
    end(StopReason::kEos);
    return std::nullopt;
  }
  result_.ids.push_back(id);
  history_.push_back(id);
  if (result_.ids.size() == max_tokens_) {
    end(StopReason::kLength);
  } else if (room == 0) {
    end(StopReason::kContext);
  }
  return id;
}

void Generation::end(StopReason reason) {
  ended_ = true;
  result_.reason = reason;
  if (read_ >= prompt_size_) result_.decode_seconds = watch_.seconds();
}

}  // namespace cellm

#include "chat/text.h"

#include <algorithm>

namespace cellm::chat {

Origin Text::origin_at(std::size_t byte) const {
  const auto run = std::partition_point(runs_.begin(), runs_.end(),
                                        [byte](const Run& r) { return r.end <= byte; });
  return run == runs_.end() ? Origin::kTemplate : run->origin;
}

Origin Text::least_trusted() const {
  Origin origin = Origin::kTemplate;
  for (const Run& run : runs_) origin = std::max(origin, run.origin);
  return origin;
}

void Text::append(std::string_view bytes, Origin origin) {
  if (bytes.empty()) return;
  bytes_ += bytes;
  if (!runs_.empty() && runs_.back().origin == origin) {
    runs_.back().end = bytes_.size();
  } else {
    runs_.push_back({bytes_.size(), origin});
  }
}

void Text::append(const Text& other, std::size_t begin, std::size_t end) {
  const std::string_view bytes = other.bytes_;
  auto run = std::partition_point(other.runs_.begin(), other.runs_.end(),
                                  [begin](const Run& r) { return r.end <= begin; });
  for (; begin < end; ++run) {
    const std::size_t to = std::min(end, run->end);
    append(bytes.substr(begin, to - begin), run->origin);
    begin = to;
  }
}

Text Text::slice(std::size_t begin, std::size_t end) const {
  Text part;
  part.append(*this, begin, end);
  part.set_markup(is_markup_);
  return part;
}

}  // namespace cellm::chat

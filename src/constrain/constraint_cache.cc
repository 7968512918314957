#include "constrain/constraint_cache.h"

#include <algorithm>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/limits.h"
#include "io/json_argument.h"

namespace cellm {
namespace {

nlohmann::ordered_json parse(std::string_view text, std::string_view what) {
  if (text.size() > kMaxConstraintBytes) {
    throw usage_error("{} of {} bytes is longer than {}", what, text.size(), kMaxConstraintBytes);
  }
  return parse_json_argument(text, what);
}

}  // namespace

ConstraintPtr compile_constraint(ConstraintKind kind, std::span<const std::string> texts) {
  const std::size_t wanted = kind == ConstraintKind::kJsonObject ? 0 : 1;
  if (kind != ConstraintKind::kChoice && texts.size() != wanted) {
    throw usage_error("the constraint takes {} texts, not {}", wanted, texts.size());
  }
  switch (kind) {
    case ConstraintKind::kJsonSchema:
      return constrain_to_json_schema(parse(texts.front(), "the schema"));
    case ConstraintKind::kJsonObject:
      return constrain_to_json_object();
    case ConstraintKind::kRegex:
      return constrain_to_regex(texts.front());
    case ConstraintKind::kChoice:
      return constrain_to_choice(texts);
    case ConstraintKind::kGbnf:
      break;
  }
  return constrain_to_gbnf(texts.front());
}

ConstraintPtr ConstraintCache::get(ConstraintKind kind, std::span<const std::string> texts) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.kind == kind &&
           std::equal(entry.texts.begin(), entry.texts.end(), texts.begin(), texts.end());
  });
  if (found != entries_.end()) {
    std::rotate(entries_.begin(), found, found + 1);
  } else {
    entries_.push_front({kind, {texts.begin(), texts.end()}, compile_constraint(kind, texts)});
    if (entries_.size() > kMaxKeptConstraints) entries_.pop_back();
  }
  return entries_.front().constraint;
}

}  // namespace cellm

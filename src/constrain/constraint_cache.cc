#include "constrain/constraint_cache.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/limits.h"
#include "io/json.h"

namespace cellm {
namespace {

// What a caller gives is an argument, not a file.
nlohmann::ordered_json parse(std::string_view text, std::string_view what) {
  if (text.size() > kMaxConstraintBytes) {
    throw usage_error("{} of {} bytes is longer than {}", what, text.size(), kMaxConstraintBytes);
  }
  try {
    return parse_ordered_json(text, what);
  } catch (const Error& error) {
    throw usage_error("{}", error.what());
  }
}

ConstraintPtr constrain_to_json_choice(std::string_view text) {
  const nlohmann::ordered_json list = parse(text, "the choices");
  std::vector<std::string> choices;
  for (const auto& choice : list) {
    if (!list.is_array() || !choice.is_string()) {
      throw usage_error("the choices are no JSON array of strings");
    }
    choices.push_back(choice.get<std::string>());
  }
  return constrain_to_choice(choices);
}

}  // namespace

ConstraintPtr compile_constraint(ConstraintKind kind, std::string_view text) {
  switch (kind) {
    case ConstraintKind::kJsonSchema:
      return constrain_to_json_schema(parse(text, "the schema"));
    case ConstraintKind::kJsonObject:
      return constrain_to_json_object();
    case ConstraintKind::kRegex:
      return constrain_to_regex(text);
    case ConstraintKind::kChoice:
      return constrain_to_json_choice(text);
    case ConstraintKind::kGbnf:
      break;
  }
  return constrain_to_gbnf(text);
}

ConstraintPtr ConstraintCache::get(ConstraintKind kind, std::string_view text) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.kind == kind && entry.text == text;
  });
  if (found != entries_.end()) {
    std::rotate(entries_.begin(), found, found + 1);
  } else {
    entries_.push_front({kind, std::string(text), compile_constraint(kind, text)});
    if (entries_.size() > kMaxKeptConstraints) entries_.pop_back();
  }
  return entries_.front().constraint;
}

}  // namespace cellm

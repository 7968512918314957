#include "toolcall/call_reader.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace cellm {
namespace {

using OrderedJson = nlohmann::ordered_json;
using Status = CallReader::Status;

bool is_name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

// Keys that models write into the object of a call.
bool is_usual_key(std::string_view key) {
  return key == "id" || key == "type" || key == "tool_call_id";
}

// Bytes at the end of `text` that may be the beginning of `string`.
std::size_t begun_at_end(std::string_view text, std::string_view string) {
  for (std::size_t size = std::min(text.size(), string.size()); size > 0; --size) {
    if (text.ends_with(string.substr(0, size))) return size;
  }
  return 0;
}

std::string_view leading_space(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size() && is_space(text[size])) ++size;
  return text.substr(0, size);
}

std::string_view trailing_space(std::string_view text) {
  std::size_t begin = text.size();
  while (begin > 0 && is_space(text[begin - 1])) --begin;
  return text.substr(begin);
}

}  // namespace

CallReader::CallReader(const ToolFormat& format, std::span<const ToolDefinition> tools, bool first)
    : format_(format),
      tools_(tools),
      anchored_(call_trigger(format).empty()),
      value_end_(without_spaces(format.value_close)) {
  literal_.emplace(before_call(format, first));
  if (literal_->done()) leave_literal();
}

Status CallReader::push(char byte) {
  switch (step_) {
    case Step::kOpen:
    case Step::kAfterName:
    case Step::kKeyClose:
    case Step::kClose:
      return push_literal(byte);
    case Step::kObject:
      return push_object(byte);
    case Step::kName:
      return push_name(byte);
    case Step::kMember:
      return push_member(byte);
    case Step::kKey:
      return push_key(byte);
    case Step::kValue:
      return push_value(byte);
  }
  return Status::kFailed;
}

bool CallReader::finish() {
  if (step_ == Step::kClose) return !literal_->begun();
  if (step_ != Step::kMember || !close_ || !close_->begun() || !close_->at_border()) return false;
  arguments_ += '}';
  return true;
}

Status CallReader::enter(Step step) {
  step_ = step;
  unfinished_ = 0;
  close_.reset();
  switch (step) {
    case Step::kAfterName:
      literal_.emplace(format_.after_name);
      break;
    case Step::kMember:
      literal_.emplace(format_.key_open);
      close_.emplace(format_.call_close);
      return Status::kMore;
    case Step::kKeyClose:
      literal_.emplace(format_.key_close);
      break;
    case Step::kClose: {
      const std::string_view close = format_.call_close;
      const bool object = format_.syntax == ToolFormat::Syntax::kJson;
      literal_.emplace(object ? close.substr(close.find('}') + 1) : close);
      break;
    }
    default:
      return Status::kMore;
  }
  return literal_->done() ? leave_literal() : Status::kMore;
}

// Enters what follows the literal that is complete.
Status CallReader::leave_literal() {
  const bool tagged = format_.syntax == ToolFormat::Syntax::kTagged;
  switch (step_) {
    case Step::kOpen:
      return enter(format_.syntax == ToolFormat::Syntax::kJson ? Step::kObject : Step::kName);
    case Step::kAfterName:
      if (tagged) arguments_.push_back('{');
      return enter(tagged ? Step::kMember : Step::kObject);
    case Step::kKeyClose:
      return begin_value();
    default:
      return Status::kDone;
  }
}

Status CallReader::push_literal(char byte) {
  ++unfinished_;
  switch (literal_->push(byte)) {
    case Literal::Status::kMore:
      return Status::kMore;
    case Literal::Status::kDone:
      return leave_literal();
    default:
      return Status::kFailed;
  }
}

Status CallReader::push_name(char byte) {
  if (raw_name_.empty() && is_space(byte)) return Status::kMore;
  if (is_name_byte(byte) && raw_name_.size() < kMaxToolNameBytes) {
    raw_name_ += byte;
    return Status::kMore;
  }
  unfinished_ = 1;
  if (raw_name_.empty()) return Status::kFailed;
  name_ = raw_name_;
  (void)enter(Step::kAfterName);
  return push(byte);
}

Status CallReader::push_object(char byte) {
  if (object_.text().empty() && is_space(byte)) return Status::kMore;
  unfinished_ = 1;
  const JsonScanner::Status status = object_.push(byte);
  if (status == JsonScanner::Status::kFailed) return Status::kFailed;
  if (format_.syntax == ToolFormat::Syntax::kNamedJson) {
    arguments_ += byte;
    if (status == JsonScanner::Status::kMore) return Status::kMore;
    return OrderedJson::accept(arguments_) ? enter(Step::kClose) : Status::kFailed;
  }
  if (!read_members()) return Status::kFailed;
  if (status == JsonScanner::Status::kMore) return Status::kMore;
  return end_object() ? enter(Step::kClose) : Status::kFailed;
}

bool CallReader::is_arguments(const std::string& key) const {
  return key == format_.arguments_key || key == "arguments" || key == "parameters";
}

// Takes what has become known of the object's members.
bool CallReader::read_members() {
  const auto& members = object_.members();
  if (members_ == members.size()) return true;
  const JsonScanner::Member& member = members[members_];
  if (member.begin == 0)
    return !anchored_ || member.key == format_.name_key || is_arguments(member.key) ||
           is_usual_key(member.key);
  const std::string_view value = object_.value(member);
  const bool complete = member.end != 0;
  if (is_arguments(member.key)) {
    if (value.front() != '{' || (keys_.empty() && !arguments_.empty())) return false;
    keys_ = {member.key};
    arguments_.append(value, arguments_.size());
  } else if (member.key == format_.name_key && complete) {
    const OrderedJson name = OrderedJson::parse(value, nullptr, false);
    if (name_ || !name.is_string() || name.get_ref<const std::string&>().empty()) return false;
    name_ = name.get<std::string>();
  }
  if (!complete) return true;
  if (is_arguments(member.key)) keys_.clear();
  ++members_;
  return true;
}

bool CallReader::end_object() {
  if (!name_) return false;
  if (arguments_.empty()) arguments_.append("{}");
  return OrderedJson::accept(arguments_) && (!anchored_ || is_tool(*name_));
}

bool CallReader::is_tool(const std::string& name) const {
  return std::any_of(tools_.begin(), tools_.end(),
                     [&](const ToolDefinition& tool) { return tool.name == name; });
}

// Another parameter or the end of the call.
Status CallReader::push_member(char byte) {
  ++unfinished_;
  if (close_) {
    const Literal::Status status = close_->push(byte);
    if (status == Literal::Status::kFailed) close_.reset();
    if (status == Literal::Status::kDone) {
      arguments_ += '}';
      return Status::kDone;
    }
  }
  if (literal_) {
    const Literal::Status status = literal_->push(byte);
    if (status == Literal::Status::kFailed) literal_.reset();
    if (status == Literal::Status::kDone) {
      key_.clear();
      return enter(Step::kKey);
    }
  }
  return close_ || literal_ ? Status::kMore : Status::kFailed;
}

Status CallReader::push_key(char byte) {
  unfinished_ = 1;
  if (byte != without_spaces(format_.key_close).front()) {
    key_ += byte;
    return byte == '\n' ? Status::kFailed : Status::kMore;
  }
  if (key_.empty() || std::find(keys_.begin(), keys_.end(), key_) != keys_.end()) {
    return Status::kFailed;
  }
  (void)enter(Step::kKeyClose);
  return push(byte);
}

Status CallReader::begin_value() {
  arguments_ += fmt::format("{}\"{}\": ", keys_.empty() ? "" : ", ", escape_json(key_));
  keys_.push_back(key_);
  value_.clear();
  certain_ = 0;
  types_ = kAllTypes;
  const auto tool =
      std::find_if(tools_.begin(), tools_.end(),
                   [&](const ToolDefinition& candidate) { return candidate.name == name_; });
  if (tool != tools_.end() && tool->types.contains(key_)) types_ = tool->types.at(key_);
  if (types_.only_string()) arguments_ += '"';
  return enter(Step::kValue);
}

Status CallReader::push_value(char byte) {
  value_ += byte;
  if (value_.ends_with(value_end_)) {
    end_value();
    return enter(Step::kMember);
  }
  if (types_.only_string()) grow_text_value();
  return Status::kMore;
}

// The value is what stands between the tags without the white space that belongs to them.
void CallReader::end_value() {
  std::string_view value = std::string_view(value_).substr(0, value_.size() - value_end_.size());
  const std::string_view before = trailing_space(format_.key_close);
  const std::string_view after = leading_space(format_.value_close);
  std::size_t begin = value.starts_with(before) ? before.size() : 0;
  std::size_t end = value.size();
  if (end >= begin + after.size() && value.ends_with(after)) end -= after.size();
  if (types_.only_string()) {
    begin = std::max(begin, certain_);
    arguments_.append(escape_json(value.substr(begin, end - begin))).append("\"");
  } else {
    arguments_ += argument_json(value.substr(begin, end - begin), types_);
  }
}

// Passes on what no closing tag can take back.
void CallReader::grow_text_value() {
  const std::string_view before = trailing_space(format_.key_close);
  const std::string_view after = leading_space(format_.value_close);
  if (certain_ == 0) {
    if (value_.size() < before.size() && before.starts_with(value_)) return;
    if (value_.starts_with(before)) certain_ = before.size();
  }
  const std::string_view rest = std::string_view(value_).substr(certain_);
  const std::size_t held = std::max(begun_at_end(rest, std::string(after).append(value_end_)),
                                    begun_at_end(rest, value_end_));
  const std::string_view more = rest.substr(0, rest.size() - held);
  arguments_ += escape_json(more);
  certain_ += more.size();
}

}  // namespace cellm

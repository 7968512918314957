#include "io/json.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/work_count.h"

namespace cellm {
namespace {

using OrderedJson = nlohmann::ordered_json;

std::string describe(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      return "null";
    case Json::value_t::object:
      return "an object";
    case Json::value_t::array:
      return fmt::format("an array of {}", value.size());
    case Json::value_t::string:
      return fmt::format("\"{}\"", printable(value.get_ref<const std::string&>()));
    case Json::value_t::number_float:
      if (!std::isfinite(value.get<double>())) return fmt::format("{}", value.get<double>());
      [[fallthrough]];
    default:
      return printable(value.dump());
  }
}

// "config.json:" and "a" give "config.json: a"; then "b" gives "config.json: a.b".
std::string join(const std::string& path, std::string_view key) {
  return fmt::format("{}{}{}", path, path.ends_with(':') ? " " : ".", printable(key));
}

// Prefix of a message about the value at a path; that of a whole document already ends with a
// colon.
Error complaint(std::string_view path, const std::string& what) {
  return data_error("{}{} {}", path, path.ends_with(':') ? "" : ":", what);
}

[[noreturn]] void fail(const std::string& path, std::string_view expected, const Json& found) {
  throw complaint(path, fmt::format("expected {}, found {}", expected, describe(found)));
}

// Python's names of numbers that JSON does not have, and the spelling of zero that stands for them
// when the library parses the text.
struct NamedNumber {
  std::string_view name;
  std::string_view stand_in;
  double value;
};
constexpr NamedNumber kNamedNumbers[] = {
    {"Infinity", "0e+000000001", std::numeric_limits<double>::infinity()},
    {"NaN", "0e-000000001", std::numeric_limits<double>::quiet_NaN()}};

// The named number at `text[at]`, a value by itself; null if there is none.
const NamedNumber* named_number_at(std::string_view text, std::size_t at) {
  const auto is_one_of = [](char c, std::string_view set) {
    constexpr std::string_view kSpace = " \t\r\n";
    return kSpace.find(c) != std::string_view::npos || set.find(c) != std::string_view::npos;
  };
  for (const NamedNumber& number : kNamedNumbers) {
    if (!text.substr(at).starts_with(number.name)) continue;
    const std::size_t end = at + number.name.size();
    const bool starts = at == 0 || is_one_of(text[at - 1], number.name == "NaN" ? "[:," : "[:,-");
    const bool ends = end == text.size() || is_one_of(text[end], "]},");
    return starts && ends ? &number : nullptr;
  }
  return nullptr;
}

// The text with stand-ins for named numbers outside of strings.
std::string with_stand_ins(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  bool in_string = false;
  for (std::size_t at = 0; at < text.size();) {
    const NamedNumber* number = in_string ? nullptr : named_number_at(text, at);
    if (number != nullptr) {
      result += number->stand_in;
      at += number->name.size();
      continue;
    }
    if (text[at] == '"') in_string = !in_string;
    if (in_string && text[at] == '\\' && at + 1 < text.size()) result += text[at++];
    result += text[at++];
  }
  return result;
}

// Builds a document from the parser's events, in time and memory linear in its size: the library's
// parser with a callback searches all elements of an array after each object in it.
template <class Document>
class DocumentBuilder final : public nlohmann::json_sax<Document> {
  using Sax = nlohmann::json_sax<Document>;

 public:
  struct Dialect {
    bool named_numbers = false;  // the text is one of with_stand_ins()
    bool repeated_keys = false;  // the last of them counts
  };
  DocumentBuilder(std::string_view source, Document& document, Dialect dialect)
      : source_(source), document_(document), dialect_(dialect) {}

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(typename Sax::number_integer_t value) override { return add(value); }
  bool number_unsigned(typename Sax::number_unsigned_t value) override { return add(value); }
  bool number_float(typename Sax::number_float_t value,
                    const typename Sax::string_t& spelling) override {
    const bool negative = spelling.starts_with('-');
    for (const NamedNumber& number : kNamedNumbers) {
      if (!dialect_.named_numbers || std::string_view(spelling).substr(negative) != number.stand_in)
        continue;
      value = negative ? -number.value : number.value;
    }
    return add(value);
  }
  bool string(typename Sax::string_t& value) override { return add(std::move(value)); }
  bool binary(typename Sax::binary_t&) override { return add(nullptr); }  // JSON text has none

  bool key(typename Sax::string_t& value) override {
    count();
    member_ = add_member(open_.back()->template get_ref<typename Document::object_t&>(),
                         std::move(value));
    return true;
  }

  bool start_object(std::size_t) override { return open(Document::object()); }
  bool start_array(std::size_t) override { return open(Document::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool parse_error(std::size_t, const std::string&,
                   const nlohmann::detail::exception& failure) override {
    throw data_error("{}: not valid JSON: {}", source_, printable(failure.what()));
  }

 private:
  void count() {
    if (++values_ > kMaxJsonValues) {
      throw data_error("{}: more than {} values of JSON", source_, kMaxJsonValues);
    }
  }

  Json* add_member(Json::object_t& object, std::string key) {
    const auto [member, is_new] = object.emplace(std::move(key), nullptr);
    if (!is_new && !dialect_.repeated_keys) refuse_duplicate(member->first);
    return &member->second;
  }
  // Appended without a linear search: the keys of open objects are known in sorted order.
  OrderedJson* add_member(OrderedJson::object_t& object, std::string key) {
    if (!keys_.back().insert(key).second) refuse_duplicate(key);
    return &object.emplace_back(std::move(key), nullptr).second;
  }

  [[noreturn]] void refuse_duplicate(const std::string& key) const {
    throw data_error("{}: JSON key \"{}\" appears twice in one object", source_, printable(key));
  }

  Document* place(Document value) {
    count();
    if (open_.empty()) {
      document_ = std::move(value);
      return &document_;
    }
    if (open_.back()->is_array()) {
      open_.back()->push_back(std::move(value));
      return &open_.back()->back();
    }
    *member_ = std::move(value);
    return member_;
  }

  bool add(Document value) {
    place(std::move(value));
    return true;
  }

  bool open(Document value) {
    if (open_.size() >= static_cast<std::size_t>(kMaxJsonDepth)) {
      throw data_error("{}: JSON nested deeper than {}", source_, kMaxJsonDepth);
    }
    // Only the innermost open value grows, so pointers to outer ones stay valid.
    open_.push_back(place(std::move(value)));
    keys_.emplace_back();
    return true;
  }

  bool close() {
    open_.pop_back();
    keys_.pop_back();
    return true;
  }

  std::string_view source_;
  Document& document_;
  Dialect dialect_;
  std::vector<Document*> open_;
  std::vector<std::set<std::string>> keys_;  // of each open value, if members keep their order
  Document* member_ = nullptr;               // the member that receives the next value
  std::size_t values_ = 0;
};

}  // namespace

Json parse_json(std::string_view text, std::string_view source) {
  report_work(Work::kJsonParse, text);
  Json document;
  DocumentBuilder<Json> builder(source, document, {});
  Json::sax_parse(text.begin(), text.end(), &builder);
  return document;
}

Json parse_python_json(std::string_view text, std::string_view source) {
  const bool named = std::any_of(
      std::begin(kNamedNumbers), std::end(kNamedNumbers),
      [&](const NamedNumber& number) { return text.find(number.name) != std::string_view::npos; });
  report_work(Work::kJsonParse, text);
  Json document;
  DocumentBuilder<Json> builder(source, document, {named, true});
  const std::string with_numbers = named ? with_stand_ins(text) : std::string();
  const std::string_view json = named ? std::string_view(with_numbers) : text;
  Json::sax_parse(json.begin(), json.end(), &builder);
  return document;
}

OrderedJson parse_ordered_json(std::string_view text, std::string_view source) {
  report_work(Work::kJsonParse, text);
  OrderedJson document;
  DocumentBuilder<OrderedJson> builder(source, document, {});
  OrderedJson::sax_parse(text.begin(), text.end(), &builder);
  return document;
}

std::optional<JsonNode> JsonNode::find(std::string_view key) const {
  if (!value_->is_object()) fail(path_, "an object", *value_);
  const auto found = value_->find(std::string(key));
  if (found == value_->end() || found->is_null()) return std::nullopt;
  return JsonNode(*found, join(path_, key));
}

JsonNode JsonNode::at(std::string_view key) const {
  auto found = find(key);
  if (!found) throw data_error("{} is missing", join(path_, key));
  return *std::move(found);
}

std::string JsonNode::as_string() const {
  if (!value_->is_string()) fail(path_, "a string", *value_);
  return value_->get<std::string>();
}

bool JsonNode::as_bool() const {
  if (!value_->is_boolean()) fail(path_, "true or false", *value_);
  return value_->get<bool>();
}

double JsonNode::as_number() const {
  if (!value_->is_number()) fail(path_, "a number", *value_);
  const auto number = value_->get<double>();
  if (!std::isfinite(number)) fail(path_, "a finite number", *value_);
  return number;
}

std::uint64_t JsonNode::as_uint(std::uint64_t min, std::uint64_t max) const {
  const auto expected = [&] { return fmt::format("an integer from {} to {}", min, max); };
  std::uint64_t number = 0;
  if (value_->is_number_unsigned() ||
      (value_->is_number_integer() && value_->get<std::int64_t>() >= 0)) {
    number = value_->get<std::uint64_t>();
  } else if (value_->is_number_float() && value_->get<double>() >= 0 &&
             value_->get<double>() <= 9007199254740992.0 &&
             std::floor(value_->get<double>()) == value_->get<double>()) {
    number = static_cast<std::uint64_t>(value_->get<double>());  // some writers put 1e6 or 64.0
  } else {
    fail(path_, expected(), *value_);
  }
  if (number < min || number > max) fail(path_, expected(), *value_);
  return number;
}

std::vector<JsonNode> JsonNode::as_array(std::size_t max) const {
  if (!value_->is_array()) fail(path_, "an array", *value_);
  if (value_->size() > max) {
    throw complaint(path_, fmt::format("{} elements, at most {} are allowed", value_->size(), max));
  }
  std::vector<JsonNode> nodes;
  nodes.reserve(value_->size());
  for (std::size_t i = 0; i < value_->size(); ++i) {
    nodes.emplace_back((*value_)[i], fmt::format("{}[{}]", path_, i));
  }
  return nodes;
}

std::vector<std::pair<std::string, JsonNode>> JsonNode::as_object() const {
  if (!value_->is_object()) fail(path_, "an object", *value_);
  std::vector<std::pair<std::string, JsonNode>> nodes;
  nodes.reserve(value_->size());
  for (const auto& [key, member] : value_->items()) {
    nodes.emplace_back(key, JsonNode(member, join(path_, key)));
  }
  return nodes;
}

bool JsonNode::is_object() const {
  return value_->is_object();
}
bool JsonNode::is_array() const {
  return value_->is_array();
}
bool JsonNode::is_string() const {
  return value_->is_string();
}

}  // namespace cellm

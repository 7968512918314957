// Harnesses of constraints: a description of texts, and a walk through texts that it allows.
//
// An input is the description, then after a zero byte the choices of the walk: each byte chooses
// one of the bytes that may come next.

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/utf8.h"
#include "constrain/constrained_text.h"
#include "constrain/constraint_cache.h"
#include "harness.h"
#include "io/json.h"
#include "mutate.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/tokenizer_json.h"

namespace cellm::fuzz {
namespace {

using Value = nlohmann::ordered_json;

constexpr std::size_t kMaxFileBytes = std::size_t{16} << 20;
constexpr std::size_t kMaxWalk = 64;  // choices that are taken
constexpr std::size_t kMaxTextBytes = 512;
constexpr std::size_t kTokenChecks = 3;  // places where the set of tokens is compared

const Tokenizer& tokenizer() {
  static const Tokenizer made = [] {
    const std::string path = std::string(CELLM_FUZZ_DATA) + "/small.tokenizer.json";
    return Tokenizer(read_tokenizer_json(read_file(path, kMaxFileBytes), path), path);
  }();
  return made;
}

// The set of tokens is that of the tokens whose bytes are allowed.
void check_tokens(ConstrainedText& text) {
  const auto allowed = text.allowed();
  for (std::uint32_t id = 0; id < tokenizer().vocab_size(); ++id) {
    const bool in_set = (allowed[id / 64] >> id % 64 & 1) != 0;
    if (tokenizer().is_special(id)) {
      require(!in_set, "a control token is not allowed");
      continue;
    }
    const std::string bytes = tokenizer().token_bytes(id);
    require(in_set == (!bytes.empty() && text.allows(bytes)),
            "a token is allowed as its bytes are");
  }
}

std::vector<char> next_bytes(const ConstrainedText& text) {
  std::vector<char> next;
  for (int byte = 0; byte < 256; ++byte) {
    const char one = static_cast<char>(byte);
    if (text.allows({&one, 1})) next.push_back(one);
  }
  return next;
}

// Walks, and calls whole(text) for texts that may end. Choices of two in a row take the first byte
// that may come next, which ends most texts sooner.
template <class Whole>
void walk(const ConstraintPtr& constraint, std::string_view choices, Whole&& whole) {
  ConstrainedText text(constraint, tokenizer().trie());
  std::string bytes;
  std::size_t checks = 0;
  choices = choices.substr(0, kMaxWalk);
  for (std::size_t at = 0; bytes.size() < kMaxTextBytes; ++at) {
    if (text.may_end()) whole(bytes);
    require(text.may_end() || text.may_go_on(), "a text that began can be finished");
    if (at == choices.size()) return;
    const auto choice = static_cast<unsigned char>(choices[at]);
    if (choice % 16 == 0 && checks++ < kTokenChecks) check_tokens(text);
    const std::vector<char> next = next_bytes(text);
    require(next.empty() != text.may_go_on(), "a text goes on by some byte");
    if (next.empty()) return;
    const char byte = next[choice % next.size()];
    require(text.push({&byte, 1}), "a byte that is allowed can be appended");
    bytes += byte;
  }
}

// The parts of an input.
struct Input {
  std::string description;
  std::string_view choices;
};
Input parts_of(Bytes input) {
  const std::string_view text = text_of(input);
  const std::size_t end = std::min(text.find('\0'), text.size());
  return {std::string(text.substr(0, end)),
          end < text.size() ? text.substr(end + 1) : std::string_view()};
}

void check_whole(const ConstraintPtr& constraint, const std::string& text) {
  require(find_invalid_utf8(text) == std::string::npos, "an allowed text is UTF-8");
  require(satisfies(constraint, text), "dividing the text makes no difference");
}

bool is_of_type(const Value& value, const std::string& type) {
  if (type == "integer") {
    return value.is_number_integer() ||
           (value.is_number_float() && std::floor(value.get<double>()) == value.get<double>());
  }
  return (type == "object" && value.is_object()) || (type == "array" && value.is_array()) ||
         (type == "string" && value.is_string()) || (type == "number" && value.is_number()) ||
         (type == "boolean" && value.is_boolean()) || (type == "null" && value.is_null());
}

bool is_one_of(const Value& value, const Value& list) {
  return std::any_of(list.begin(), list.end(), [&](const Value& one) {
    return nlohmann::json(one) == nlohmann::json(value);
  });
}

std::size_t characters(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

// Some keywords of a schema, written anew from the specification.
void check_value(const Value& value, const Value& schema) {
  require(schema != Value(false), "no value satisfies false");
  if (!schema.is_object()) return;
  const auto has = [&](const char* name) { return schema.contains(name); };
  if (has("type")) {
    const Value& type = schema["type"];
    require(type.is_string() ? is_of_type(value, type.get<std::string>())
                             : std::any_of(type.begin(), type.end(),
                                           [&](const Value& one) {
                                             return is_of_type(value, one.get<std::string>());
                                           }),
            "a value has its type");
  }
  if (has("const")) require(is_one_of(value, Value::array({schema["const"]})), "a constant");
  if (has("enum")) require(is_one_of(value, schema["enum"]), "one of the values");
  if (value.is_number()) {
    const double number = value.get<double>();
    if (has("minimum")) require(number >= schema["minimum"].get<double>(), "the least number");
    if (has("maximum")) require(number <= schema["maximum"].get<double>(), "the largest number");
  }
  if (value.is_string()) {
    const auto length = static_cast<double>(characters(value.get<std::string>()));
    if (has("minLength")) require(length >= schema["minLength"].get<double>(), "a long text");
    if (has("maxLength")) require(length <= schema["maxLength"].get<double>(), "a short text");
  }
  if (value.is_array()) {
    const auto count = static_cast<double>(value.size());
    if (has("minItems")) require(count >= schema["minItems"].get<double>(), "many items");
    if (has("maxItems")) require(count <= schema["maxItems"].get<double>(), "few items");
    if (has("items") && !has("prefixItems")) {
      for (const Value& item : value) check_value(item, schema["items"]);
    }
  }
  if (!value.is_object()) return;
  if (has("required")) {
    for (const Value& name : schema["required"]) {
      require(value.contains(name.get<std::string>()), "a required property");
    }
  }
  if (!has("properties")) return;
  for (const auto& [name, property] : schema["properties"].items()) {
    if (value.contains(name)) check_value(value[name], property);
  }
}

void run_schema(Bytes input) {
  const auto [text, choices] = parts_of(input);
  const std::string description[] = {text};
  const ConstraintPtr constraint = compile_constraint(ConstraintKind::kJsonSchema, description);
  const Value schema = parse_ordered_json(text, "input");
  walk(constraint, choices, [&](const std::string& whole) {
    check_whole(constraint, whole);
    const Value value = Value::parse(whole, nullptr, false);
    require(!value.is_discarded(), "an allowed text is JSON");
    check_value(value, schema);
  });
}

void run_described(ConstraintKind kind, Bytes input) {
  const auto [text, choices] = parts_of(input);
  const std::string description[] = {text};
  const ConstraintPtr constraint = compile_constraint(kind, description);
  walk(constraint, choices, [&](const std::string& whole) { check_whole(constraint, whole); });
}

void run_regex(Bytes input) {
  run_described(ConstraintKind::kRegex, input);
}

void run_gbnf(Bytes input) {
  run_described(ConstraintKind::kGbnf, input);
}

constexpr std::array<std::string_view, 40> kKeywords{"type",
                                                     "object",
                                                     "array",
                                                     "string",
                                                     "number",
                                                     "integer",
                                                     "boolean",
                                                     "null",
                                                     "properties",
                                                     "required",
                                                     "additionalProperties",
                                                     "items",
                                                     "prefixItems",
                                                     "minItems",
                                                     "maxItems",
                                                     "uniqueItems",
                                                     "minLength",
                                                     "maxLength",
                                                     "pattern",
                                                     "format",
                                                     "date-time",
                                                     "email",
                                                     "minimum",
                                                     "maximum",
                                                     "exclusiveMinimum",
                                                     "exclusiveMaximum",
                                                     "multipleOf",
                                                     "anyOf",
                                                     "oneOf",
                                                     "allOf",
                                                     "enum",
                                                     "const",
                                                     "$ref",
                                                     "$defs",
                                                     "#",
                                                     "#/$defs/a",
                                                     "minProperties",
                                                     "maxProperties",
                                                     "not",
                                                     "a"};

std::string mutate_schema(const std::string& input, Random& random) {
  const std::size_t end = std::min(input.find('\0'), input.size());
  return mutate_json_text(input.substr(0, end), kKeywords, random) + input.substr(end);
}

}  // namespace

constinit const Harness kJsonSchema{"json_schema", run_schema, mutate_schema};
constinit const Harness kRegex{"regex", run_regex};
constinit const Harness kGbnf{"gbnf", run_gbnf};

}  // namespace cellm::fuzz

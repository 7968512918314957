// The types of a JSON schema, each by its keywords.
#include <algorithm>
#include <limits>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/limits.h"
#include "constrain/json_pointer.h"
#include "constrain/pattern.h"
#include "constrain/schema_compiler.h"
#include "constrain/schema_formats.h"

namespace cellm {
namespace {

constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

std::optional<std::uint32_t> limit(const SchemaAt& at, const char* keyword) {
  const std::size_t most = count_or(at, keyword, kNoLimit);
  if (most == kNoLimit) return std::nullopt;
  return static_cast<std::uint32_t>(most);
}

JsonLength length_of(const SchemaAt& at, const char* min, const char* max) {
  const JsonLength length{static_cast<std::uint32_t>(count_or(at, min, 0)), limit(at, max)};
  if (length.max && *length.max < length.min) {
    throw schema_usage(at.pointer, std::string(min) + " is more than " + max);
  }
  return length;
}

bool is_below(const Decimal& a, const Decimal& b) {
  if (a.negative != b.negative) return a.negative;
  const auto magnitude_below = [](const Decimal& x, const Decimal& y) {
    if (x.integer.size() != y.integer.size()) return x.integer.size() < y.integer.size();
    return x.integer != y.integer ? x.integer < y.integer : x.fraction < y.fraction;
  };
  return a.negative ? magnitude_below(b, a) : magnitude_below(a, b);
}

std::optional<DecimalBound> bound(const SchemaAt& at, const char* keyword, bool exclusive,
                                  bool integer) {
  const Schema* value = find(at, keyword);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number()) throw schema_usage(at.pointer, std::string(keyword) + " is no number");
  const auto decimal = Decimal::parse(value->dump());
  const bool exact = decimal && (integer || decimal->integer.size() + decimal->fraction.size() <=
                                                DecimalRange{}.max_digits);
  if (!exact) {
    throw schema_unsupported(at.pointer, std::string(keyword) + " with so many digits");
  }
  return DecimalBound{*decimal, exclusive};
}

// The stricter of two bounds, of which `less` is the less strict direction.
std::optional<DecimalBound> stricter(std::optional<DecimalBound> a, std::optional<DecimalBound> b,
                                     bool larger) {
  if (!a || !b) return a ? a : b;
  const bool b_is_stricter = larger ? !is_below(b->value, a->value) : !is_below(a->value, b->value);
  return b_is_stricter ? b : a;  // b is the exclusive one
}

std::vector<std::string> names(const SchemaAt& at, const char* keyword) {
  std::vector<std::string> result;
  const Schema* list = find_array(at, keyword);
  if (list == nullptr) return result;
  for (const Schema& name : *list) {
    if (!name.is_string()) throw schema_usage(at.pointer, "required has what is no string");
    result.push_back(name.get<std::string>());
  }
  return result;
}

}  // namespace

std::uint32_t SchemaCompiler::append_string(std::uint32_t from, const SchemaAt& at) {
  const JsonLength length = length_of(at, "minLength", "maxLength");
  const Schema* pattern = find(at, "pattern");
  const Schema* format = find(at, "format");
  if (pattern == nullptr && format == nullptr) return json_.string(from, length);
  if (pattern != nullptr && format != nullptr) {
    throw schema_unsupported(at.pointer, "pattern beside format");
  }
  const Schema& text = pattern != nullptr ? *pattern : *format;
  if (!text.is_string()) throw schema_usage(at.pointer, "pattern or format is no string");
  Pattern parsed;
  if (pattern != nullptr) {
    try {
      parsed = search_match(parse_pattern(text.get<std::string>()));
    } catch (const Error& error) {
      throw Error(error.kind(), "the schema at " + printable(at.pointer) + ": " + error.what());
    }
  } else {
    const std::string_view known = format_pattern(text.get<std::string>());
    if (known.empty()) {
      throw schema_unsupported(at.pointer, "format " + printable(text.get<std::string>()));
    }
    parsed = whole_match(parse_pattern(known));
  }
  return json_.quoted(from, [&](std::uint32_t start) {
    return append_pattern(
        builder_, start, parsed, length.min, length.max,
        [this](std::uint32_t node, const CharSet& set) { return json_.character(node, set); });
  });
}

std::uint32_t SchemaCompiler::append_number(std::uint32_t from, const SchemaAt& at, bool integer) {
  const Schema* multiple = find(at, "multipleOf");
  if (multiple != nullptr && !(integer && *multiple == 1)) {
    throw schema_unsupported(at.pointer, "multipleOf");
  }
  DecimalRange range{.min = stricter(bound(at, "minimum", false, integer),
                                     bound(at, "exclusiveMinimum", true, integer), true),
                     .max = stricter(bound(at, "maximum", false, integer),
                                     bound(at, "exclusiveMaximum", true, integer), false),
                     .fractions = !integer};
  if (!range.min && !range.max) return integer ? json_.integer(from) : json_.number(from);
  if (integer) range.max_digits = 18;
  return json_.number_in(from, range);
}

std::uint32_t SchemaCompiler::append_object(std::uint32_t from, const SchemaAt& at,
                                            std::size_t depth) {
  static const Schema anything = true;
  const Schema* properties = find_object(at, "properties");
  const Schema* additional = find(at, "additionalProperties");
  std::vector<std::string> required = names(at, "required");
  std::sort(required.begin(), required.end());
  required.erase(std::unique(required.begin(), required.end()), required.end());
  const auto is_required = [&](const std::string& name) {
    return std::binary_search(required.begin(), required.end(), name);
  };

  const SchemaAt others{additional != nullptr ? additional : &anything,
                        at.pointer + "/additionalProperties"};
  JsonObject object;
  if (properties != nullptr) {
    for (const auto& item : properties->items()) {
      const SchemaAt member{&item.value(), at.pointer + "/properties" + pointer_step(item.key())};
      object.members.push_back({item.key(), is_required(item.key()), value_of(member, depth)});
    }
  }
  for (const std::string& name : required) {
    if (properties != nullptr && properties->contains(name)) continue;
    object.members.push_back({name, true, value_of(others, depth)});
  }
  // Not mentioned, they are allowed, and left out where others are named.
  const bool has_others = additional != nullptr ? *additional != false : object.members.empty();
  if (has_others) {
    object.additional = value_of(others, depth);
    for (const JsonMember& member : object.members) {
      if (member.key.size() > kMaxPropertyBytes) {
        throw schema_usage(at.pointer, "the name of a property is too long");
      }
    }
  }
  if (count_or(at, "minProperties", 0) > required.size()) {
    throw schema_unsupported(at.pointer, "minProperties above the number of required properties");
  }
  const std::size_t most = count_or(at, "maxProperties", kNoLimit);
  if (most != kNoLimit && (has_others || most < object.members.size())) {
    throw schema_unsupported(at.pointer, "maxProperties below the number of properties");
  }
  return json_.object(from, object);
}

std::uint32_t SchemaCompiler::append_array(std::uint32_t from, const SchemaAt& at,
                                           std::size_t depth) {
  static const Schema anything = true;
  const JsonLength length = length_of(at, "minItems", "maxItems");
  const Schema* items = find(at, "items");
  if (items != nullptr && items->is_array()) {
    throw schema_unsupported(at.pointer, "items that is an array (prefixItems)");
  }
  JsonArray array{{}, {}, length.min, length.max};
  if (const Schema* prefix = find_array(at, "prefixItems")) {
    for (std::size_t i = 0; i < prefix->size(); ++i) {
      array.prefix.push_back(
          value_of({&(*prefix)[i], at.pointer + "/prefixItems/" + std::to_string(i)}, depth));
    }
  }
  // Not mentioned, they are anything, and left out behind a prefix where they may be.
  const bool may_have_others = array.prefix.empty() || length.min > array.prefix.size();
  if (items != nullptr ? *items != false : may_have_others) {
    array.items = value_of({items != nullptr ? items : &anything, at.pointer + "/items"}, depth);
  }
  return json_.array(from, array);
}

}  // namespace cellm

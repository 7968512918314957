// JSON texts as grammars, in the form that models write.
//
// White space is what people and models use: nothing or one space, or a line break with up to
// kMaxJsonIndent spaces or 16 tabs, behind brackets and commas; nothing or one space behind a
// colon. So no text can be blank for long.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "constrain/char_set.h"
#include "constrain/decimal.h"
#include "constrain/grammar.h"

namespace cellm {

inline constexpr int kMaxJsonIndent = 64;

// Appends a value and returns the last node.
using AppendValue = std::function<std::uint32_t(std::uint32_t from)>;

struct JsonMember {
  std::string key;
  bool required;
  AppendValue value;
};

struct JsonObject {
  std::vector<JsonMember> members;  // in this order; keys differ
  AppendValue additional;           // of any other key, behind the members; empty: there is none
};

struct JsonArray {
  std::vector<AppendValue> prefix;  // the first items
  AppendValue items;                // those behind them; empty: there are none
  std::uint32_t min = 0;
  std::optional<std::uint32_t> max = {};
};

struct JsonLength {
  std::uint32_t min = 0;
  std::optional<std::uint32_t> max = {};
};

// Appends JSON to automata of a builder. Rules that occur often are made once.
class JsonGrammar {
 public:
  explicit JsonGrammar(GrammarBuilder& builder) : builder_(builder) {}

  GrammarBuilder& builder() { return builder_; }

  std::uint32_t value(std::uint32_t from);  // any
  std::uint32_t any_object(std::uint32_t from);
  std::uint32_t any_array(std::uint32_t from);
  // Any string, of as many characters.
  std::uint32_t string(std::uint32_t from, const JsonLength& length = {});
  // The content that append_content appends, between quotation marks, by character().
  std::uint32_t quoted(std::uint32_t from, const AppendValue& append_content);
  // A character of a set in a string: as itself if it may be, else by its shortest escape.
  std::uint32_t character(std::uint32_t from, const CharSet& set);
  std::uint32_t number(std::uint32_t from);
  std::uint32_t integer(std::uint32_t from);
  std::uint32_t number_in(std::uint32_t from, const DecimalRange& range);
  // These values, as models would write them.
  std::uint32_t constants(std::uint32_t from, std::span<const nlohmann::ordered_json> values);
  std::uint32_t object(std::uint32_t from, const JsonObject& object);
  std::uint32_t array(std::uint32_t from, const JsonArray& array);

 private:
  std::uint32_t shared(std::optional<std::uint32_t>& rule, const char* name,
                       const AppendValue& body);
  std::uint32_t space(std::uint32_t from);
  std::uint32_t colon(std::uint32_t from);
  std::uint32_t any_character(std::uint32_t from);
  std::uint32_t escape(std::uint32_t from);
  std::uint32_t constant(std::uint32_t from, const nlohmann::ordered_json& value);
  std::uint32_t digits(std::uint32_t from, int least, int most);
  std::uint32_t integer_part(std::uint32_t from, int digits);
  std::uint32_t other_key(std::uint32_t from, const std::vector<JsonMember>& members);
  void key_rest(std::uint32_t from, std::span<const std::u32string> keys, std::size_t depth,
                std::uint32_t to);

  GrammarBuilder& builder_;
  std::optional<std::uint32_t> value_;
  std::optional<std::uint32_t> object_;
  std::optional<std::uint32_t> array_;
  std::optional<std::uint32_t> string_;
  std::optional<std::uint32_t> character_;
  std::optional<std::uint32_t> key_characters_;
  std::optional<std::uint32_t> number_;
  std::optional<std::uint32_t> integer_;
  std::optional<std::uint32_t> space_;
};

}  // namespace cellm

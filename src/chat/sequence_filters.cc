// Filters over lists, and the few over numbers.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "chat/attribute_path.h"
#include "chat/builtins.h"
#include "chat/operators.h"
#include "chat/text_operations.h"

namespace cellm::chat {
namespace {

Value or_default(Interpreter&, const Value& input, Arguments& arguments) {
  const auto values = bind(arguments, "default", {"default_value", "boolean"});
  const bool absent = is_undefined(input) || (truth_or(values[1], false) && !truth(input));
  return absent ? values[0].value_or(make_text("")) : input;
}

Value count(Interpreter& interpreter, const Value& input, Arguments&) {
  return static_cast<std::int64_t>(length(input, interpreter.budget()));
}

Value first(Interpreter& interpreter, const Value& input, Arguments&) {
  const std::vector<Value> all = elements(input, interpreter.budget());
  return all.empty() ? make_undefined("No first item, sequence was empty.") : all.front();
}

Value last(Interpreter& interpreter, const Value& input, Arguments&) {
  const std::vector<Value> all = elements(input, interpreter.budget());
  return all.empty() ? make_undefined("No last item, sequence was empty.") : all.back();
}

Value list(Interpreter& interpreter, const Value& input, Arguments&) {
  return make_sequence(elements(input, interpreter.budget()));
}

Value reverse(Interpreter& interpreter, const Value& input, Arguments&) {
  if (text_if(input) != nullptr) {
    return sliced(input, {.begin = {}, .end = {}, .step = -1}, interpreter.budget());
  }
  std::vector<Value> all = elements(input, interpreter.budget());
  std::reverse(all.begin(), all.end());
  return make_sequence(std::move(all), Sequence::Kind::kGenerator);
}

Value join(Interpreter& interpreter, const Value& input, Arguments& arguments) {
  const auto values = bind(arguments, "join", {"d", "attribute"});
  Budget& budget = interpreter.budget();
  const AttributePath path(values[1]);
  std::vector<Text> parts;
  for (const Value& item : elements(input, budget)) {
    parts.push_back(to_text(path.get(interpreter, item), budget));
  }
  return make_text(joined(values[0] ? to_text(*values[0], budget) : Text(), parts));
}

Value items(Interpreter& interpreter, const Value& input, Arguments&) {
  if (is_undefined(input)) return make_sequence({}, Sequence::Kind::kGenerator);
  const Dict* dict = dict_if(input);
  if (dict == nullptr) throw Fault("Can only get item pairs from a mapping.");
  std::vector<Value> pairs;
  interpreter.budget().spend(dict->entries.size());
  for (const auto& [key, value] : dict->entries) {
    pairs.push_back(make_sequence({key, value}, Sequence::Kind::kTuple));
  }
  return make_sequence(std::move(pairs), Sequence::Kind::kGenerator);
}

Value batch(Interpreter& interpreter, const Value& input, Arguments& arguments) {
  const auto values = bind(arguments, "batch", {"linecount", "fill_with"});
  const std::int64_t width = integer_or(values[0], 0, "the line count");
  if (width < 1) throw Fault("the line count of batch must be positive");
  std::vector<Value> lines;
  std::vector<Value> line;
  for (Value& item : elements(input, interpreter.budget())) {
    if (static_cast<std::int64_t>(line.size()) == width) {
      lines.push_back(make_sequence(std::exchange(line, {})));
    }
    line.push_back(std::move(item));
  }
  if (!line.empty()) {
    const bool fills = values[1] && !is_none(*values[1]);
    if (fills && width > kMaxRange) throw Fault("the line count of batch is too large");
    if (fills) line.resize(static_cast<std::size_t>(width), *values[1]);
    lines.push_back(make_sequence(std::move(line)));
  }
  return make_sequence(std::move(lines), Sequence::Kind::kGenerator);
}

Value slice(Interpreter& interpreter, const Value& input, Arguments& arguments) {
  const auto values = bind(arguments, "slice", {"slices", "fill_with"});
  const std::int64_t count = integer_or(values[0], 0, "the number of slices");
  if (count < 1 || count > kMaxRange) throw Fault("the number of slices is out of range");
  const std::vector<Value> all = elements(input, interpreter.budget());
  const auto slices = static_cast<std::size_t>(count);
  const std::size_t each = all.size() / slices;
  const std::size_t longer = all.size() % slices;
  std::vector<Value> parts;
  auto at = all.begin();
  for (std::size_t i = 0; i < slices; ++i) {
    const auto end = at + static_cast<std::ptrdiff_t>(each + (i < longer ? 1 : 0));
    std::vector<Value> part(at, end);
    at = end;
    if (values[1] && !is_none(*values[1]) && i >= longer) part.push_back(*values[1]);
    parts.push_back(make_sequence(std::move(part)));
  }
  return make_sequence(std::move(parts), Sequence::Kind::kGenerator);
}

Value sum(Interpreter& interpreter, const Value& input, Arguments& arguments) {
  const auto values = bind(arguments, "sum", {"attribute", "start"});
  const AttributePath path(values[0]);
  Value total = values[1].value_or(std::int64_t{0});
  for (const Value& item : elements(input, interpreter.budget())) {
    total = arithmetic("+", total, path.get(interpreter, item), interpreter.budget());
  }
  return total;
}

Value absolute(Interpreter&, const Value& input, Arguments&) {
  if (is_integer(input)) {
    const std::int64_t value = as_integer(input, "");
    return value < 0 ? negated(value) : Value(value);
  }
  return std::abs(as_double(input));
}

Value round_half_even(double value, std::int64_t precision) {
  constexpr std::int64_t kDoubleDigits = 300;  // beyond the digits of any double
  constexpr std::int64_t kLargest = 308;       // the power of ten of the largest one
  if (!std::isfinite(value) || precision > kDoubleDigits) return value;
  if (precision < 0) {
    if (precision < -kLargest) return std::copysign(0.0, value);
    const double scale = std::pow(10.0, static_cast<double>(-precision));
    return std::nearbyint(value / scale) * scale;
  }
  // The decimal digits of the exact value, as Python rounds.
  return std::stod(fmt::format("{:.{}f}", value, precision));
}

Value round(Interpreter&, const Value& input, Arguments& arguments) {
  const auto values = bind(arguments, "round", {"precision", "method"});
  const std::int64_t precision = integer_or(values[0], 0, "the precision");
  const std::string method = values[1] ? bytes_of(*values[1], "the method") : "common";
  refuse_undefined(input);
  if (!is_number(input)) throw Fault("round needs a number");
  if (method == "common") {
    if (!is_integer(input)) return round_half_even(as_double(input), precision);
    if (precision >= 0) return as_integer(input, "");
    const Value rounded = round_half_even(as_double(input), precision);
    return static_cast<std::int64_t>(as_double(rounded));
  }
  if (method != "ceil" && method != "floor") {
    throw Fault("the method of round must be common, ceil or floor");
  }
  const double scale = std::pow(10.0, static_cast<double>(precision));
  if (is_integer(input) && precision >= 0) return as_double(input);
  const double scaled = as_double(input) * scale;
  if (!std::isfinite(scale) || !std::isfinite(scaled) || scale == 0) {
    throw Fault("a number to round is not finite or has too many digits");
  }
  // Python's ceil() and floor() give integers, which have no negative zero.
  return ((method == "ceil" ? std::ceil(scaled) : std::floor(scaled)) + 0.0) / scale;
}

}  // namespace

Table<FilterFunction> sequence_filters() {
  static constexpr Named<FilterFunction> kFilters[] = {
      {"default", or_default},
      {"d", or_default},
      {"length", count},
      {"count", count},
      {"first", first},
      {"last", last},
      {"list", list},
      {"reverse", reverse},
      {"join", join},
      {"items", items},
      {"batch", batch},
      {"slice", slice},
      {"sum", sum},
      {"abs", absolute},
      {"round", round},
  };
  return kFilters;
}

}  // namespace cellm::chat

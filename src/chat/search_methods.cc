// Methods of texts that search and divide them.
#include <algorithm>

#include <fmt/format.h>

#include "chat/builtins.h"
#include "chat/characters.h"
#include "chat/search.h"
#include "chat/text_operations.h"

namespace cellm::chat {
namespace {

const Text& self_text(const Value& self) {
  return *text_if(self);
}

// The bytes of text[begin:end], which may be negative.
struct Window {
  std::string_view bytes;
  std::size_t offset;  // of its first byte
  bool valid;          // false: begins after the text
};

Window window(const Text& text, const std::optional<Value>& begin, const std::optional<Value>& end,
              Budget& budget) {
  const std::string_view bytes = text.bytes();
  const auto given = [](const std::optional<Value>& v) { return v && !is_none(*v); };
  if (!given(begin) && !given(end)) return {bytes, 0, true};
  budget.spend(bytes.size());
  const std::vector<std::size_t> offsets = boundaries(bytes);
  const auto count = static_cast<std::int64_t>(offsets.size()) - 1;
  const auto place = [&](const std::optional<Value>& value, std::int64_t otherwise) {
    const std::int64_t at = given(value) ? as_integer(*value, "an index") : otherwise;
    return at < 0 ? std::max<std::int64_t>(0, at + count) : at;
  };
  const std::int64_t from = place(begin, 0);
  const std::int64_t to = std::min(place(end, count), count);
  if (from > count || from > to) return {{}, 0, false};
  const std::size_t first = offsets[static_cast<std::size_t>(from)];
  return {bytes.substr(first, offsets[static_cast<std::size_t>(to)] - first), first, true};
}

// str.startswith() and endswith(), which take a text or a tuple of texts.
template <bool kStart>
Value begins_or_ends(Interpreter& interpreter, const Value& self, Arguments& arguments) {
  const auto values = bind(arguments, kStart ? "startswith" : "endswith",
                           {kStart ? "prefix" : "suffix", "start", "end"});
  if (!values[0]) throw Fault("startswith() and endswith() need a text");
  refuse_undefined(*values[0]);
  const Window in = window(self_text(self), values[1], values[2], interpreter.budget());
  const auto matches = [&](const Value& part) {
    const std::string& bytes = bytes_of(part, "the prefix or suffix");
    return in.valid && (kStart ? in.bytes.starts_with(bytes) : in.bytes.ends_with(bytes));
  };
  const Sequence* several = sequence_if(*values[0]);
  if (several == nullptr || several->kind != Sequence::Kind::kTuple) return matches(*values[0]);
  return std::any_of(several->items.begin(), several->items.end(), matches);
}

// str.find() and its relatives: the index of a character, or -1.
template <bool kFromRight>
std::int64_t found_at(Interpreter& interpreter, const Value& self, Arguments& arguments) {
  const auto values = bind(arguments, "find", {"sub", "start", "end"});
  const std::string& part = bytes_of(values[0].value_or(None{}), "the text to find");
  const Text& text = self_text(self);
  interpreter.budget().spend(text.size() / 4 + 1);
  const Window in = window(text, values[1], values[2], interpreter.budget());
  if (!in.valid) return -1;
  const std::size_t at = kFromRight ? find_last_part(in.bytes, part) : find_part(in.bytes, part);
  if (at == std::string_view::npos) return -1;
  return static_cast<std::int64_t>(
      count_characters(std::string_view(text.bytes()).substr(0, in.offset + at)));
}

template <bool kFromRight>
Value find(Interpreter& interpreter, const Value& self, Arguments& arguments) {
  return found_at<kFromRight>(interpreter, self, arguments);
}

template <bool kFromRight>
Value index(Interpreter& interpreter, const Value& self, Arguments& arguments) {
  const std::int64_t at = found_at<kFromRight>(interpreter, self, arguments);
  if (at < 0) throw Fault("substring not found");
  return at;
}

Value count(Interpreter& interpreter, const Value& self, Arguments& arguments) {
  const auto values = bind(arguments, "count", {"sub", "start", "end"});
  const std::string& part = bytes_of(values[0].value_or(None{}), "the text to count");
  const Window in = window(self_text(self), values[1], values[2], interpreter.budget());
  interpreter.budget().spend(in.bytes.size() / 4 + 1);
  if (!in.valid) return std::int64_t{0};
  if (part.empty()) return static_cast<std::int64_t>(count_characters(in.bytes) + 1);
  std::int64_t times = 0;
  for (std::size_t at = find_part(in.bytes, part); at != std::string_view::npos;
       at = find_part(in.bytes, part, at + part.size())) {
    ++times;
  }
  return times;
}

template <bool kFromRight>
Value split_method(Interpreter& interpreter, const Value& self, Arguments& arguments) {
  const auto values = bind(arguments, "split", {"sep", "maxsplit"});
  const std::int64_t most = integer_or(values[1], -1, "maxsplit");
  const Text& text = self_text(self);
  interpreter.budget().spend(text.size() + 1);
  if (!values[0] || is_none(*values[0])) return make_list(split_space(text, most, kFromRight));
  const std::string& separator = bytes_of(*values[0], "the separator");
  if (separator.empty()) throw Fault("empty separator");
  return make_list(split(text, separator, most, kFromRight));
}

Value split_lines_method(Interpreter& interpreter, const Value& self, Arguments& arguments) {
  interpreter.budget().spend(self_text(self).size() + 1);
  return make_list(split_lines(self_text(self),
                               truth_or(bind(arguments, "splitlines", {"keepends"})[0], false)));
}

template <bool kFromRight>
Value partition(Interpreter&, const Value& self, Arguments& arguments) {
  const auto value = bind(arguments, "partition", {"sep"})[0];
  const std::string& separator = bytes_of(value.value_or(None{}), "the separator");
  if (separator.empty()) throw Fault("empty separator");
  const Text& text = self_text(self);
  const std::size_t at =
      kFromRight ? find_last_part(text.bytes(), separator) : find_part(text.bytes(), separator);
  std::vector<Value> parts(3, make_like(text, Text()));
  if (at == std::string::npos) {
    parts[kFromRight ? 2 : 0] = self;
  } else {
    parts[0] = make_text(text.slice(0, at));
    parts[1] = make_text(text.slice(at, at + separator.size()));
    parts[2] = make_text(text.slice(at + separator.size(), text.size()));
  }
  return make_sequence(std::move(parts), Sequence::Kind::kTuple);
}

Value join(Interpreter& interpreter, const Value& self, Arguments& arguments) {
  const auto value = bind(arguments, "join", {"iterable"})[0];
  if (!value) throw Fault("join() needs a list");
  const Text& separator = self_text(self);
  Budget& budget = interpreter.budget();
  std::vector<Text> parts;
  for (const Value& item : elements(*value, budget)) {
    // Markup joins all values, a plain text only texts.
    parts.push_back(separator.is_markup() ? escaped(to_text(item, budget), budget)
                                          : text_of(item, "an element of join()"));
    budget.spend(parts.back().size() / 16);
  }
  return make_like(separator, joined(separator, parts));
}

}  // namespace

Table<MethodFunction> search_methods() {
  static constexpr Named<MethodFunction> kMethods[] = {
      {"startswith", begins_or_ends<true>},
      {"endswith", begins_or_ends<false>},
      {"find", find<false>},
      {"rfind", find<true>},
      {"index", index<false>},
      {"rindex", index<true>},
      {"count", count},
      {"split", split_method<false>},
      {"rsplit", split_method<true>},
      {"splitlines", split_lines_method},
      {"partition", partition<false>},
      {"rpartition", partition<true>},
      {"join", join},
  };
  return kMethods;
}

}  // namespace cellm::chat

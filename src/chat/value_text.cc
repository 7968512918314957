// str() and repr() of Python.
#include <cmath>

#include <fmt/format.h>

#include "base/utf8.h"
#include "chat/characters.h"
#include "chat/value.h"

namespace cellm::chat {
namespace {

void append_escaped(Text& out, std::string_view character, char32_t code, char quote,
                    Origin origin) {
  if (code == '\\' || code == static_cast<unsigned char>(quote)) {
    out.append("\\", origin);
    out.append(character, origin);
  } else if (code == '\n') {
    out.append("\\n", origin);
  } else if (code == '\r') {
    out.append("\\r", origin);
  } else if (code == '\t') {
    out.append("\\t", origin);
  } else if (is_printable(code)) {
    out.append(character, origin);
  } else if (code < 0x100) {
    out.append(fmt::format("\\x{:02x}", static_cast<unsigned>(code)), origin);
  } else if (code < 0x10000) {
    out.append(fmt::format("\\u{:04x}", static_cast<unsigned>(code)), origin);
  } else {
    out.append(fmt::format("\\U{:08x}", static_cast<unsigned>(code)), origin);
  }
}

void append_quoted(Text& out, const Text& text) {
  const std::string& bytes = text.bytes();
  const bool double_quotes =
      bytes.find('\'') != std::string::npos && bytes.find('"') == std::string::npos;
  const char quote = double_quotes ? '"' : '\'';
  const std::string_view mark(&quote, 1);
  out.append(mark, Origin::kTemplate);
  for (std::size_t at = 0, size = 0; at < bytes.size(); at += size) {
    const std::string_view rest = std::string_view(bytes).substr(at);
    const char32_t code = decode_utf8(rest, size);
    append_escaped(out, rest.substr(0, size), code, quote, text.origin_at(at));
  }
  out.append(mark, Origin::kTemplate);
}

class Writer {
 public:
  explicit Writer(Budget& budget) : budget_(budget) {}

  void repr(const Value& value) {
    budget_.spend(1);
    check_size();
    if (const Text* text = text_if(value)) {
      budget_.spend(text->size());
      if (text->is_markup()) put("Markup(");
      append_quoted(out_, *text);
      if (text->is_markup()) put(")");
    } else if (const Sequence* sequence = sequence_if(value)) {
      write(*sequence);
    } else if (const Dict* dict = dict_if(value)) {
      write(*dict);
    } else if (const auto* space = std::get_if<NamespaceRef>(&value)) {
      write(**space);
    } else {
      put(scalar(value));
    }
  }

  Text take() { return std::move(out_); }

 private:
  void put(std::string_view text) { out_.append(text, Origin::kTemplate); }
  void check_size() const {
    if (out_.size() > kMaxTextBytes) throw Fault("a printed value is too long");
  }

  void write(const Sequence& sequence) {
    using Kind = Sequence::Kind;
    if (sequence.kind == Kind::kGenerator) throw Fault("a generator cannot be printed; use |list");
    if (sequence.kind == Kind::kRange) {
      write_range(sequence);
      return;
    }
    const bool view = sequence.kind != Kind::kList && sequence.kind != Kind::kTuple;
    const bool tuple = sequence.kind == Kind::kTuple;
    if (view) put(fmt::format("{}(", type_name(make_sequence({}, sequence.kind))));
    put(tuple ? "(" : "[");
    for (std::size_t i = 0; i < sequence.items.size(); ++i) {
      if (i > 0) put(", ");
      repr(sequence.items[i]);
    }
    if (tuple && sequence.items.size() == 1) put(",");
    put(tuple ? ")" : "]");
    if (view) put(")");
  }

  void write_range(const Sequence& range) {
    const auto at = [&](std::size_t i) { return as_integer(range.items[i], "an element"); };
    if (range.items.size() < 2) {
      const std::int64_t begin = range.items.empty() ? 0 : at(0);
      put(fmt::format("range({}, {})", begin, begin + (range.items.empty() ? 0 : 1)));
      return;
    }
    const std::int64_t step = at(1) - at(0);
    const std::int64_t end = at(range.items.size() - 1) + step;
    put(step == 1 ? fmt::format("range({}, {})", at(0), end)
                  : fmt::format("range({}, {}, {})", at(0), end, step));
  }

  void write(const Dict& dict) {
    put("{");
    for (std::size_t i = 0; i < dict.entries.size(); ++i) {
      if (i > 0) put(", ");
      repr(dict.entries[i].first);
      put(": ");
      repr(dict.entries[i].second);
    }
    put("}");
  }

  void write(const Namespace& space) {
    if (++namespaces_ > kMaxValueDepth) throw Fault("a namespace contains itself");
    put("<Namespace {");
    for (std::size_t i = 0; i < space.members.size(); ++i) {
      put(fmt::format("{}'{}': ", i > 0 ? ", " : "", space.members[i].first));
      repr(space.members[i].second);
    }
    put("}>");
    --namespaces_;
  }

  std::string scalar(const Value& value) const {
    if (is_none(value)) return "None";
    if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "True" : "False";
    if (const auto* number = std::get_if<std::int64_t>(&value)) return fmt::format("{}", *number);
    if (const auto* number = std::get_if<double>(&value)) return float_text(*number);
    if (is_undefined(value)) return "Undefined";
    if (const auto* callable = std::get_if<CallableRef>(&value)) {
      const std::string_view what =
          (*callable)->call ? std::string_view("function") : std::string_view("object");
      return (*callable)->is_macro ? fmt::format("<Macro '{}'>", (*callable)->name)
                                   : fmt::format("<{} {}>", what, (*callable)->name);
    }
    const auto& loop = std::get<LoopRef>(value);
    return fmt::format("<LoopContext {}/{}>", loop->index0 + 1, loop->items.size());
  }

  Budget& budget_;
  Text out_;
  int namespaces_ = 0;
};

}  // namespace

std::string float_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

Text to_text(const Value& value, Budget& budget) {
  if (is_undefined(value)) return {};
  if (const Text* text = text_if(value)) {
    budget.spend(text->size() / 16 + 1);
    return *text;
  }
  return to_repr(value, budget);
}

Text to_repr(const Value& value, Budget& budget) {
  Writer writer(budget);
  writer.repr(value);
  return writer.take();
}

}  // namespace cellm::chat

#include "chat/json_text.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/utf8.h"
#include "chat/builtins.h"

namespace cellm::chat {
namespace {

class Writer {
 public:
  Writer(const JsonStyle& style, Budget& budget) : style_(style), budget_(budget) {}

  void write(const Value& value) {
    budget_.spend(1);
    if (out_.size() > kMaxTextBytes) throw Fault("a JSON text is too long");
    refuse_undefined(value);
    if (const Text* text = text_if(value)) {
      write_text(*text);
    } else if (const Dict* dict = dict_if(value)) {
      write_dict(*dict);
    } else if (const Sequence* sequence = sequence_if(value)) {
      write_list(*sequence);
    } else {
      put(scalar(value));
    }
  }

  Text take() { return std::move(out_); }

 private:
  void put(std::string_view text) { out_.append(text, Origin::kTemplate); }

  static std::string scalar(const Value& value) {
    if (is_none(value)) return "null";
    if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
    if (is_integer(value)) return fmt::format("{}", as_integer(value, ""));
    if (!is_number(value)) {
      throw Fault(fmt::format("Object of type {} is not JSON serializable", type_name(value)));
    }
    const double number = as_double(value);
    if (std::isnan(number)) return "NaN";
    if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
    return float_text(number);
  }

  void newline() {
    if (!style_.indent) return;
    put("\n");
    for (int i = 0; i < level_; ++i) put(*style_.indent);
  }

  void write_list(const Sequence& sequence) {
    using Kind = Sequence::Kind;
    if (sequence.kind != Kind::kList && sequence.kind != Kind::kTuple) {
      throw Fault(fmt::format("Object of type {} is not JSON serializable",
                              type_name(make_sequence({}, sequence.kind))));
    }
    if (sequence.items.empty()) {
      put("[]");
      return;
    }
    put("[");
    ++level_;
    for (std::size_t i = 0; i < sequence.items.size(); ++i) {
      if (i > 0) put(style_.item_separator);
      newline();
      write(sequence.items[i]);
    }
    --level_;
    newline();
    put("]");
  }

  void write_dict(const Dict& dict) {
    if (dict.entries.empty()) {
      put("{}");
      return;
    }
    std::vector<const std::pair<Value, Value>*> entries;
    for (const auto& entry : dict.entries) entries.push_back(&entry);
    budget_.spend(entries.size());
    if (style_.sort_keys) {
      std::stable_sort(entries.begin(), entries.end(), [this](const auto* a, const auto* b) {
        return compare(a->first, b->first, budget_) < 0;
      });
    }
    put("{");
    ++level_;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (i > 0) put(style_.item_separator);
      newline();
      write_key(entries[i]->first);
      put(style_.key_separator);
      write(entries[i]->second);
    }
    --level_;
    newline();
    put("}");
  }

  void write_key(const Value& key) {
    if (const Text* text = text_if(key)) {
      write_text(*text);
      return;
    }
    if (!is_number(key) && !is_none(key)) {
      throw Fault(
          fmt::format("keys must be str, int, float, bool or None, not {}", type_name(key)));
    }
    put("\"");
    put(scalar(key));
    put("\"");
  }

  void write_text(const Text& text) {
    const std::string_view bytes = text.bytes();
    budget_.spend(bytes.size() / 4 + 1);
    put("\"");
    std::size_t plain = 0;  // the start of what needs no escape
    for (std::size_t at = 0, size = 0; at < bytes.size(); at += size) {
      const char32_t code = decode_utf8(bytes.substr(at), size);
      const std::string escaped = escape(code);
      if (escaped.empty()) continue;
      out_.append(text, plain, at);
      out_.append(escaped, text.origin_at(at));
      plain = at + size;
    }
    out_.append(text, plain, bytes.size());
    put("\"");
  }

  // Empty for a character that stands for itself.
  std::string escape(char32_t code) const {
    constexpr std::string_view kCharacters = "\"\\\b\f\n\r\t";
    constexpr std::string_view kLetters = "\"\\bfnrt";
    if (code < 0x80) {
      const std::size_t at = kCharacters.find(static_cast<char>(code));
      if (at != std::string_view::npos) return {'\\', kLetters[at]};
      return code < 0x20 ? fmt::format("\\u{:04x}", static_cast<unsigned>(code)) : std::string();
    }
    if (!style_.ensure_ascii) return {};
    if (code < 0x10000) return fmt::format("\\u{:04x}", static_cast<unsigned>(code));
    const auto rest = static_cast<unsigned>(code - 0x10000);
    return fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + (rest >> 10), 0xDC00 + (rest & 0x3FF));
  }

  const JsonStyle& style_;
  Budget& budget_;
  Text out_;
  int level_ = 0;
};

}  // namespace

JsonStyle json_style(Arguments& arguments, Budget& budget) {
  const auto values =
      bind(arguments, "tojson", {"ensure_ascii", "indent", "separators", "sort_keys"});
  JsonStyle style;
  style.ensure_ascii = truth_or(values[0], false);
  style.sort_keys = truth_or(values[3], false);
  if (values[1] && !is_none(*values[1])) {
    constexpr std::int64_t kMaxIndent = 1000;
    if (const Text* text = text_if(*values[1])) {
      style.indent = text->bytes();
    } else {
      const std::int64_t width = as_integer(*values[1], "the indent");
      if (width > kMaxIndent) throw Fault("the indent of tojson is too large");
      style.indent = std::string(static_cast<std::size_t>(std::max<std::int64_t>(0, width)), ' ');
    }
    style.item_separator.assign(1, ',');
  }
  if (values[2] && !is_none(*values[2])) {
    const std::vector<Value> pair = elements(*values[2], budget);
    if (pair.size() != 2) throw Fault("the separators of tojson are two texts");
    style.item_separator = bytes_of(pair[0], "a separator");
    style.key_separator = bytes_of(pair[1], "a separator");
  }
  return style;
}

Text json_text(const Value& value, const JsonStyle& style, Budget& budget) {
  Writer writer(style, budget);
  writer.write(value);
  return writer.take();
}

}  // namespace cellm::chat

// A text that remembers who wrote each of its bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cellm::chat {

enum class Origin : std::uint8_t {
  kTemplate,   // the model's template: its control tokens are meant
  kAssistant,  // an answer of the model
  kUser,       // everything else that a caller passes in
};

// UTF-8 with the origin of each byte. A text may be markup, as the filters safe and escape make it:
// what is then added to it is escaped as HTML (the class Markup of markupsafe).
class Text {
 public:
  // Bytes up to `end` (from the end of the previous run) of one origin. Neighbours differ.
  struct Run {
    std::size_t end;
    Origin origin;
    bool operator==(const Run&) const = default;
  };

  Text() = default;
  Text(std::string_view bytes, Origin origin) { append(bytes, origin); }

  const std::string& bytes() const { return bytes_; }
  std::span<const Run> runs() const { return runs_; }
  std::size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }
  bool is_markup() const { return is_markup_; }
  void set_markup(bool markup) { is_markup_ = markup; }

  Origin origin_at(std::size_t byte) const;
  // The origin of text derived from this one without a byte of its own to point to: the least
  // trusted one.
  Origin least_trusted() const;

  void append(std::string_view bytes, Origin origin);
  void append(const Text& other) { append(other, 0, other.size()); }
  void append(const Text& other, std::size_t begin, std::size_t end);
  Text slice(std::size_t begin, std::size_t end) const;  // markup if this is

 private:
  std::string bytes_;
  std::vector<Run> runs_;
  bool is_markup_ = false;
};

}  // namespace cellm::chat

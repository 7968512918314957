// Reading messages from the terminal, with editing and history.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace cellm {

// Reads from standard input, which is a terminal. One at a time in a process; not thread-safe.
class LineEditor {
 public:
  // history: the file of earlier lines, readable by its owner only, made with its folder; empty:
  // none is kept. A file that cannot be read or written costs the history, and a note on stderr.
  explicit LineEditor(std::filesystem::path history);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  // The next message; nothing at the end of input (Ctrl-D in an empty line). What is pasted is
  // inserted with its line breaks, if the terminal marks it, and Alt-Enter inserts one. A line that
  // ends with a backslash goes on in the next one; lines between two marks """ are one message.
  // Ctrl-C drops what was typed and begins anew; it needs the handler of catch_each_interrupt().
  std::optional<std::string> read();

 private:
  struct State;

  std::optional<std::string> read_line(const char* prompt);
  void keep(const std::string& message);

  std::unique_ptr<State> state_;
};

}  // namespace cellm

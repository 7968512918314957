// The manual page, made from the declared options.
#include <fmt/format.h>

#include "base/utf8.h"
#include "base/version.h"
#include "cli/command.h"

namespace cellm {
namespace {

// Text for roff: a backslash is an escape, and so are a dot and a quote at the start of a line.
std::string roff(const std::string& text) {
  std::string escaped;
  bool line_start = true;
  for (std::size_t at = 0, size = 0; at < text.size(); at += size) {
    const char32_t code = decode_utf8(std::string_view(text).substr(at), size);
    if (line_start && (code == '.' || code == '\'')) escaped += "\\&";
    if (code == '\\') {
      escaped += "\\e";
    } else if (code == '-') {
      escaped += "\\-";
    } else if (code < 0x80) {
      escaped += static_cast<char>(code);
    } else {
      escaped += fmt::format("\\[u{:04X}]", static_cast<unsigned>(code));
    }
    line_start = code == '\n';
  }
  return escaped;
}

void print_option(const OptionFacts& option) {
  std::string names;
  for (const std::string& name : option.names) {
    names += fmt::format("{}\\fB{}\\fR", names.empty() ? "" : ", ", roff(name));
  }
  if (names.empty()) names = fmt::format("\\fI{}\\fR", roff(option.argument));
  if (!option.value.empty() && !option.names.empty()) {
    names += fmt::format(" \\fI{}\\fR", roff(option.value));
  }
  const bool ended = option.help.ends_with('.') || option.help.empty();
  fmt::print(".TP\n{}\n{}{}\n", names, roff(option.help), ended ? "" : ".");
  if (!option.choices.empty()) {
    fmt::print("One of: {}.\n", roff(fmt::format("{}", fmt::join(option.choices, ", "))));
  }
  if (!option.argument.empty() && !option.names.empty()) {
    fmt::print("May be given without the option, as \\fI{}\\fR.\n", roff(option.argument));
  }
}

void print_footer(const std::string& footer) {
  if (!footer.empty()) fmt::print(".PP\n.nf\n{}\n.fi\n", roff(footer));
}

// A line of the synopsis.
std::string synopsis(const CommandFacts& command) {
  std::string text = fmt::format("\\fBcellm {}\\fR", roff(command.name));
  for (const OptionFacts& option : command.options) {
    if (option.argument.empty()) continue;
    const std::string name = fmt::format("\\fI{}\\fR", roff(option.argument));
    text += option.required ? " " + name : fmt::format(" [{}]", name);
  }
  return text + " [\\fIoptions\\fR]";
}

void print_page(const std::vector<CommandFacts>& commands) {
  const CommandFacts& program = commands[0];
  fmt::print(".TH CELLM 1 \"\" \"cellm {}\" \"User Commands\"\n", kVersion);
  fmt::print(".SH NAME\ncellm \\- small language models on the CPU\n");
  fmt::print(".SH SYNOPSIS\n");
  for (std::size_t i = 1; i < commands.size(); ++i) {
    fmt::print("{}\n{}", synopsis(commands[i]), i + 1 < commands.size() ? ".br\n" : "");
  }
  fmt::print(".SH DESCRIPTION\n{}\n", roff(program.description));
  print_footer(program.footer);
  for (std::size_t i = 1; i < commands.size(); ++i) {
    fmt::print(".SH CELLM {}\n{}.\n", commands[i].name, roff(commands[i].description));
    for (const OptionFacts& option : commands[i].options) print_option(option);
    print_footer(commands[i].footer);
  }
}

Run configure(Options& options) {
  options.footer("Example:\n  cellm man | man -l -");
  return [options] {
    print_page(options.program_facts());
    return 0;
  };
}

}  // namespace

const Command kManCommand{"man", "Print the manual page", configure};

}  // namespace cellm

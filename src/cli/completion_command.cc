// Completion scripts for shells, made from the declared options.
#include <memory>

#include <fmt/format.h>

#include "base/error.h"
#include "cli/command.h"

namespace cellm {
namespace {

using Commands = std::vector<CommandFacts>;  // the program, then its commands

// The words that may follow a command, but for files.
std::string option_words(const CommandFacts& command) {
  std::string words;
  for (const OptionFacts& option : command.options) {
    for (const std::string& name : option.names) words += name + " ";
  }
  return words;
}

std::string command_words(const Commands& commands) {
  std::string words;
  for (std::size_t i = 1; i < commands.size(); ++i) words += commands[i].name + " ";
  return words;
}

std::string joined(const std::vector<std::string>& words, const char* separator) {
  return fmt::format("{}", fmt::join(words, separator));
}

// The values of an option that are known words; none: names of files.
std::string values(const OptionFacts& option) {
  return joined(option.choices.empty() ? option.suggestions : option.choices, " ");
}

// The same of the arguments without an option.
std::string argument_values(const CommandFacts& command) {
  std::string words;
  for (const OptionFacts& option : command.options) {
    if (option.names.empty()) words += values(option);
  }
  return words;
}

std::string bash_script(const Commands& commands) {
  std::string cases;
  for (std::size_t i = 1; i < commands.size(); ++i) {
    cases += fmt::format("    {})\n      case $previous in\n", commands[i].name);
    for (const OptionFacts& option : commands[i].options) {
      if (option.names.empty() || values(option).empty()) continue;
      cases +=
          fmt::format("        {}) words='{}' ;;\n", joined(option.names, "|"), values(option));
    }
    cases += fmt::format("        *) words='{}'; [[ $current == -* ]] && words='{}' ;;\n",
                         argument_values(commands[i]), option_words(commands[i]));
    cases += "      esac\n      ;;\n";
  }
  return fmt::format(R"(# Completion of cellm for bash: source <(cellm completion bash)
_cellm() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} words=''
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '{}{}' -- "$current"))
    return
  fi
  case ${{COMP_WORDS[1]}} in
{}  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o default -F _cellm cellm
)",
                     command_words(commands), option_words(commands[0]), cases);
}

// A text within single quotes of zsh and fish.
std::string quoted(std::string text, const char* escaped_quote) {
  for (std::size_t at = text.find('\''); at != std::string::npos;
       at = text.find('\'', at + std::char_traits<char>::length(escaped_quote))) {
    text.replace(at, 1, escaped_quote);
  }
  return text;
}

// zsh reads brackets and colons of a specification.
std::string zsh_text(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return quoted(escaped, "'\\''");
}

std::string zsh_script(const Commands& commands) {
  std::string names;
  std::string cases;
  for (std::size_t i = 1; i < commands.size(); ++i) {
    names += fmt::format("    '{}:{}'\n", commands[i].name, zsh_text(commands[i].description));
    cases += fmt::format("    {}) _arguments \\\n", commands[i].name);
    for (const OptionFacts& option : commands[i].options) {
      for (const std::string& name : option.names) {
        std::string value;
        if (!option.value.empty()) value = ":" + option.value + ":_files";
        if (const std::string words = values(option); !words.empty()) {
          value = fmt::format(":{}:({})", option.value, words);
        }
        cases += fmt::format("      '{}[{}]{}' \\\n", name, zsh_text(option.help), value);
      }
    }
    const std::string words = argument_values(commands[i]);
    cases += words.empty() ? "      '*:file:_files' ;;\n"
                           : fmt::format("      '*:argument:({})' ;;\n", words);
  }
  return fmt::format(R"(#compdef cellm
# Completion of cellm for zsh: cellm completion zsh > a folder of $fpath, as _cellm
_cellm() {{
  local -a commands=(
{}  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
{}  esac
}}
_cellm "$@"
)",
                     names, cases);
}

std::string fish_script(const Commands& commands) {
  std::string script =
      "# Completion of cellm for fish: cellm completion fish | source\n"
      "complete -c cellm -n __fish_use_subcommand -f\n";
  for (std::size_t i = 1; i < commands.size(); ++i) {
    const CommandFacts& command = commands[i];
    script += fmt::format("complete -c cellm -n __fish_use_subcommand -a {} -d '{}'\n",
                          command.name, quoted(command.description, "\\'"));
    for (const OptionFacts& option : command.options) {
      if (option.names.empty() && values(option).empty()) continue;
      script += fmt::format("complete -c cellm -n '__fish_seen_subcommand_from {}'", command.name);
      for (const std::string& name : option.names) {
        script += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      }
      if (!option.value.empty() && !option.names.empty()) script += " -r";
      if (const std::string words = values(option); !words.empty()) {
        script += fmt::format(" -f -a '{}'", words);
      }
      script += fmt::format(" -d '{}'\n", quoted(option.help, "\\'"));
    }
  }
  return script;
}

Run configure(Options& options) {
  auto shell = std::make_shared<std::string>();
  options.add("shell", *shell, "bash, zsh or fish").required().one_of({"bash", "zsh", "fish"});
  options.footer(
      "Examples:\n"
      "  source <(cellm completion bash)\n"
      "  cellm completion zsh > ~/.zfunc/_cellm\n"
      "  cellm completion fish > ~/.config/fish/completions/cellm.fish");
  return [shell, options] {
    const Commands commands = options.program_facts();
    fmt::print("{}", *shell == "bash"  ? bash_script(commands)
                     : *shell == "zsh" ? zsh_script(commands)
                                       : fish_script(commands));
    return 0;
  };
}

}  // namespace

const Command kCompletionCommand{"completion", "Print a completion script for a shell", configure};

}  // namespace cellm

// Options of the command line. They hide CLI11, which costs more to compile than all commands.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace cellm {

// Values of options, for completion.
using Suggestions = std::map<const CLI::Option*, std::vector<std::string>>;

// One option, to add conditions and details to. A handle: copies are the same option.
class Option {
 public:
  Option(CLI::Option* option, Suggestions* suggestions)
      : option_(option), suggestions_(suggestions) {}

  Option& required();
  Option& needs(const Option& other);
  Option& group(const std::string& name);   // heading in --help
  Option& delimiter(char separator);        // between the values of a std::vector
  Option& expected(int least, int most);    // number of values
  Option& show_default();                   // the variable's value, in --help
  Option& show_default(const char* value);  // also the value of an option without one

  // Conditions on a value. T is int, unsigned, std::size_t or double.
  template <typename T>
  Option& range(T low, T high);
  Option& not_negative();
  Option& one_of(const std::vector<std::string>& values);
  // Values for completion; the option takes others, too.
  Option& suggest(const std::vector<std::string>& values);
  Option& names_output();  // not "-": nothing but text goes to standard output

 private:
  CLI::Option* option_;
  Suggestions* suggestions_;
};

// Descriptions of options and commands, for completion scripts and manual pages.
struct OptionFacts {
  std::vector<std::string> names;  // "-m", "--model"; none: an argument without an option
  std::string argument;            // its name as a plain argument; empty: it needs its option
  bool required = false;
  std::string value;  // "TEXT", "UINT"; empty: a flag
  std::vector<std::string> choices;
  std::vector<std::string> suggestions;  // some of the values, if there are no choices
  std::string help;
  std::string group;
};
struct CommandFacts {
  std::string name;
  std::string description;
  std::string footer;
  std::vector<OptionFacts> options;
};

// The options of a program or of one of its commands. A handle: copies are the same options.
class Options {
 public:
  Options(const std::string& description, const std::string& name);

  // names: "-m,--model", or "file" for a positional one. The variable takes the value in parse(),
  // until when it must live. T is std::string, unsigned, std::size_t, float or double,
  // std::optional of one of these, or std::vector of one of the first three. NaN is an error.
  template <typename T>
  Option add(const std::string& names, T& value, const std::string& help);
  // An option that may be given several times, with one text each.
  Option add_repeatable(const std::string& names, std::vector<std::string>& values,
                        const std::string& help);
  Option add_flag(const std::string& names, bool& value, const std::string& help);
  Option add_flag(const std::string& names, const std::function<void()>& callback,
                  const std::string& help);
  void add_version(const std::string& version);
  void footer(const std::string& text);

  // A command of the program, which then needs exactly one of its commands. parse() calls `chosen`
  // of the one that is given.
  Options add_command(const std::string& name, const std::string& description);
  void when_chosen(const std::function<void()>& callback);

  // The program that these options belong to, then its commands, in the order of their declaration.
  std::vector<CommandFacts> program_facts() const;

  // Returns the text to print if --help or --version is given. Throws Error(kUsage) for arguments
  // that do not fit.
  std::optional<std::string> parse(int argc, const char* const* argv);

 private:
  Options(std::shared_ptr<CLI::App> app, std::shared_ptr<Suggestions> suggestions)
      : app_(std::move(app)), suggestions_(std::move(suggestions)) {}

  std::shared_ptr<CLI::App> app_;
  std::shared_ptr<Suggestions> suggestions_;  // of the whole program
};

}  // namespace cellm

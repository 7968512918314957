#include "cli/options.h"

#include <cmath>
#include <cstdlib>
#include <sstream>
#include <type_traits>

#include <CLI/CLI.hpp>

#include "base/error.h"

namespace cellm {

Option& Option::required() {
  option_->required();
  return *this;
}

Option& Option::needs(const Option& other) {
  option_->needs(other.option_);
  return *this;
}

Option& Option::group(const std::string& name) {
  option_->group(name);
  return *this;
}

Option& Option::delimiter(char separator) {
  option_->delimiter(separator);
  return *this;
}

Option& Option::expected(int least, int most) {
  option_->expected(least, most);
  return *this;
}

Option& Option::show_default() {
  option_->capture_default_str();
  return *this;
}

Option& Option::show_default(const char* value) {
  option_->default_str(value);
  return *this;
}

template <typename T>
Option& Option::range(T low, T high) {
  option_->check(CLI::Range(low, high));
  return *this;
}
template Option& Option::range(int, int);
template Option& Option::range(unsigned, unsigned);
template Option& Option::range(std::size_t, std::size_t);
template Option& Option::range(double, double);

Option& Option::not_negative() {
  option_->check(CLI::NonNegativeNumber);
  return *this;
}

Option& Option::one_of(const std::vector<std::string>& values) {
  option_->check(CLI::IsMember(values));
  return *this;
}

Option& Option::suggest(const std::vector<std::string>& values) {
  (*suggestions_)[option_] = values;
  return *this;
}

Option& Option::names_output() {
  const auto refuse_stream = [](std::string& value) -> std::string {
    return value == "-" ? "standard output is no place for it; give a name (./- for this one)" : "";
  };
  option_->check(CLI::Validator(refuse_stream, ""));
  return *this;
}

namespace {

// "TEXT:{a,b}" of CLI11 as the kind of value and its choices.
void read_type(const std::string& type, OptionFacts& facts) {
  const std::size_t brace = type.find('{');
  facts.value = type.substr(0, std::min(type.find(':'), type.find(' ')));
  if (brace == std::string::npos) return;
  std::istringstream choices(type.substr(brace + 1, type.find('}') - brace - 1));
  for (std::string choice; std::getline(choices, choice, ',');) facts.choices.push_back(choice);
}

OptionFacts option_facts(const CLI::Option& option, const Suggestions& suggestions) {
  OptionFacts facts;
  for (const std::string& name : option.get_snames()) facts.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) facts.names.push_back("--" + name);
  if (option.get_positional()) facts.argument = option.get_name(true, false);
  if (option.get_items_expected_max() > 0) read_type(option.get_type_name(), facts);
  if (const auto found = suggestions.find(&option); found != suggestions.end()) {
    facts.suggestions = found->second;
  }
  facts.required = option.get_required();
  facts.help = option.get_description();
  facts.group = option.get_group();
  return facts;
}

CommandFacts command_facts(const CLI::App& app, const Suggestions& suggestions) {
  CommandFacts facts{.name = app.get_name(),
                     .description = app.get_description(),
                     .footer = app.get_footer(),
                     .options = {}};
  for (const CLI::Option* option : app.get_options()) {
    facts.options.push_back(option_facts(*option, suggestions));
  }
  return facts;
}

}  // namespace

Options::Options(const std::string& description, const std::string& name)
    : app_(std::make_shared<CLI::App>(description, name)),
      suggestions_(std::make_shared<Suggestions>()) {}

namespace {

template <typename T>
constexpr bool kIsFraction = std::is_floating_point_v<T>;
template <typename T>
constexpr bool kIsFraction<std::optional<T>> = std::is_floating_point_v<T>;

// Ranges do not refuse NaN, which compares with nothing.
std::string refuse_nan(std::string& text) {
  return std::isnan(std::strtod(text.c_str(), nullptr)) ? text + " is not a number" : "";
}

}  // namespace

template <typename T>
Option Options::add(const std::string& names, T& value, const std::string& help) {
  CLI::Option* option = app_->add_option(names, value, help);
  if constexpr (kIsFraction<T>) option->check(CLI::Validator(refuse_nan, ""));
  return Option(option, suggestions_.get());
}
template Option Options::add(const std::string&, std::string&, const std::string&);
template Option Options::add(const std::string&, unsigned&, const std::string&);
template Option Options::add(const std::string&, std::size_t&, const std::string&);
template Option Options::add(const std::string&, float&, const std::string&);
template Option Options::add(const std::string&, double&, const std::string&);
template Option Options::add(const std::string&, std::optional<std::string>&, const std::string&);
template Option Options::add(const std::string&, std::optional<unsigned>&, const std::string&);
template Option Options::add(const std::string&, std::optional<std::size_t>&, const std::string&);
template Option Options::add(const std::string&, std::optional<float>&, const std::string&);
template Option Options::add(const std::string&, std::vector<std::string>&, const std::string&);
template Option Options::add(const std::string&, std::vector<unsigned>&, const std::string&);
template Option Options::add(const std::string&, std::vector<std::size_t>&, const std::string&);

Option Options::add_repeatable(const std::string& names, std::vector<std::string>& values,
                               const std::string& help) {
  // As a vector, CLI11 would take "[a,b]" and "{}" for lists, and several texts after one name.
  const auto take = [&values](const CLI::results_t& results) {
    values = results;
    return true;
  };
  return Option(app_->add_option(names, take, help)
                    ->type_name("TEXT")
                    ->expected(1, CLI::detail::expected_max_vector_size)
                    ->allow_extra_args(false),
                suggestions_.get());
}

Option Options::add_flag(const std::string& names, bool& value, const std::string& help) {
  return Option(app_->add_flag(names, value, help), suggestions_.get());
}

Option Options::add_flag(const std::string& names, const std::function<void()>& callback,
                         const std::string& help) {
  return Option(app_->add_flag_callback(names, callback, help), suggestions_.get());
}

void Options::add_version(const std::string& version) {
  app_->set_version_flag("--version", version, "Print the version and exit");
}

void Options::footer(const std::string& text) {
  app_->footer(text);
}

Options Options::add_command(const std::string& name, const std::string& description) {
  app_->require_subcommand(1);
  // CLI11 owns a command together with its program.
  return Options(std::shared_ptr<CLI::App>(app_, app_->add_subcommand(name, description)),
                 suggestions_);
}

void Options::when_chosen(const std::function<void()>& callback) {
  app_->callback(callback);
}

std::vector<CommandFacts> Options::program_facts() const {
  const CLI::App* program = app_.get();
  while (program->get_parent() != nullptr) program = program->get_parent();
  std::vector<CommandFacts> all{command_facts(*program, *suggestions_)};
  for (const CLI::App* command : program->get_subcommands({})) {
    all.push_back(command_facts(*command, *suggestions_));
  }
  return all;
}

std::optional<std::string> Options::parse(int argc, const char* const* argv) {
  try {
    app_->parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::Success& success) {
    std::ostringstream text;
    app_->exit(success, text, text);
    return text.str();
  } catch (const CLI::ParseError& failure) {
    const std::string text = failure.what();  // of one line or several
    throw usage_error("{} (see --help)", text.substr(0, text.find('\n')));
  }
}

}  // namespace cellm

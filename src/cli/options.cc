#include "cli/options.h"

#include <sstream>

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

Options::Options(const std::string& description, const std::string& name)
    : app_(std::make_shared<CLI::App>(description, name)) {}

template <typename T>
Option Options::add(const std::string& names, T& value, const std::string& help) {
  return Option(app_->add_option(names, value, help));
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

Option Options::add_flag(const std::string& names, bool& value, const std::string& help) {
  return Option(app_->add_flag(names, value, help));
}

Option Options::add_flag(const std::string& names, const std::function<void()>& callback,
                         const std::string& help) {
  return Option(app_->add_flag_callback(names, callback, help));
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
  return Options(std::shared_ptr<CLI::App>(app_, app_->add_subcommand(name, description)));
}

void Options::when_chosen(const std::function<void()>& callback) {
  app_->callback(callback);
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

#include "chat/template.h"

#include <ctime>
#include <set>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/utf8.h"
#include "chat/interpreter.h"
#include "chat/json_value.h"
#include "chat/lexer.h"
#include "chat/parser.h"
#include "chat/syntax_fault.h"

namespace cellm::chat {
namespace {

Error fault_error(const std::string& name, int line, const Fault& fault) {
  ErrorKind kind = ErrorKind::kData;
  if (fault.kind() == Fault::Kind::kRaised) kind = ErrorKind::kUsage;
  if (fault.kind() == Fault::Kind::kUnsupported) kind = ErrorKind::kUnsupported;
  return error(kind, "{}: line {}: {}", printable(name), line, printable(fault.what()));
}

}  // namespace

struct Template::Parts {
  std::string name;
  std::set<std::string, std::less<>> names;  // that stand in tags
  Nodes program;
};

std::time_t system_time() {
  return std::time(nullptr);
}

Template::Template(std::string_view source, const std::string& name) {
  const std::size_t invalid = find_invalid_utf8(source);
  if (invalid != std::string_view::npos) {
    throw data_error("{}: not valid UTF-8 at byte {}", printable(name), invalid);
  }
  try {
    std::vector<Token> tokens = lex(source);
    Parts parts{.name = name, .names = {}, .program = {}};
    for (const Token& token : tokens) {
      if (token.kind == Token::Kind::kName) parts.names.insert(token.text);
    }
    parts.program = parse_template(std::move(tokens));
    check_names(parts.program);
    parts_ = std::make_unique<const Parts>(std::move(parts));
  } catch (const SyntaxFault& fault) {
    throw fault_error(name, fault.line(), fault);
  }
}

bool Template::mentions(std::string_view name) const {
  return parts_->names.contains(name);
}

Template::~Template() = default;
Template::Template(Template&&) noexcept = default;
Template& Template::operator=(Template&&) noexcept = default;

Text Template::render(const nlohmann::ordered_json& variables,
                      const std::function<std::time_t()>& now) const {
  if (!variables.is_object()) throw usage_error("the variables of a template are a JSON object");
  DictRef values;
  try {
    values = variables_from_json(variables);
  } catch (const Fault& fault) {
    throw usage_error("{}", fault.what());
  }
  Interpreter interpreter(*values, now);
  try {
    return interpreter.run(parts_->program);
  } catch (const Fault& fault) {
    throw fault_error(parts_->name, interpreter.line(), fault);
  }
}

}  // namespace cellm::chat

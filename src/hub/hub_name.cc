#include "hub/hub_name.h"

#include <algorithm>

#include "base/error.h"
#include "base/limits.h"

namespace cellm {
namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// The hub's own rule for both parts of a name.
bool is_name_part(std::string_view part) {
  if (part.empty() || part.size() > kMaxHubNameBytes) return false;
  if (!is_word(part.front()) || !is_word(part.back())) return false;
  return std::all_of(part.begin(), part.end(),
                     [](char c) { return is_word(c) || c == '-' || c == '.'; });
}

bool is_repository(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return false;
  if (text.find("--") != std::string_view::npos || text.find("..") != std::string_view::npos)
    return false;
  for (const std::string_view ending : {".cellm", ".gguf", ".safetensors", ".json", ".git"}) {
    if (text.ends_with(ending)) return false;
  }
  return is_name_part(text.substr(0, slash)) && is_name_part(text.substr(slash + 1));
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

bool has_plain_parts(std::string_view path) {
  while (true) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    if (part.empty() || part == "." || part == "..") return false;
    if (end == path.size()) return true;
    path.remove_prefix(end + 1);
  }
}

}  // namespace

bool is_repository_path(std::string_view path) {
  return path.size() <= kMaxHubFileNameBytes && has_plain_parts(path) &&
         std::none_of(path.begin(), path.end(), [](char c) { return is_control(c) || c == '\\'; });
}

bool is_revision(std::string_view text) {
  constexpr std::string_view kForbidden = " ~^:?*[\\";  // by git
  return is_repository_path(text) && text.find("..") == std::string_view::npos &&
         text.find_first_of(kForbidden) == std::string_view::npos && !text.ends_with(".lock");
}

bool is_commit(std::string_view text) {
  constexpr std::size_t kDigits = 40;
  return text.size() == kDigits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::optional<HubName> parse_hub_name(std::string_view text) {
  if (text.empty() || text[0] == '.' || text[0] == '/' || text[0] == '~') return std::nullopt;
  HubName name;
  const std::string_view repository = text.substr(0, text.find_first_of(":@"));
  if (!is_repository(repository)) return std::nullopt;
  name.repository = repository;
  std::string_view rest = text.substr(repository.size());
  if (rest.starts_with(':')) {
    const std::size_t end = std::min(rest.find('@'), rest.size());
    name.file = rest.substr(1, end - 1);
    if (!is_repository_path(name.file) || !name.file.ends_with(".gguf")) {
      throw usage_error("{}: \"{}\" is not the name of a .gguf file in the repository {}",
                        printable(text), printable(name.file), printable(name.repository));
    }
    rest.remove_prefix(end);
  }
  if (rest.starts_with('@')) {
    name.revision = rest.substr(1);
    if (!is_revision(name.revision)) {
      throw usage_error("{}: \"{}\" is not a branch, tag or commit", printable(text),
                        printable(name.revision));
    }
  }
  return name;
}

std::string hub_name_text(const HubName& name) {
  std::string text = name.repository;
  if (!name.file.empty()) text += ":" + name.file;
  if (name.revision != kMainRevision) text += "@" + name.revision;
  return text;
}

}  // namespace cellm

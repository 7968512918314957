#include "hub/hub_settings.h"

#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <string_view>

#include "base/error.h"
#include "base/limits.h"
#include "base/mapped_file.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// $NAME and ${NAME} replaced, and ~ at the beginning; variables that are not set stay as they are.
std::string expanded(const std::string& text) {
  std::string out;
  if (text == "~" || text.starts_with("~/")) out = variable("HOME");
  for (std::size_t i = out.empty() ? 0 : 1; i < text.size(); ++i) {
    const bool braces = text[i] == '$' && i + 1 < text.size() && text[i + 1] == '{';
    const std::size_t begin = i + (braces ? 2 : 1);
    std::size_t end = begin;
    while (text[i] == '$' && end < text.size() && is_name_character(text[end])) ++end;
    const bool closed = !braces || (end < text.size() && text[end] == '}');
    const char* value =
        end > begin && closed ? std::getenv(text.substr(begin, end - begin).c_str()) : nullptr;
    if (value == nullptr) {
      out += text[i];
      continue;
    }
    out += value;
    i = braces ? end : end - 1;
  }
  return out;
}

fs::path folder(std::initializer_list<const char*> names, const fs::path& otherwise) {
  for (const char* name : names) {
    if (const std::string value = variable(name); !value.empty()) return expanded(value);
  }
  return otherwise;
}

bool is_true(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    std::string value = variable(name);
    if (value.empty()) continue;
    std::transform(value.begin(), value.end(), value.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    return value == "1" || value == "ON" || value == "YES" || value == "TRUE";
  }
  return false;
}

// Without spaces around it and without line ends, with which a header could be smuggled in.
std::string clean_token(std::string text, std::string_view source) {
  std::erase_if(text, [](char c) { return c == '\r' || c == '\n'; });
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string::npos) return "";
  text = text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
  if (text.size() > kMaxHubTokenBytes ||
      std::any_of(text.begin(), text.end(), [](char c) { return c <= 0x20 || c >= 0x7F; })) {
    throw usage_error("{}: is not an access token of the hub", source);
  }
  return text;
}

std::string find_token(const fs::path& file) {
  for (const char* name : {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"}) {
    std::string token = clean_token(variable(name), name);
    if (!token.empty()) return token;
  }
  std::error_code ignored;
  if (is_true({"HF_HUB_DISABLE_IMPLICIT_TOKEN"}) || !fs::exists(file, ignored)) return "";
  return clean_token(read_file(file, kMaxHubTokenBytes), printable(file.string()));
}

std::string find_endpoint() {
  std::string endpoint = variable("HF_ENDPOINT");
  if (endpoint.empty()) endpoint = "https://huggingface.co";
  while (endpoint.ends_with('/')) endpoint.pop_back();
  return endpoint;
}

// In the order of Python's requests, then that of OpenSSL and httpx.
Certificates find_certificates() {
  const auto require = [](const std::string& path, const char* name) {
    std::error_code ignored;
    if (!fs::exists(path, ignored)) {
      throw usage_error("{}: {}: no such file or folder", name, printable(path));
    }
  };
  Certificates found;
  for (const char* name : {"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"}) {
    const std::string path = variable(name);
    if (path.empty()) continue;
    require(path, name);
    (fs::is_directory(path) ? found.folder : found.file) = path;
    found.named_by = name;
    return found;
  }
  found.file = variable("SSL_CERT_FILE");
  if (!found.file.empty()) require(found.file, "SSL_CERT_FILE");
  found.folder = variable("SSL_CERT_DIR");  // several folders with colons
  if (!found.folder.empty()) found.named_by = "SSL_CERT_DIR";
  if (!found.file.empty()) found.named_by = "SSL_CERT_FILE";
  return found;
}

}  // namespace

HubSettings hub_settings_from_environment() {
  const fs::path caches = folder({"XDG_CACHE_HOME"}, fs::path(expanded("~")) / ".cache");
  const fs::path home = folder({"HF_HOME"}, caches / "huggingface");
  HubSettings settings;
  settings.endpoint = find_endpoint();
  settings.token = find_token(folder({"HF_TOKEN_PATH"}, home / "token"));
  settings.offline = is_true({"HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"});
  settings.cache = folder({"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"}, home / "hub");
  settings.conversions = caches / "cellm";
  settings.certificates = find_certificates();
  return settings;
}

}  // namespace cellm

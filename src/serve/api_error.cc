#include "serve/api_error.h"

#include <algorithm>
#include <string_view>

#include <nlohmann/json.hpp>

#include "serve/json_text.h"

namespace cellm {

namespace {

// "messages[0].role" of "messages[0].role: …"; empty if the message begins otherwise.
std::string field_of(std::string_view message) {
  const std::size_t end = message.find(": ");
  if (end == std::string_view::npos) return {};
  const std::string_view field = message.substr(0, end);
  const auto is_of_field = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '[' ||
           c == ']';
  };
  return std::all_of(field.begin(), field.end(), is_of_field) ? std::string(field) : std::string();
}

}  // namespace

ApiError request_error(const Error& error, const std::string& param) {
  ApiError api(error.kind() == ErrorKind::kResources ? 503 : 400, error.what());
  api.param = param.empty() ? field_of(error.what()) : param;
  return api;
}

ApiError answer_error(const Error& error) {
  switch (error.kind()) {
    case ErrorKind::kUsage:
    case ErrorKind::kUnsupported:
      return {400, error.what()};
    case ErrorKind::kResources:
      return {503, error.what()};
    case ErrorKind::kData:
    case ErrorKind::kOther:
      break;
  }
  return {500, error.what()};
}

std::string error_type(int status) {
  switch (status) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 429:
      return "rate_limit_error";
    case 503:
      return "service_unavailable_error";
    default:
      return status < 500 ? "invalid_request_error" : "server_error";
  }
}

std::string error_body(const ApiError& error) {
  const auto text_or_null = [](const std::string& text) -> OrderedJson {
    return text.empty() ? OrderedJson() : OrderedJson(text);
  };
  return json_text({{"error",
                     {{"message", error.what()},
                      {"type", error_type(error.status)},
                      {"param", text_or_null(error.param)},
                      {"code", text_or_null(error.code)}}}});
}

std::string error_event(const ApiError& error) {
  return "data: " + error_body(error) + "\n\n";
}

}  // namespace cellm

// Errors of requests, in OpenAI's form.
#pragma once

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>

#include <fmt/format.h>

#include "base/error.h"

namespace cellm {

// An error response: an HTTP status and {"error": {message, type, param, code}}.
class ApiError : public std::runtime_error {
 public:
  ApiError(int http_status, const std::string& message)
      : std::runtime_error(message), status(http_status) {}

  int status;
  std::string param = {};  // the field of the request; empty: null
  std::string code = {};   // "context_length_exceeded" and the like; empty: null
  std::optional<std::chrono::seconds> retry_after = {};
};

// A field with a wrong value: 400.
template <class... Args>
ApiError field_error(const std::string& param, fmt::format_string<Args...> format, Args&&... args) {
  ApiError error(400, fmt::format(format, std::forward<Args>(args)...));
  error.param = param;
  return error;
}

// An error of a request's contents is the client's (400) unless memory is short (503). Without
// `param` it is the field with which the message begins, as in "messages[0].role: …".
ApiError request_error(const Error& error, const std::string& param = {});
// An error while an answer is made: the server's (500) unless it is about usage or memory.
ApiError answer_error(const Error& error);

// The type in OpenAI's list that goes with a status.
std::string error_type(int status);
// The body, one line of JSON.
std::string error_body(const ApiError& error);
// The same as an event of a stream.
std::string error_event(const ApiError& error);

}  // namespace cellm

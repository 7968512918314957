#include "serve/framing.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <strings.h>

#include <fmt/format.h>

#include "serve/api_error.h"
#include "serve/limits.h"

namespace cellm {
namespace {

bool is_all_digits(const std::string& text) {
  return !text.empty() && text.size() < 16 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

void check_names(const httplib::Headers& headers) {
  const auto is_of_token = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  };
  for (const auto& [name, value] : headers) {
    if (name.empty() || !std::all_of(name.begin(), name.end(), is_of_token)) {
      throw ApiError(400, "a header has a name that is none");
    }
  }
}

bool has_body(const httplib::Request& request) {
  const std::size_t lengths = request.get_header_value_count("Content-Length");
  const std::size_t encodings = request.get_header_value_count("Transfer-Encoding");
  if (lengths + encodings > 1) throw ApiError(400, "the length of the body is given twice");
  if (encodings == 1) {
    if (::strcasecmp(request.get_header_value("Transfer-Encoding").c_str(), "chunked") != 0) {
      throw ApiError(400, "the only Transfer-Encoding supported is chunked");
    }
    return true;
  }
  if (lengths == 0) return false;
  const std::string length = request.get_header_value("Content-Length");
  if (!is_all_digits(length)) throw ApiError(400, "Content-Length is not a number of bytes");
  if (std::stoull(length) > kMaxBodyBytes) {
    throw ApiError(413, fmt::format("the request is larger than {} bytes", kMaxBodyBytes));
  }
  return length.find_first_not_of('0') != std::string::npos;
}

void check_body_form(const httplib::Request& request) {
  if (!request.has_header("Content-Length") && !request.has_header("Transfer-Encoding")) {
    throw ApiError(411, "the request needs a Content-Length");
  }
  const std::string encoding = request.get_header_value("Content-Encoding");
  if (!encoding.empty() && encoding != "identity") {
    throw ApiError(415, "the body has a Content-Encoding; send it as it is");
  }
  if (request.get_header_value("Content-Type").starts_with("multipart/")) {
    throw ApiError(415, "the body has to be JSON");
  }
}

}  // namespace cellm

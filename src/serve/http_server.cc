#include "serve/http_server.h"

#include <algorithm>
#include <exception>
#include <new>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "serve/connection.h"
#include "serve/connection_threads.h"
#include "serve/framing.h"
#include "serve/limits.h"

namespace cellm {
namespace {

// Chunks of a body may be small.
constexpr std::size_t kBodyBudget = 2 * kMaxBodyBytes + kMaxHeadBytes;
constexpr int kBacklog = 128;

constexpr std::string_view kCrowded =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nConnection: close\r\n"
    "Retry-After: 5\r\nContent-Length: 121\r\n\r\n"
    R"({"error":{"message":"too many connections are open","type":"service_unavailable_error",)"
    R"("param":null,"code":"overloaded"}})";

void reuse_address(socket_t socket) {
  // Not SO_REUSEPORT, with which a second server would take a part of the connections unnoticed.
  const int on = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
}

// A pattern of httplib that matches the path literally.
std::string literal(const std::string& path) {
  std::string pattern;
  for (const char c : path) {
    if (c == '.') pattern += '\\';
    pattern += c;
  }
  return pattern;
}

// The methods that httplib reads.
bool is_known(const std::string& method) {
  constexpr std::string_view kMethods[] = {"GET",   "HEAD",    "POST",    "PUT",  "DELETE",
                                           "PATCH", "CONNECT", "OPTIONS", "TRACE"};
  return std::find(std::begin(kMethods), std::end(kMethods), method) != std::end(kMethods);
}

// After a request that is not read to its end no other one can follow.
void announce_end(const httplib::Request& request, httplib::Response& response) {
  const Connection* connection = Connection::current();
  if (connection == nullptr || connection->is_whole()) return;
  if (request.get_header_value("Connection") == "close") return;  // httplib says it
  response.set_header("Connection", "close");
}

// Takes part of a common budget while it lives.
class Share {
 public:
  explicit Share(std::atomic<std::size_t>& sum) : sum_(sum) {}
  ~Share() { sum_ -= bytes_; }
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;
  std::size_t add(std::size_t bytes) {
    bytes_ += bytes;
    return sum_ += bytes;
  }

 private:
  std::atomic<std::size_t>& sum_;
  std::size_t bytes_ = 0;
};

}  // namespace

void set_error(HttpServer::Response& response, const ApiError& error) {
  response.status = error.status;
  if (error.retry_after) {
    response.set_header("Retry-After", std::to_string(error.retry_after->count()));
  }
  if (error.status == 401) response.set_header("WWW-Authenticate", "Bearer");
  set_json(response, error_body(error));
}

void set_json(HttpServer::Response& response, const std::string& json) {
  response.set_content(json, "application/json");
}

HttpServer::HttpServer(HttpRules rules) : rules_(std::move(rules)) {
  new_task_queue = [] { return new ConnectionThreads(kMaxConnections); };
  set_socket_options(reuse_address);
  set_tcp_nodelay(true);
  set_default_headers({{"Cache-Control", "no-store"}, {"X-Content-Type-Options", "nosniff"}});
  set_keep_alive_timeout(kIdleTime.count());
  set_keep_alive_max_count(kMaxRequestsOfConnection);
  set_pre_routing_handler([this](const Request& request, Response& response) {
    return handle(request, response) ? HandlerResponse::Handled : HandlerResponse::Unhandled;
  });
  set_error_handler(HandlerWithResponse([this](const Request& request, Response& response) {
    fill_in_error(request, response);
    return HandlerResponse::Unhandled;
  }));
  set_exception_handler(
      [](const Request& /*request*/, Response& response, const std::exception_ptr& /*unknown*/) {
        set_error(response, ApiError(500, "internal error"));
      });
  set_logger([this](const Request& request, const Response& response) { log(request, response); });
}

void HttpServer::get(const std::string& path, GetHandler handler, bool open) {
  routes_[path].get = std::move(handler);
  routes_[path].open = open;
}

void HttpServer::post(const std::string& path, PostHandler handler) {
  routes_[path].post = true;
  Post(literal(path), [this, handler = std::move(handler)](const Request& request,
                                                           Response& response,
                                                           const httplib::ContentReader& reader) {
    guard(response, [&] {
      Share share(body_bytes_);
      std::string body;
      const bool is_read = reader([&](const char* data, std::size_t size) {
        if (body.size() + size > kMaxBodyBytes) return false;
        if (share.add(size) > kMaxBodyBytesTogether) return false;
        body.append(data, size);
        return true;
      });
      Connection& connection = *Connection::current();
      if (!is_read) {
        if (body_bytes_ > kMaxBodyBytesTogether) {
          throw ApiError(503, "too many large requests are being read");
        }
        if (connection.excess() == Connection::Excess::kBodyTime) {
          throw ApiError(408, "the body did not come in time");
        }
        if (body.size() >= kMaxBodyBytes || connection.excess() == Connection::Excess::kBodyBytes) {
          throw ApiError(413, fmt::format("the request is larger than {} bytes", kMaxBodyBytes));
        }
        throw ApiError(400, "the body ends too early or is malformed");
      }
      connection.end_request();
      handler(request, body, response);
    });
    announce_end(request, response);
  });
}

int HttpServer::bind(const std::string& host, int port) {
  const int bound = port == 0 ? bind_to_any_port(host) : (bind_to_port(host, port) ? port : -1);
  if (bound < 0) {
    throw error(ErrorKind::kResources, "cannot listen at {} port {}: it is in use or not allowed",
                printable(host), port);
  }
  ::listen(svr_sock_, kBacklog);  // httplib's own backlog is 5
  return bound;
}

void HttpServer::run() {
  listen_after_bind();
}

void HttpServer::stop() {
  stopping_ = true;
  httplib::Server::stop();
}

std::map<int, std::size_t> HttpServer::responses() const {
  const std::lock_guard lock(mutex_);
  return responses_;
}

bool HttpServer::process_and_close_socket(socket_t socket) {
  Connection connection(socket, stopping_);
  if (ConnectionThreads::is_refusing()) {
    [[maybe_unused]] const ssize_t put =
        ::send(socket, kCrowded.data(), kCrowded.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  } else {
    const auto setup = [&](Request& request) {
      request.ranges.clear();
      request.headers.erase("Accept-Encoding");
      connection.begin_body(kBodyBudget);
    };
    for (std::size_t count = 1; connection.wait_for_request(); ++count) {
      const bool is_last = stopping_ || count == kMaxRequestsOfConnection;
      bool is_closed = false;
      ++in_progress_;
      const bool is_written = process_request(connection, is_last, is_closed, setup);
      --in_progress_;
      if (!connection.is_whole()) connection.linger();
      if (is_last || is_closed || !is_written || !connection.is_whole()) break;
    }
  }
  ::shutdown(socket, SHUT_RDWR);
  ::close(socket);
  return true;
}

const char* HttpServer::allowed(const Route* route) {
  if (route == nullptr) return "GET, HEAD, POST";
  return route->get ? "GET, HEAD" : "POST";
}

const HttpServer::Route* HttpServer::find(const std::string& path) const {
  if (const auto found = routes_.find(path); found != routes_.end()) return &found->second;
  for (const auto& [pattern, route] : routes_) {
    if (pattern.ends_with("/*") && path.starts_with(pattern.substr(0, pattern.size() - 1))) {
      return &route;
    }
  }
  return nullptr;
}

// Everything but reading a body: returns whether the response is there.
bool HttpServer::handle(const Request& request, Response& response) {
  bool is_handled = true;
  guard(response, [&] {
    check_names(request.headers);
    if (!has_body(request)) Connection::current()->end_request();
    const Route* route = find(request.path);
    check_caller(request, route, response);
    if (request.method == "OPTIONS") return answer_preflight(request, response);
    if (route == nullptr) {
      throw ApiError(404, fmt::format("there is nothing at {}", printable(request.path)));
    }
    const bool is_get = request.method == "GET" || request.method == "HEAD";
    if ((is_get && !route->get) || (!is_get && !(request.method == "POST" && route->post))) {
      response.set_header("Allow", allowed(route));
      throw ApiError(405,
                     fmt::format("{} does not take {}", printable(request.path), request.method));
    }
    if (is_get) {
      route->get(request, response);
    } else {
      check_body_form(request);
      is_handled = false;
    }
  });
  if (is_handled) announce_end(request, response);
  return is_handled;
}

void HttpServer::check_caller(const Request& request, const Route* route,
                              Response& response) const {
  const bool is_open = route != nullptr && route->open;
  const std::string authority = request.get_header_value("Host");
  if (request.get_header_value_count("Host") > 1) {
    throw ApiError(400, "the request has several Host headers");
  }
  if (!(is_open && request.path == "/health") && !is_known_host(rules_.hosts, authority)) {
    throw ApiError(403, "this server does not answer for the host that the request names");
  }
  if (request.get_header_value_count("Origin") > 1) {
    throw ApiError(400, "the request has several Origin headers");
  }
  const std::string origin = request.get_header_value("Origin");
  const OriginCheck check = check_origin(rules_.hosts, origin, authority);
  if (check == OriginCheck::kForeign) {
    throw ApiError(403, "pages of this origin may not use this server");
  }
  if (!rules_.hosts.origins.empty()) response.set_header("Vary", "Origin");
  if (check == OriginCheck::kAllowed) response.set_header("Access-Control-Allow-Origin", origin);
  Connection& connection = *Connection::current();
  connection.client = request.remote_addr;
  if (rules_.keys.empty() || is_open || request.method == "OPTIONS") return;
  const std::string authorization = request.get_header_value("Authorization");
  std::string_view key = bearer_key(authorization);
  const std::string other = request.get_header_value("X-Api-Key");  // as llama.cpp's server
  if (key.empty()) key = other;
  if (!rules_.keys.contains(key)) {
    ApiError error(401, key.empty() ? "this server needs a key: Authorization: Bearer KEY"
                                    : "this key is not known");
    error.code = "invalid_api_key";
    throw error;
  }
  connection.client = key;
}

void HttpServer::answer_preflight(const Request& /*request*/, Response& response) const {
  if (!response.has_header("Access-Control-Allow-Origin")) {
    throw ApiError(403, "no other origin is allowed to use this server");
  }
  response.status = 204;
  response.set_header("Access-Control-Allow-Methods", "GET, POST");
  // Clients send headers of their own (X-Stainless-OS, X-Session-Id). "*" does not stand for
  // Authorization (Fetch standard, CORS-preflight).
  response.set_header("Access-Control-Allow-Headers", "Authorization, *");
  response.set_header("Access-Control-Max-Age", "600");
}

void HttpServer::guard(Response& response, const std::function<void()>& handler) const {
  try {
    handler();
  } catch (const ApiError& error) {
    set_error(response, error);
  } catch (const Error& error) {
    set_error(response, answer_error(error));
  } catch (const std::bad_alloc&) {
    set_error(response, ApiError(503, "out of memory"));
  }
}

// For errors that httplib finds by itself, before a handler runs.
void HttpServer::fill_in_error(const Request& request, Response& response) const {
  if (!response.body.empty()) return;
  announce_end(request, response);
  const Connection* connection = Connection::current();
  const auto excess = connection == nullptr ? Connection::Excess::kNone : connection->excess();
  if (excess == Connection::Excess::kHeadBytes) {
    return set_error(response, ApiError(431, "the headers of the request are too large"));
  }
  if (excess == Connection::Excess::kHeadTime) {
    return set_error(response, ApiError(408, "the request did not come in time"));
  }
  if (response.status == 400 && !request.version.empty() && !is_known(request.method)) {
    const Route* route = find(request.target.substr(0, request.target.find('?')));
    response.set_header("Allow", allowed(route));
    return set_error(response, ApiError(405, "there is no such method"));
  }
  set_error(response,
            ApiError(response.status, response.status == 414 ? "the path of the request is too long"
                                                             : "the request is malformed"));
}

void HttpServer::log(const Request& request, const Response& response) {
  {
    const std::lock_guard lock(mutex_);
    ++responses_[response.status];
  }
  if (!rules_.log) return;
  const Connection* connection = Connection::current();
  if (connection == nullptr) return;
  rules_.log(fmt::format("{} {} {} {} {:.3f} s{}{}",
                         request.remote_addr.empty() ? "-" : request.remote_addr,
                         request.method.empty() ? "-" : printable(request.method),
                         printable(request.path), response.status, connection->seconds(),
                         connection->note.empty() ? "" : ", ", connection->note));
}

}  // namespace cellm

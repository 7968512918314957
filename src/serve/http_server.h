// HTTP with bounds: connections, routes, and checks of who asks.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <httplib.h>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "serve/access.h"
#include "serve/api_error.h"

namespace cellm {

class Connection;

struct HttpRules {
  ApiKeys keys = {};  // none: no key is needed
  Hosts hosts = {};
  // Takes one line for each request.
  std::function<void(const std::string&)> log = {};
};

// Handlers may throw ApiError, Error and std::bad_alloc, from which responses are formed. They run
// on many threads at a time.
class HttpServer : private httplib::Server {
 public:
  using Request = httplib::Request;
  using Response = httplib::Response;
  using GetHandler = std::function<void(const Request&, Response&)>;
  using PostHandler = std::function<void(const Request&, const std::string& body, Response&)>;

  explicit HttpServer(HttpRules rules);

  // Paths are literal; one that ends with "/*" stands for all that begin so. `open`: without a key,
  // and for any host.
  void get(const std::string& path, GetHandler handler, bool open = false);
  void post(const std::string& path, PostHandler handler);

  // Port 0: any. Returns the port. Throws Error(kResources).
  int bind(const std::string& host, int port);
  // Handles one connection to its end and closes it.
  void serve(int socket) { process_and_close_socket(socket); }
  // Handles connections until stop(). Call it once, after bind().
  void run();
  using httplib::Server::is_running;
  // No requests are waited for any more, and every connection ends with its present request.
  void begin_stop() { stopping_ = true; }
  std::size_t requests_in_progress() const { return in_progress_; }
  // Ends run(); streams in progress end, too.
  void stop();

  // Responses by status so far.
  std::map<int, std::size_t> responses() const;

 private:
  struct Route {
    GetHandler get = {};
    bool post = false;
    bool open = false;
  };

  bool process_and_close_socket(socket_t socket) override;
  static const char* allowed(const Route* route);  // methods
  const Route* find(const std::string& path) const;
  bool handle(const Request& request, Response& response);
  void check(const Request& request, Response& response) const;
  void check_caller(const Request& request, const Route* route, Response& response) const;
  void answer_preflight(const Request& request, Response& response) const;
  std::string read_body(const httplib::ContentReader& reader);
  void guard(Response& response, const std::function<void()>& handler) const;
  void fill_in_error(const Request& request, Response& response) const;
  void log(const Request& request, const Response& response);

  HttpRules rules_;
  std::map<std::string, Route, std::less<>> routes_;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::size_t> in_progress_ = 0;
  std::atomic<std::size_t> body_bytes_ = 0;
  mutable std::mutex mutex_;
  std::map<int, std::size_t> responses_;
};

// Makes the response that of an error.
void set_error(HttpServer::Response& response, const ApiError& error);
void set_json(HttpServer::Response& response, const std::string& json);

}  // namespace cellm

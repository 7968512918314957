// HTTP transfers, several at a time on one thread.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hub/headers.h"

namespace cellm {

// "https://host:port" of an address, with the port written out; empty if it is not one of http or
// https, or has a user name in it.
std::string origin_of(const std::string& url);
// The address that a Location header means, seen from `url`; empty if it is not one.
std::string resolve_location(const std::string& url, std::string_view location);
// Percent-encoded, with slashes kept if `path`.
std::string percent_encoded(std::string_view text, bool path);

// The authorities that are trusted in place of the system's. Empty: the system's.
struct Certificates {
  std::string file;      // in PEM
  std::string folder;    // files named by the hash of their subject
  std::string named_by;  // where file and folder were given, for messages
};

struct HttpRequest {
  std::string url;
  bool head = false;
  std::string token;                 // for the origin of `url`; not sent to others
  std::vector<std::string> headers;  // further ones, "Name: value"
  bool leave_origin = true;          // follow a redirect to another origin; else it is the response
};

struct HttpResponse {
  int status = 0;
  HttpHeaders headers;
  std::string url;  // after redirects
};

// Takes the body of the final response piece by piece. False ends the transfer as failed.
using BodySink = std::function<bool(const HttpResponse&, std::span<const std::byte>)>;

struct EndedTransfer {
  std::size_t id = 0;
  HttpResponse response;
  std::string failure;       // of the connection; empty: a whole response
  bool may_succeed = false;  // a later attempt after such a failure
};

// Connections are kept between transfers. Certificates are verified. Redirects are followed up to
// kMaxHubRedirects, never from https to http. Not thread-safe.
class HttpClient {
 public:
  explicit HttpClient(Certificates certificates = {});
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Starts a transfer; `id` is the caller's.
  void start(std::size_t id, HttpRequest request, BodySink sink);
  // Breaks all transfers off.
  void stop();
  // Lets transfers go on for a moment and returns those that have ended. Rethrows what a sink has
  // thrown.
  std::vector<EndedTransfer> wait();

 private:
  struct Transfer;
  struct Multi;

  void launch(Transfer& transfer);
  void finish(Transfer& transfer, int result, std::vector<EndedTransfer>& ended);
  bool follow(Transfer& transfer);

  std::string failure_text(int result, const Transfer& transfer) const;

  Certificates certificates_;
  std::unique_ptr<Multi> multi_;
  std::list<Transfer> transfers_;
};

}  // namespace cellm

#include "hub/http.h"

#include <algorithm>
#include <exception>
#include <new>

#include <fmt/format.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/version.h"
#include "hub/libcurl.h"

namespace cellm {
namespace {

constexpr long kBufferBytes = 256L << 10;
constexpr int kPollMilliseconds = 100;

struct FreeUrl {
  void operator()(CURLU* url) const { libcurl().url_cleanup(url); }
};
struct FreeEasy {
  void operator()(CURL* easy) const { libcurl().easy_cleanup(easy); }
};
struct FreeLines {
  void operator()(curl_slist* lines) const { libcurl().slist_free_all(lines); }
};

std::unique_ptr<CURLU, FreeUrl> parsed_url(const std::string& text) {
  std::unique_ptr<CURLU, FreeUrl> url(libcurl().url());
  if (url == nullptr) throw std::bad_alloc();
  constexpr unsigned kFlags = CURLU_DISALLOW_USER;
  if (text.size() > kMaxHubUrlBytes ||
      libcurl().url_set(url.get(), CURLUPART_URL, text.c_str(), kFlags) != CURLUE_OK) {
    url.reset();
  }
  return url;
}

std::string part_of(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (libcurl().url_get(url, part, &text, flags) != CURLUE_OK) return "";
  std::string copy = text;
  libcurl().free(text);
  return copy;
}

// Failures that say something of the machine or the address, and not of the moment.
bool is_lasting(CURLcode code) {
  return code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT ||
         code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
         code == CURLE_WRITE_ERROR || code == CURLE_TOO_MANY_REDIRECTS;
}

}  // namespace

std::string origin_of(const std::string& url) {
  const auto parsed = parsed_url(url);
  if (parsed == nullptr) return "";
  const std::string scheme = part_of(parsed.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") return "";
  std::string host = part_of(parsed.get(), CURLUPART_HOST);
  std::transform(host.begin(), host.end(), host.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return fmt::format("{}://{}:{}", scheme, host,
                     part_of(parsed.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT));
}

std::string resolve_location(const std::string& url, std::string_view location) {
  const auto parsed = parsed_url(url);
  if (parsed == nullptr || location.empty() || location.size() > kMaxHubUrlBytes) return "";
  if (libcurl().url_set(parsed.get(), CURLUPART_URL, std::string(location).c_str(), 0) != CURLUE_OK)
    return "";
  std::string target = part_of(parsed.get(), CURLUPART_URL);
  return origin_of(target).empty() ? "" : target;
}

std::string percent_encoded(std::string_view text, bool path) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~' || (path && c == '/');
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

struct HttpClient::Multi {
  Multi() : handle(libcurl().multi_init()) {
    if (handle == nullptr) throw std::bad_alloc();
  }
  ~Multi() { libcurl().multi_cleanup(handle); }
  Multi(const Multi&) = delete;
  Multi& operator=(const Multi&) = delete;

  CURLM* handle;
};

struct HttpClient::Transfer {
  std::size_t id = 0;
  HttpRequest request;
  BodySink sink;
  int redirects = 0;

  HttpResponse response;
  bool too_many_headers = false;
  std::exception_ptr thrown;
  char failure[CURL_ERROR_SIZE] = {};
  std::unique_ptr<curl_slist, FreeLines> lines;
  std::unique_ptr<CURL, FreeEasy> easy;

  void add_line(const std::string& line) {
    curl_slist* longer = libcurl().slist_append(lines.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    (void)lines.release();
    lines.reset(longer);
  }

  static std::size_t on_header(char* data, std::size_t /*one*/, std::size_t size, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    try {
      transfer.too_many_headers = !transfer.response.headers.add({data, size});
    } catch (...) {
      transfer.thrown = std::current_exception();
    }
    return transfer.too_many_headers || transfer.thrown ? 0 : size;
  }

  static std::size_t on_body(char* data, std::size_t /*one*/, std::size_t size, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    try {
      transfer.read_status();
      if (transfer.is_redirect()) return size;  // a text for people without the redirect
      if (transfer.sink(transfer.response, std::as_bytes(std::span(data, size)))) return size;
    } catch (...) {
      transfer.thrown = std::current_exception();
    }
    return 0;
  }

  void read_status() {
    long status = 0;
    libcurl().easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
    response.status = static_cast<int>(status);
  }

  bool is_redirect() const {
    constexpr int kStatus[] = {301, 302, 303, 307, 308};
    return std::find(std::begin(kStatus), std::end(kStatus), response.status) !=
               std::end(kStatus) &&
           !response.headers.find("location").empty();
  }
};

HttpClient::HttpClient(Certificates certificates)
    : certificates_(std::move(certificates)), multi_(std::make_unique<Multi>()) {}

HttpClient::~HttpClient() {
  stop();
}

void HttpClient::start(std::size_t id, HttpRequest request, BodySink sink) {
  Transfer& transfer = transfers_.emplace_back();
  transfer.id = id;
  transfer.request = std::move(request);
  transfer.sink = std::move(sink);
  launch(transfer);
}

void HttpClient::stop() {
  for (Transfer& transfer : transfers_)
    libcurl().multi_remove_handle(multi_->handle, transfer.easy.get());
  transfers_.clear();
}

void HttpClient::launch(Transfer& transfer) {
  const Libcurl& curl = libcurl();
  transfer.response = {};
  transfer.response.url = transfer.request.url;
  transfer.failure[0] = '\0';
  transfer.easy.reset(curl.easy_init());
  CURL* easy = transfer.easy.get();
  if (easy == nullptr) throw std::bad_alloc();
  transfer.lines.reset();
  if (!transfer.request.token.empty())
    transfer.add_line("Authorization: Bearer " + transfer.request.token);
  for (const std::string& line : transfer.request.headers) transfer.add_line(line);
  const bool secure = transfer.request.url.starts_with("https:");
  const std::string agent = fmt::format("cellm/{}", kVersion);
  curl.easy_setopt(easy, CURLOPT_URL, transfer.request.url.c_str());
  curl.easy_setopt(easy, CURLOPT_PROTOCOLS_STR, secure ? "https" : "http");
  curl.easy_setopt(easy, CURLOPT_NOBODY, transfer.request.head ? 1L : 0L);
  curl.easy_setopt(easy, CURLOPT_HTTPHEADER, transfer.lines.get());
  curl.easy_setopt(easy, CURLOPT_USERAGENT, agent.c_str());
  curl.easy_setopt(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  if (!certificates_.named_by.empty()) {
    const auto path = [](const std::string& text) { return text.empty() ? nullptr : text.c_str(); };
    curl.easy_setopt(easy, CURLOPT_CAINFO, path(certificates_.file));
    curl.easy_setopt(easy, CURLOPT_CAPATH, path(certificates_.folder));
  }
  curl.easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl.easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, kHubConnectSeconds);
  curl.easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl.easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, kHubSilenceSeconds);
  curl.easy_setopt(easy, CURLOPT_BUFFERSIZE, kBufferBytes);
  curl.easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer.failure);
  curl.easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  curl.easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
  curl.easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  curl.easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
  curl.easy_setopt(easy, CURLOPT_PRIVATE, &transfer);
  if (curl.multi_add_handle(multi_->handle, easy) != CURLM_OK) throw std::bad_alloc();
}

// Whether the response is a redirect that is followed; the transfer is then under way again.
bool HttpClient::follow(Transfer& transfer) {
  if (!transfer.is_redirect()) return false;
  HttpRequest& request = transfer.request;
  const std::string target =
      resolve_location(request.url, transfer.response.headers.find("location"));
  const bool same_origin = origin_of(target) == origin_of(request.url);
  if (target.empty() || (!same_origin && !request.leave_origin)) return false;
  if (request.url.starts_with("https:") && !target.starts_with("https:")) return false;
  if (++transfer.redirects > kMaxHubRedirects) return false;
  if (!same_origin) request.token.clear();
  request.url = target;
  launch(transfer);
  return true;
}

std::string HttpClient::failure_text(int result, const Transfer& transfer) const {
  const auto code = static_cast<CURLcode>(result);
  std::string text = transfer.failure[0] != '\0' ? transfer.failure : libcurl().easy_strerror(code);
  if (code != CURLE_PEER_FAILED_VERIFICATION) return text;
  if (certificates_.named_by.empty()) {
    return text += "; SSL_CERT_FILE names a file of the authorities to trust";
  }
  return text += fmt::format("; trusted are the authorities of {}", certificates_.named_by);
}

void HttpClient::finish(Transfer& transfer, int result, std::vector<EndedTransfer>& ended) {
  const auto code = static_cast<CURLcode>(result);
  libcurl().multi_remove_handle(multi_->handle, transfer.easy.get());
  transfer.read_status();
  const std::exception_ptr thrown = transfer.thrown;
  if (thrown || code != CURLE_OK || !follow(transfer)) {
    EndedTransfer& end = ended.emplace_back();
    end.id = transfer.id;
    end.response = std::move(transfer.response);
    if (transfer.too_many_headers) {
      end.failure = fmt::format("more than {} bytes of headers", kMaxHubHeaderBytes);
    } else if (code != CURLE_OK) {
      end.failure = failure_text(result, transfer);
      end.may_succeed = !is_lasting(code);
    }
    transfers_.remove_if([&](const Transfer& other) { return &other == &transfer; });
  }
  if (thrown) std::rethrow_exception(thrown);
}

std::vector<EndedTransfer> HttpClient::wait() {
  const Libcurl& curl = libcurl();
  int running = 0;
  int messages = 0;
  curl.multi_poll(multi_->handle, nullptr, 0, kPollMilliseconds, nullptr);
  if (curl.multi_perform(multi_->handle, &running) != CURLM_OK) throw std::bad_alloc();
  std::vector<EndedTransfer> ended;
  while (const CURLMsg* message = curl.multi_info_read(multi_->handle, &messages)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode result = message->data.result;
    Transfer* transfer = nullptr;
    curl.easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    finish(*transfer, static_cast<int>(result), ended);
  }
  return ended;
}

}  // namespace cellm

#include "hub/hub_client.h"

#include <algorithm>
#include <string_view>
#include <thread>

#include <fmt/format.h>

#include "base/error.h"
#include "base/limits.h"

namespace cellm {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstWait{250};
constexpr milliseconds kStep{50};
constexpr std::size_t kShownAddress = 200;  // characters
constexpr int kOk = 200;
constexpr int kUnauthorized = 401;
constexpr int kForbidden = 403;
constexpr int kNotFound = 404;

// The name of a reply in messages.
std::string reply_name(const HubName& name) {
  return printable(hub_name_text(name)) + ": the hub's reply";
}

}  // namespace

bool is_passing(int status) {
  constexpr int kStatus[] = {408, 429, 500, 502, 503, 504};
  return std::find(std::begin(kStatus), std::end(kStatus), status) != std::end(kStatus);
}

milliseconds wait_before(int attempt, const HttpHeaders& headers) {
  constexpr milliseconds kMost = std::chrono::seconds(kMaxHubWaitSeconds);
  if (const auto seconds = parse_size(headers.find("retry-after"))) {
    return *seconds >= kMaxHubWaitSeconds ? kMost : std::chrono::seconds(*seconds);
  }
  milliseconds time = kFirstWait;
  for (int i = 0; i < attempt && time < kMost; ++i) time *= 2;
  return std::min(time, kMost);
}

void pause(milliseconds time, const JobControl& control) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
    control.check();
    std::this_thread::sleep_for(kStep);
  }
}

HubClient::HubClient(const HubSettings& settings, const HubName& name, const JobControl& control)
    : settings_(settings), name_(name), control_(control), http_(settings.certificates) {
  if (origin_of(settings.endpoint).empty()) {
    throw usage_error("HF_ENDPOINT: \"{}\" is not an address with http:// or https://",
                      printable(settings.endpoint));
  }
}

bool HubClient::is_hub(const std::string& url) const {
  return origin_of(url) == origin_of(settings_.endpoint);
}

std::string HubClient::token_for(const std::string& url) const {
  return is_hub(url) ? settings_.token : "";
}

HttpResponse HubClient::fetch(const HttpRequest& request, std::string* body) {
  const std::string subject = printable(hub_name_text(name_));
  for (int attempt = 0;; ++attempt) {
    body->clear();
    bool too_long = false;
    http_.start(0, request, [&](const HttpResponse&, std::span<const std::byte> bytes) {
      too_long = bytes.size() > kMaxHubReplyBytes - body->size();
      if (!too_long) body->append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      return !too_long;
    });
    std::vector<EndedTransfer> ended;
    while (ended.empty()) {
      control_.check();
      ended = http_.wait();
    }
    EndedTransfer& end = ended.front();
    if (too_long) {
      throw data_error("{} has more than {} bytes", reply_name(name_), kMaxHubReplyBytes);
    }
    const bool passing = end.failure.empty() ? is_passing(end.response.status) : end.may_succeed;
    if (!passing && end.failure.empty()) return std::move(end.response);
    if (!passing || attempt + 1 >= kHubAttempts) {
      if (end.failure.empty()) refuse(end.response, subject);
      throw error(ErrorKind::kOther, "{}: the hub {} cannot be reached: {}", subject,
                  printable(settings_.endpoint), printable(end.failure));
    }
    pause(wait_before(attempt, end.response.headers), control_);
  }
}

void HubClient::refuse(const HttpResponse& response, const std::string& subject) const {
  const std::string hub = printable(settings_.endpoint);
  const std::string_view code = response.headers.find("x-error-code");
  const bool with_token = !settings_.token.empty();
  const char* ask_for_token = with_token
                                  ? "the access token given does not open it"
                                  : "if it is private, give an access token of the hub in HF_TOKEN";
  if (code == "GatedRepo") {
    throw data_error(
        "{}: is gated: accept its terms at {}/{} and give an access token in HF_TOKEN{}", subject,
        hub, name_.repository, with_token ? "; the one given does not open it" : "");
  }
  if (code == "RevisionNotFound") {
    throw data_error("{}: the repository has no branch, tag or commit \"{}\"", subject,
                     printable(name_.revision));
  }
  if (code == "EntryNotFound") throw data_error("{}: there is no such file on the hub", subject);
  switch (response.status) {
    case kUnauthorized:
    case kNotFound:
      throw data_error("{}: neither a local file or folder nor a model on the hub {}; {}", subject,
                       hub, ask_for_token);
    case kForbidden:
      throw data_error("{}: the hub {} does not allow access; {}", subject, hub, ask_for_token);
    default:
      const std::string_view target = response.headers.find("location");
      throw error(ErrorKind::kOther, "{}: {} answers with HTTP status {}{}", subject,
                  printable(origin_of(response.url)), response.status,
                  target.empty() ? ""
                                 : fmt::format(", a redirect to {} that is not followed",
                                               printable(target.substr(0, kShownAddress))));
  }
}

Revision HubClient::revision() {
  HttpRequest request;
  request.url = fmt::format("{}/api/models/{}/revision/{}", settings_.endpoint, name_.repository,
                            percent_encoded(name_.revision, false));
  request.token = settings_.token;
  request.leave_origin = false;
  std::string body;
  const HttpResponse response = fetch(request, &body);
  if (response.status != kOk) refuse(response, printable(hub_name_text(name_)));
  return parse_revision(body, reply_name(name_));
}

RemoteFile HubClient::locate(const std::string& commit, const std::string& file) {
  const std::string subject =
      fmt::format("{}: {}", printable(hub_name_text(name_)), printable(file));
  HttpRequest request;
  request.url = fmt::format("{}/{}/resolve/{}/{}", settings_.endpoint, name_.repository, commit,
                            percent_encoded(file, true));
  request.head = true;
  request.token = settings_.token;
  request.leave_origin = false;  // the checksum is in the hub's own headers
  std::string body;
  const HttpResponse response = fetch(request, &body);
  const HttpHeaders& headers = response.headers;
  const bool elsewhere = response.status / 100 == 3 && !headers.find("location").empty();
  if (response.status != kOk && !elsewhere) refuse(response, subject);
  const std::string_view linked_etag = headers.find("x-linked-etag");
  const std::string_view linked_size = headers.find("x-linked-size");
  RemoteFile remote;
  remote.name = file;
  remote.url = response.url;
  if (elsewhere) remote.url = resolve_location(response.url, headers.find("location"));
  if (remote.url.empty() || (remote.url.starts_with("http:") && response.url.starts_with("https:")))
    throw data_error("{}: the hub redirects to an address that is not allowed", subject);
  remote.hash = etag_value(linked_etag.empty() ? headers.find("etag") : linked_etag);
  if (!is_blob_name(remote.hash)) {
    throw data_error("{}: the hub gives no checksum but the ETag \"{}\"", subject,
                     printable(remote.hash));
  }
  const auto size =
      parse_size(!linked_size.empty() || elsewhere ? linked_size : headers.find("content-length"));
  if (!size || *size > kMaxHubFileBytes) throw data_error("{}: the hub gives no size", subject);
  remote.size = *size;
  const std::string_view found = headers.find("x-repo-commit");
  if (found != commit) {
    throw data_error("{}: the hub answers with the commit \"{}\", asked for {}", subject,
                     printable(found), commit);
  }
  return remote;
}

}  // namespace cellm

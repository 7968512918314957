// Requests to the hub about one repository.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "hub/http.h"
#include "hub/hub_name.h"
#include "hub/hub_settings.h"
#include "hub/repository.h"
#include "jobs/job.h"

namespace cellm {

// A file of a repository at a commit.
struct RemoteFile {
  std::string name;
  std::string hash;  // of its content (hub/checksum.h)
  std::uint64_t size = 0;
  std::string url;  // of its content: of the hub or of another host
};

// Whether a later attempt may get another answer: too many requests, and faults of a server.
bool is_passing(int status);
// The wait before the next attempt: as long as the server asks for, or twice as long after
// each attempt (from 0), at most kMaxHubWaitSeconds.
std::chrono::milliseconds wait_before(int attempt, const HttpHeaders& headers);
// Waits, unless cancelled: then throws Cancelled.
void pause(std::chrono::milliseconds time, const JobControl& control);

// Attempts are repeated kHubAttempts times. Not thread-safe.
class HubClient {
 public:
  // All three must outlive the client. Throws Error(kUsage) for an endpoint that is no http or
  // https address.
  HubClient(const HubSettings& settings, const HubName& name, const JobControl& control);

  // The commit and the files of the name's revision. Throws Cancelled, Error(kData) for a model
  // that is not there or not for everyone and for replies that are none, Error(kOther) if the hub
  // cannot be reached or fails.
  Revision revision();
  // Throws likewise, and Error(kData) for a file without a checksum.
  RemoteFile locate(const std::string& commit, const std::string& file);

  // Whether an address is of the hub itself.
  bool is_hub(const std::string& url) const;
  // The token for an address: none for other hosts.
  std::string token_for(const std::string& url) const;
  // The error of a response that is none with a file in it; `subject` begins the message.
  [[noreturn]] void refuse(const HttpResponse& response, const std::string& subject) const;
  HttpClient& http() { return http_; }
  const JobControl& control() const { return control_; }

 private:
  HttpResponse fetch(const HttpRequest& request, std::string* body);

  const HubSettings& settings_;
  const HubName& name_;
  const JobControl& control_;
  HttpClient http_;
};

}  // namespace cellm

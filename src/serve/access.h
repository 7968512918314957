// Access control: API keys, and the headers in which a browser names the page behind a request.
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace cellm {

// Keys, of which only hashes are kept. Immutable.
class ApiKeys {
 public:
  // One key a line; empty lines do not count. Throws Error(kData) for a file that others than its
  // owner can read, that has no key, or keys that are too short, too long or not of visible ASCII
  // characters; Error(kUsage) if it cannot be read.
  static ApiKeys load(const std::filesystem::path& path);

  ApiKeys() = default;
  explicit ApiKeys(const std::vector<std::string>& keys);

  bool empty() const { return hashes_.empty(); }
  // Takes the same time for every key of a length.
  bool contains(std::string_view key) const;

 private:
  std::vector<std::array<unsigned char, 32>> hashes_;
};

// The key in a header "Authorization: Bearer KEY"; empty: none.
std::string_view bearer_key(std::string_view authorization);

struct Hosts {
  std::vector<std::string> names = {};    // beyond those that are always right
  std::vector<std::string> origins = {};  // "https://example.org", that may read answers
};

// "localhost" or an address of this machine alone: 127.0.0.0/8, ::1.
bool is_loopback_name(std::string_view host);

// The host of a header "Host: NAME[:PORT]", in lower case without brackets; empty if malformed.
std::string host_of(std::string_view authority);

// Whether a request for this host can have come from a page only if that page was served from here:
// an attacker can let a name of his own resolve to this machine (DNS rebinding), but neither an
// address nor a name that is not his.
bool is_known_host(const Hosts& hosts, std::string_view authority);

enum class OriginCheck {
  kNone,     // no page
  kOwn,      // a page from here, or from this machine
  kAllowed,  // by name: it may read the answer
  kForeign,
};
// `origin`: the header's value, empty if there is none. `authority`: that of Host.
OriginCheck check_origin(const Hosts& hosts, std::string_view origin, std::string_view authority);

// A valid origin as an argument: "http://host" or "https://host:port", no path. Throws
// Error(kUsage).
void require_origin(const std::string& origin);

}  // namespace cellm

#include "serve/access.h"

#include <algorithm>
#include <sys/stat.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "base/error.h"
#include "base/mapped_file.h"
#include "serve/limits.h"

namespace cellm {
namespace {

std::array<unsigned char, 32> hash(std::string_view key) {
  std::array<unsigned char, 32> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), digest.data());
  return digest;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

void check_key(const std::string& key, const std::string& path, std::size_t line) {
  const auto visible = [](char c) { return c > 0x20 && c < 0x7F; };
  if (!std::all_of(key.begin(), key.end(), visible)) {
    throw data_error("{}: line {} has characters that a key cannot have", printable(path), line);
  }
  if (key.size() < kMinKeyBytes || key.size() > kMaxKeyBytes) {
    throw data_error("{}: the key in line {} has {} characters, a key has {} to {}",
                     printable(path), line, key.size(), kMinKeyBytes, kMaxKeyBytes);
  }
}

bool is_address(const std::string& host) {
  unsigned char bytes[sizeof(in6_addr)];
  return ::inet_pton(AF_INET, host.c_str(), bytes) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

bool contains(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

// "host:port" of "http://host:port"; empty for another scheme or malformed text.
std::string_view authority_of(std::string_view origin) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (origin.starts_with(scheme)) return origin.substr(scheme.size());
  }
  return {};
}

}  // namespace

ApiKeys ApiKeys::load(const std::filesystem::path& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) {
    throw usage_error("{}: the file of keys cannot be read", printable(path.string()));
  }
  // A file that another user has given to a group of this process, as Kubernetes mounts secrets, is
  // all right.
  const mode_t forbidden = facts.st_uid == ::geteuid() ? S_IRWXG | S_IRWXO : S_IWGRP | S_IRWXO;
  if ((facts.st_mode & forbidden) != 0) {
    throw data_error("{}: others than its owner may use this file of keys; chmod 600 it",
                     printable(path.string()));
  }
  const std::string text = read_file(path.string(), kMaxKeyFileBytes);
  std::vector<std::string> keys;
  std::size_t line = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string key = text.substr(begin, end - begin);
    if (key.ends_with('\r')) key.pop_back();
    begin = end + 1;
    ++line;
    if (key.empty()) continue;
    check_key(key, path.string(), line);
    keys.push_back(std::move(key));
  }
  if (keys.empty()) throw data_error("{}: there is no key", printable(path.string()));
  if (keys.size() > kMaxKeys) {
    throw data_error("{}: {} keys are more than {}", printable(path.string()), keys.size(),
                     kMaxKeys);
  }
  return ApiKeys(keys);
}

ApiKeys::ApiKeys(const std::vector<std::string>& keys) {
  for (const std::string& key : keys) hashes_.push_back(hash(key));
}

bool ApiKeys::contains(std::string_view key) const {
  const auto wanted = hash(key);
  int found = 0;
  for (const auto& one : hashes_) {
    found |= static_cast<int>(CRYPTO_memcmp(one.data(), wanted.data(), wanted.size()) == 0);
  }
  return found != 0;
}

std::string_view bearer_key(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() <= kScheme.size() ||
      lower(authorization.substr(0, kScheme.size())) != kScheme) {
    return {};
  }
  return authorization.substr(kScheme.size());
}

bool is_loopback_name(std::string_view host) {
  const std::string name(host);
  if (name == "localhost") return true;
  in_addr four{};
  if (::inet_pton(AF_INET, name.c_str(), &four) == 1) {
    return (ntohl(four.s_addr) >> 24U) == 127;
  }
  in6_addr six{};
  return ::inet_pton(AF_INET6, name.c_str(), &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

std::string host_of(std::string_view authority) {
  std::string_view host = authority;
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return {};
    host = authority.substr(1, end - 1);
    port = authority.substr(end + 1);
  } else if (const std::size_t colon = authority.find(':'); colon != std::string_view::npos) {
    host = authority.substr(0, colon);
    port = authority.substr(colon);
  }
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (!port.empty() && (port[0] != ':' || !std::all_of(port.begin() + 1, port.end(), is_digit))) {
    return {};
  }
  const auto is_of_names = [&](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == '_' || c == ':';
  };
  if (!std::all_of(host.begin(), host.end(), is_of_names)) return {};
  return lower(host);
}

bool is_known_host(const Hosts& hosts, std::string_view authority) {
  const std::string host = host_of(authority);
  return host == "localhost" || is_address(host) || contains(hosts.names, host);
}

OriginCheck check_origin(const Hosts& hosts, std::string_view origin, std::string_view authority) {
  if (origin.empty()) return OriginCheck::kNone;
  if (contains(hosts.origins, std::string(origin))) return OriginCheck::kAllowed;
  const std::string_view from = authority_of(origin);
  if (from.empty()) return OriginCheck::kForeign;
  if (lower(from) == lower(authority)) return OriginCheck::kOwn;
  return is_loopback_name(host_of(from)) ? OriginCheck::kOwn : OriginCheck::kForeign;
}

void require_origin(const std::string& origin) {
  const std::string_view authority = authority_of(origin);
  if (host_of(authority).empty()) {
    throw usage_error("\"{}\" is not an origin such as https://example.org", printable(origin));
  }
}

}  // namespace cellm

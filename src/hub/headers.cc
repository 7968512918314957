#include "hub/headers.h"

#include <algorithm>
#include <charconv>

#include "base/limits.h"

namespace cellm {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);
}

}  // namespace

bool HttpHeaders::add(std::string_view line) {
  if (line.starts_with("HTTP/")) {
    values_.clear();
    bytes_ = 0;
  }
  bytes_ += line.size();
  if (bytes_ > kMaxHubHeaderBytes) return false;
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return true;
  std::string name(line.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  values_.emplace_back(std::move(name), trimmed(line.substr(colon + 1)));
  return true;
}

std::string_view HttpHeaders::find(std::string_view name) const {
  const auto found = std::find_if(values_.rbegin(), values_.rend(),
                                  [name](const auto& value) { return value.first == name; });
  return found == values_.rend() ? std::string_view() : found->second;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<ContentRange> parse_content_range(std::string_view text) {
  constexpr std::string_view kUnit = "bytes ";
  if (!text.starts_with(kUnit)) return std::nullopt;
  text.remove_prefix(kUnit.size());
  const std::size_t dash = text.find('-');
  const std::size_t slash = text.find('/');
  if (dash == std::string_view::npos || slash == std::string_view::npos || dash > slash)
    return std::nullopt;
  const auto begin = parse_size(text.substr(0, dash));
  const auto last = parse_size(text.substr(dash + 1, slash - dash - 1));
  const auto total = parse_size(text.substr(slash + 1));
  if (!begin || !last || !total || *last < *begin || *last >= *total) return std::nullopt;
  return ContentRange{*begin, *last + 1, *total};
}

std::string etag_value(std::string_view header) {
  if (header.starts_with("W/")) header.remove_prefix(2);
  if (header.starts_with('"')) header.remove_prefix(1);
  if (header.ends_with('"')) header.remove_suffix(1);
  return std::string(header);
}

bool is_strong_etag(std::string_view header) {
  return header.size() > 2 && header.size() <= kMaxHubEtagBytes && header.starts_with('"') &&
         header.ends_with('"') && header.substr(1, header.size() - 2).find('"') == header.npos &&
         std::all_of(header.begin(), header.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

bool is_blob_name(std::string_view etag) {
  constexpr std::size_t kSha1Digits = 40;
  constexpr std::size_t kSha256Digits = 64;
  return (etag.size() == kSha1Digits || etag.size() == kSha256Digits) &&
         etag.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace cellm

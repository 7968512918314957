// Headers of HTTP responses: untrusted text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cellm {

// The headers of one response.
class HttpHeaders {
 public:
  // Takes a line "Name: value"; a status line begins a new response. Lines without a colon are
  // left out. False beyond kMaxHubHeaderBytes in all.
  bool add(std::string_view line);
  // The value of the last header of this name, given in lower case; empty if there is none.
  std::string_view find(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> values_;
  std::size_t bytes_ = 0;
};

// Decimal digits alone. Empty for anything else and for numbers beyond 64 bits.
std::optional<std::uint64_t> parse_size(std::string_view text);

// "bytes BEGIN-LAST/TOTAL" as a half-open range. Empty for anything else, also for a range that is
// empty or does not lie in the total.
struct ContentRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint64_t total = 0;
};
std::optional<ContentRange> parse_content_range(std::string_view text);

// An ETag without quotes and the mark of a weak one, as huggingface_hub names blobs by it.
std::string etag_value(std::string_view header);
// Whether an ETag may stand in If-Range: a strong one, in quotes.
bool is_strong_etag(std::string_view header);

// Whether an ETag is the SHA-1 of a git blob or the SHA-256 of a file's content, in lower case.
bool is_blob_name(std::string_view etag);

}  // namespace cellm

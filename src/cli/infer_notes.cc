#include "cli/infer_notes.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/printable.h"

namespace cellm {
namespace {

// As much of a text as can spell a token, whole characters.
std::string_view beginning_of(std::string_view text) {
  constexpr std::size_t kLongest = 256;
  if (text.size() <= kLongest) return text;
  std::size_t end = kLongest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

}  // namespace

void announce_quality(const InferArguments& arguments, const Model& model) {
  const std::string quality = model.quality();
  if (quality.empty()) return;
  const std::filesystem::path path = arguments.model;
  fmt::print(stderr, "{}: {}\n", printable(path.filename().string()), quality);
}

void announce_notes(const Model& model) {
  std::istringstream notes(model.notes());
  for (std::string note; std::getline(notes, note);) fmt::print(stderr, "note: {}\n", note);
}

void announce_two_begins(const InferArguments& arguments, std::span<const std::uint32_t> prompt,
                         const Model& model) {
  if (!arguments.prompt) return;
  const std::vector<std::uint32_t> begin = model.tokenize("");
  const std::size_t count = begin.size();
  const auto begins = [&begin, count](std::span<const std::uint32_t> ids) {
    return ids.size() >= 2 * count && std::equal(begin.begin(), begin.end(), ids.begin()) &&
           std::equal(begin.begin(), begin.end(), ids.begin() + static_cast<std::ptrdiff_t>(count));
  };
  if (count == 0) return;
  if (begins(prompt)) {
    fmt::print(stderr,
               "note: the prompt begins with two begin-of-text tokens, one of them written in it; "
               "the tokenizer adds one by itself\n");
  } else if (!arguments.chat && begins(model.tokenize(beginning_of(*arguments.prompt), true))) {
    fmt::print(
        stderr,
        "note: the prompt spells the begin-of-text token, which the tokenizer adds by itself; "
        "what is spelled is text\n");
  }
}

void warn_if_long(const Session& session, std::size_t tokens) {
  const std::size_t most = std::min(tokens, session.max_tokens());
  const std::uint64_t needed = session.state_bytes(most);
  const AvailableMemory available = available_memory();
  if (needed <= available.bytes) return;
  fmt::print(stderr,
             "note: {} tokens would need {} of memory, {} are available ({}); an answer that gets "
             "so long ends with an error\n",
             most, human_bytes(needed), human_bytes(available.bytes), available.limited_by);
}

}  // namespace cellm

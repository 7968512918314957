// Names of models on the Hugging Face hub.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cellm {

inline constexpr std::string_view kMainRevision = "main";

struct HubName {
  std::string repository;  // "ORG/NAME"
  std::string file;        // a .gguf file of it; empty: its Hugging Face folder
  std::string revision = std::string(kMainRevision);  // branch, tag or commit

  bool operator==(const HubName&) const = default;
};

// Reads ORG/NAME[:FILE.gguf][@REVISION]. Empty for what looks like a path: it begins with ".", "/"
// or "~", has not exactly one slash in the part before ":" and "@", or has an ending of a model
// file there. Throws Error(kUsage) for a name whose file or revision cannot be one.
std::optional<HubName> parse_hub_name(std::string_view text);

// The text of a name, as a user types it; without the default revision.
std::string hub_name_text(const HubName& name);

// Whether it can be the path of a file inside of a repository: parts separated by single slashes,
// none of them "." or "..", no control characters and no backslash.
bool is_repository_path(std::string_view path);

// Whether it can be the name of a branch or tag, or a commit.
bool is_revision(std::string_view text);

// Whether it is the full name of a commit: 40 hexadecimal digits.
bool is_commit(std::string_view text);

}  // namespace cellm

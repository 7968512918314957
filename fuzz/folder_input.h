// Inputs that are the files of a folder one after the other: a line "== NAME", then the content up
// to the next such line.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness.h"

namespace cellm::fuzz {

struct FolderPart {
  std::string name;
  std::string content;
};

std::vector<FolderPart> split_folder(std::string_view input);

// Changes, renames or drops a part.
std::string mutate_folder_input(const std::string& input, std::span<const std::string_view> names,
                                std::span<const std::string_view> keys, Random& random);

// One folder per process, in memory-backed storage if available. Files of other names than `names`
// are not written.
class InputFolder {
 public:
  explicit InputFolder(std::span<const std::string_view> names);
  ~InputFolder();
  InputFolder(const InputFolder&) = delete;
  InputFolder& operator=(const InputFolder&) = delete;

  // Most inputs differ from the previous one in one file: only changed files are written.
  void fill(const std::vector<FolderPart>& parts);
  const std::filesystem::path& path() const { return path_; }

 private:
  std::span<const std::string_view> names_;
  std::filesystem::path path_;
  std::vector<std::optional<std::string>> contents_;  // of the existing files
};

}  // namespace cellm::fuzz

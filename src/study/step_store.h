// Results of finished steps in a folder, from which an interrupted study resumes.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "io/json.h"

namespace cellm {

// One file NAME.json for each step: what it depends on, as a key, what came out, and a checksum of
// that. A file is there whole or not at all. Not thread-safe.
class StepStore {
 public:
  // Makes the folder if it is not there. Throws Error(kData) if that cannot be done.
  explicit StepStore(std::filesystem::path folder);

  // The result of a step, if it is stored under this very key. A file of another key, or one that
  // is damaged, is no result: the step is to be done again.
  std::optional<nlohmann::ordered_json> find(const std::string& name, std::string_view key) const;
  void store(const std::string& name, std::string_view key, const nlohmann::ordered_json& value);
  void remove(const std::string& name);

 private:
  std::filesystem::path file_of(const std::string& name) const;
  std::filesystem::path folder_;
};

// The content of a step's file, and what a file of this content holds for this key: nothing if that
// is the result of another key, damaged, or no such file at all.
std::string step_text(std::string_view key, const nlohmann::ordered_json& value);
std::optional<nlohmann::ordered_json> parse_step(std::string_view text, std::string_view key);

// Sixteen hexadecimal digits that are others as soon as one of the texts is.
std::string step_key(std::initializer_list<std::string_view> texts);

// Writes a file whole or not at all.
void write_text_file(const std::filesystem::path& path, std::string_view text);

}  // namespace cellm

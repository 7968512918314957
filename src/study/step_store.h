// Results of finished steps in a folder, from which an interrupted study resumes.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "io/json.h"

namespace cellm {

// One file NAME.json for each step: a key of everything that the step depends on, its result, and a
// checksum of the result. Files are written atomically. Not thread-safe.
class StepStore {
 public:
  // Creates the folder if it does not exist. Throws Error(kData) if that fails.
  explicit StepStore(std::filesystem::path folder);

  // The result of a step stored under this key; empty if there is none, or its file is damaged or
  // has another key: the step must then be repeated.
  std::optional<nlohmann::ordered_json> find(const std::string& name, std::string_view key) const;
  void store(const std::string& name, std::string_view key, const nlohmann::ordered_json& value);
  void remove(const std::string& name);

 private:
  std::filesystem::path file_of(const std::string& name) const;
  std::filesystem::path folder_;
};

// The text of a step's file, and the result in such a text: empty if it has another key or is
// damaged.
std::string step_text(std::string_view key, const nlohmann::ordered_json& value);
std::optional<nlohmann::ordered_json> parse_step(std::string_view text, std::string_view key);

// A hash of the texts, 16 hexadecimal digits.
std::string step_key(std::initializer_list<std::string_view> texts);

// Writes a file atomically.
void write_text_file(const std::filesystem::path& path, std::string_view text);

}  // namespace cellm

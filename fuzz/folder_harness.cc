// Harness for a Hugging Face folder. The input contains its files one after the other: a line "==
// NAME", then the content up to the next such line; names other than those below are ignored.

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>

#include "harness.h"
#include "io/hf_folder.h"
#include "model_check.h"
#include "mutate.h"

namespace cellm::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 10> kNames{"config.json",
                                                  "generation_config.json",
                                                  "tokenizer.json",
                                                  "tokenizer_config.json",
                                                  "chat_template.jinja",
                                                  "model.safetensors",
                                                  "model.safetensors.index.json",
                                                  "other.safetensors.index.json",
                                                  "a.safetensors",
                                                  "b.safetensors"};
constexpr std::string_view kMark = "== ";

struct Part {
  std::string name;
  std::string content;
};

std::vector<Part> split(std::string_view input) {
  std::vector<Part> parts;
  while (input.starts_with(kMark)) {
    const std::size_t line = std::min(input.find('\n'), input.size());
    Part part{std::string(input.substr(kMark.size(), std::max(line, kMark.size()) - kMark.size())),
              {}};
    input.remove_prefix(std::min(line + 1, input.size()));
    std::size_t end = 0;
    if (!input.starts_with(kMark)) {
      end = input.find("\n== ");
      end = end == std::string_view::npos ? input.size() : end + 1;
    }
    part.content = input.substr(0, end);
    if (end != input.size() && !part.content.empty()) part.content.pop_back();  // the line break
    input.remove_prefix(end);
    parts.push_back(std::move(part));
  }
  return parts;
}

std::string join(const std::vector<Part>& parts) {
  std::string input;
  for (const Part& part : parts) {
    if (!input.empty()) input += '\n';
    input += fmt::format("== {}\n{}", part.name, part.content);
  }
  return input;
}

// One folder per process, in memory-backed storage if available.
class Folder {
 public:
  Folder() {
    const fs::path memory = "/dev/shm";
    const fs::path parent =
        ::access(memory.c_str(), W_OK) == 0 ? memory : fs::temp_directory_path();
    path_ = parent / fmt::format("cellm_fuzz_{}", ::getpid());
    fs::create_directories(path_);
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  // Most inputs differ from the previous one in one file: only changed files are written.
  void fill(const std::vector<Part>& parts) {
    for (std::size_t i = 0; i < kNames.size(); ++i) {
      std::optional<std::string> content;
      for (const Part& part : parts) {
        if (part.name == kNames[i]) content = part.content;
      }
      if (content == contents_[i]) continue;
      if (content) {
        std::ofstream(path_ / kNames[i], std::ios::binary) << *content;
      } else {
        fs::remove(path_ / kNames[i]);
      }
      contents_[i] = std::move(content);
    }
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
  std::array<std::optional<std::string>, kNames.size()> contents_;  // of the existing files
};

void run_folder(Bytes input) {
  static Folder folder;
  folder.fill(split(text_of(input)));
  check_model(*open_hf_folder(folder.path()));
}

std::string mutate_folder(const std::string& input, Random& random) {
  constexpr std::string_view kKeys[] = {
      "weight_map",        "quantization",  "bits",         "mode",     "affine",
      "group_size",        "chat_template", "name",         "template", "default",
      "model.safetensors", "a.safetensors", "b.safetensors"};
  auto parts = split(input);
  if (parts.empty()) return input;
  if (once_in(random, 8)) {
    parts[pick(random, parts.size())].name = kNames[pick(random, kNames.size())];
    return join(parts);
  }
  if (once_in(random, 8)) {
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(pick(random, parts.size())));
    return join(parts);
  }
  Part& part = parts[pick(random, parts.size())];
  if (part.name.ends_with(".safetensors")) {
    part.content = mutate_safetensors(part.content, random);
  } else {
    part.content = mutate_json_text(part.content, kKeys, random);
  }
  return join(parts);
}

}  // namespace

constinit const Harness kHfFolder{"hf_folder", run_folder, mutate_folder};

}  // namespace cellm::fuzz

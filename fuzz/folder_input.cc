#include "folder_input.h"

#include <algorithm>
#include <fstream>
#include <unistd.h>

#include <fmt/format.h>

#include "mutate.h"

namespace cellm::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMark = "== ";

std::string join(const std::vector<FolderPart>& parts) {
  std::string input;
  for (const FolderPart& part : parts) {
    if (!input.empty()) input += '\n';
    input += fmt::format("== {}\n{}", part.name, part.content);
  }
  return input;
}

}  // namespace

std::vector<FolderPart> split_folder(std::string_view input) {
  std::vector<FolderPart> parts;
  while (input.starts_with(kMark)) {
    const std::size_t line = std::min(input.find('\n'), input.size());
    FolderPart part{
        std::string(input.substr(kMark.size(), std::max(line, kMark.size()) - kMark.size())), {}};
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

std::string mutate_folder_input(const std::string& input, std::span<const std::string_view> names,
                                std::span<const std::string_view> keys, Random& random) {
  auto parts = split_folder(input);
  if (parts.empty()) return input;
  if (once_in(random, 8)) {
    parts[pick(random, parts.size())].name = names[pick(random, names.size())];
    return join(parts);
  }
  if (once_in(random, 8)) {
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(pick(random, parts.size())));
    return join(parts);
  }
  FolderPart& part = parts[pick(random, parts.size())];
  if (part.name.ends_with(".safetensors")) {
    part.content = mutate_safetensors(part.content, random);
  } else if (part.name.ends_with(".gguf")) {
    part.content = mutate_gguf(part.content, random);
  } else {
    part.content = mutate_json_text(part.content, keys, random);
  }
  return join(parts);
}

InputFolder::InputFolder(std::span<const std::string_view> names)
    : names_(names), contents_(names.size()) {
  static int count = 0;
  const fs::path memory = "/dev/shm";
  const fs::path parent = ::access(memory.c_str(), W_OK) == 0 ? memory : fs::temp_directory_path();
  path_ = parent / fmt::format("cellm_fuzz_{}_{}", ::getpid(), count++);
  fs::create_directories(path_);
}

InputFolder::~InputFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void InputFolder::fill(const std::vector<FolderPart>& parts) {
  for (std::size_t i = 0; i < names_.size(); ++i) {
    std::optional<std::string> content;
    for (const FolderPart& part : parts) {
      if (part.name == names_[i]) content = part.content;
    }
    if (content == contents_[i]) continue;
    if (content) {
      std::ofstream(path_ / names_[i], std::ios::binary) << *content;
    } else {
      fs::remove(path_ / names_[i]);
    }
    contents_[i] = std::move(content);
  }
}

}  // namespace cellm::fuzz

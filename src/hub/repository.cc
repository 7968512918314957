#include "hub/repository.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/limits.h"
#include "hub/headers.h"
#include "hub/hub_name.h"
#include "io/json.h"

namespace cellm {
namespace {

constexpr std::string_view kIndexEnding = ".safetensors.index.json";
constexpr std::string_view kMainIndex = "model.safetensors.index.json";
constexpr std::string_view kMainWeights = "model.safetensors";
constexpr std::size_t kListed = 12;  // names in a message

bool is_text_file(std::string_view name) {
  for (const std::string_view start :
       {"tokenizer", "chat_template", "additional_chat_templates/"}) {
    if (name.starts_with(start)) return true;
  }
  // The last three hold the configuration of a quantization.
  constexpr std::array<std::string_view, 5> kNames{"config.json", "generation_config.json",
                                                   "quantize_config.json", "quant_config.json",
                                                   "hf_quant_config.json"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

std::vector<std::string> ending_with(const std::vector<std::string>& files,
                                     std::string_view ending) {
  std::vector<std::string> found;
  std::copy_if(files.begin(), files.end(), std::back_inserter(found),
               [ending](const std::string& file) { return file.ends_with(ending); });
  return found;
}

// "a, b, c and 9 more"
std::string listed(const std::vector<std::string>& names) {
  std::vector<std::string> shown;
  for (const std::string& name : names) {
    if (shown.size() == kListed) break;
    shown.push_back(printable(name));
  }
  std::string text = fmt::format("{}", fmt::join(shown, ", "));
  if (names.size() <= kListed) return text;
  return fmt::format("{} and {} more", text, names.size() - kListed);
}

[[noreturn]] void refuse(const std::vector<std::string>& files, const std::string& source,
                         const char* missing) {
  const std::vector<std::string> ggufs = ending_with(files, ".gguf");
  if (!ggufs.empty()) {
    throw unsupported_error("{}: has no {}; name one of its GGUF files with a colon: {}", source,
                            missing, listed(ggufs));
  }
  const bool pickled = !ending_with(files, ".bin").empty() || !ending_with(files, ".pt").empty();
  throw unsupported_error("{}: has no {}{}", source, missing,
                          pickled ? "; cellm does not read weights in .bin or .pt files" : "");
}

// "-00002-of-00003.gguf" at the end of a name, and where it begins.
struct PartEnding {
  std::size_t at = 0;
  std::uint64_t part = 0;
  std::uint64_t count = 0;
};
std::optional<PartEnding> part_ending(std::string_view name) {
  constexpr std::string_view kPattern = "-00000-of-00000.gguf";
  if (name.size() <= kPattern.size()) return std::nullopt;
  const std::size_t at = name.size() - kPattern.size();
  for (std::size_t i = 0; i < kPattern.size(); ++i) {
    const char c = name[at + i];
    const bool matches = kPattern[i] == '0' ? c >= '0' && c <= '9' : c == kPattern[i];
    if (!matches) return std::nullopt;
  }
  const PartEnding ending{at, parse_size(name.substr(at + 1, 5)).value_or(0),
                          parse_size(name.substr(at + 10, 5)).value_or(0)};
  if (ending.part < 1 || ending.part > ending.count) return std::nullopt;
  return ending;
}

}  // namespace

Revision parse_revision(std::string_view json, const std::string& source) {
  const Json document = parse_json(json, source);
  const JsonNode root(document, source + ":");
  Revision revision;
  const JsonNode commit = root.at("sha");
  revision.commit = commit.as_string();
  if (!is_commit(revision.commit)) {
    throw data_error("{}: expected a commit, found \"{}\"", commit.path(),
                     printable(revision.commit));
  }
  for (const JsonNode& sibling : root.at("siblings").as_array(kMaxHubFiles)) {
    const JsonNode name = sibling.at("rfilename");
    revision.files.push_back(name.as_string());
    if (!is_repository_path(revision.files.back())) {
      throw data_error("{}: \"{}\" is not a path inside of a repository", name.path(),
                       printable(revision.files.back()));
    }
  }
  std::sort(revision.files.begin(), revision.files.end());
  const auto twice = std::adjacent_find(revision.files.begin(), revision.files.end());
  if (twice != revision.files.end()) {
    throw data_error("{}: the file \"{}\" is there twice", source, printable(*twice));
  }
  return revision;
}

Selection select_folder(const std::vector<std::string>& files, const std::string& source) {
  std::vector<std::string> top;
  std::copy_if(files.begin(), files.end(), std::back_inserter(top),
               [](const std::string& file) { return file.find('/') == std::string::npos; });
  const auto has = [&top](std::string_view name) {
    return std::find(top.begin(), top.end(), name) != top.end();
  };
  std::vector<std::string> weights = ending_with(top, ".safetensors");
  const std::vector<std::string> indexes = ending_with(top, kIndexEnding);
  if (weights.empty()) refuse(files, source, "*.safetensors file");
  if (!has("config.json")) refuse(files, source, "config.json");

  Selection selection;
  std::copy_if(top.begin(), top.end(), std::back_inserter(selection.files), is_text_file);
  if (indexes.size() == 1) selection.index = indexes.front();
  if (indexes.size() > 1) {
    if (!has(kMainIndex)) {
      throw unsupported_error("{}: has several indexes of weights and none of them is {}: {}",
                              source, kMainIndex, listed(indexes));
    }
    selection.index = kMainIndex;
  }
  if (!selection.index.empty()) {
    weights = {selection.index};
  } else if (has(kMainWeights)) {
    weights = {std::string(kMainWeights)};
  }
  selection.files.insert(selection.files.end(), weights.begin(), weights.end());
  std::sort(selection.files.begin(), selection.files.end());
  return selection;
}

std::vector<std::string> select_gguf(const std::vector<std::string>& files, const std::string& file,
                                     const std::string& source) {
  const auto has = [&files](const std::string& name) {
    return std::binary_search(files.begin(), files.end(), name);
  };
  if (!has(file)) {
    const std::vector<std::string> ggufs = ending_with(files, ".gguf");
    throw data_error("{}: there is no such file in the repository{}{}", source,
                     ggufs.empty() ? ", and no other .gguf file" : "; its .gguf files are ",
                     listed(ggufs));
  }
  const auto ending = part_ending(file);
  if (!ending) return {file};
  std::vector<std::string> parts;
  for (std::uint64_t part = 1; part <= ending->count; ++part) {
    parts.push_back(
        fmt::format("{}-{:05}-of-{:05}.gguf", file.substr(0, ending->at), part, ending->count));
    if (!has(parts.back())) {
      throw data_error("{}: part {} is missing in the repository", source, printable(parts.back()));
    }
  }
  return parts;
}

}  // namespace cellm

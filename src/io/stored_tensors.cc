#include "io/stored_tensors.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/mapped_file.h"
#include "io/file_kind.h"
#include "io/safetensors.h"
#include "io/shard_index.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kWhole = "model.safetensors";

// The files of a model, and the names that the index gives to each (empty: all).
struct Shards {
  std::map<std::string, std::set<std::string>> files;
  std::vector<std::string> missing;  // files that are not there
};

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The files that may hold the model's weights, not an adapter's or a second copy of them.
std::vector<std::string> weight_files(const std::vector<std::string>& names) {
  std::vector<std::string> weights;
  for (const std::string& name : names) {
    if (name.ends_with(".safetensors") && !name.starts_with("adapter_model")) {
      weights.push_back(name);
    }
  }
  const auto original = [](const auto& name) { return name.starts_with("consolidated"); };
  if (!std::all_of(weights.begin(), weights.end(), original)) std::erase_if(weights, original);
  return weights;
}

// Numbered files that are not there beside others of their set, and those of which only a part is.
std::vector<std::string> missing_parts(const std::vector<std::string>& names,
                                       const std::vector<std::string>& weights) {
  std::set<std::string> missing;
  for (const std::string& name : weights) {
    const auto numbered = numbered_name(name);
    for (std::size_t i = 1; numbered && i <= std::min(numbered->count, kMaxShards); ++i) {
      if (std::string part = numbered->name_of(i); !contains(weights, part)) missing.insert(part);
    }
  }
  for (const std::string& name : names) {
    const std::string whole = name.substr(0, name.rfind('.'));
    if (is_unfinished(name) && whole.ends_with(".safetensors") && !contains(weights, whole)) {
      missing.insert(whole);
    }
  }
  return {missing.begin(), missing.end()};
}

std::optional<std::string> index_file(const std::vector<std::string>& names) {
  std::vector<std::string> indexes;
  for (const std::string& name : names) {
    if (name.ends_with(".safetensors.index.json")) indexes.push_back(name);
  }
  if (indexes.size() > 1) {
    std::erase_if(indexes, [](const auto& n) { return n != "model.safetensors.index.json"; });
  }
  if (indexes.empty()) return std::nullopt;
  return indexes.front();
}

Shards find_shards(const fs::path& folder, Links links) {
  const std::vector<std::string> names = names_in_folder(folder);
  const std::vector<std::string> weights = weight_files(names);
  Shards shards;
  const auto index = index_file(names);
  if (index) {
    const fs::path path = file_in_folder(folder, *index, links);
    const std::string source = printable((folder / *index).string());
    const std::string text = read_file(path, kMaxTextBytes);
    if (const auto error = known_text_mistake(text, source)) throw Error(*error);
    shards.files = parse_shard_index(text, source);
    for (const auto& [file, tensors] : shards.files) {
      if (!contains(weights, file)) shards.missing.push_back(file);
    }
  }
  if (contains(weights, kWhole) && (!index || !shards.missing.empty())) {
    return {{{std::string(kWhole), {}}}, {}};
  }
  if (!index) {
    for (const std::string& name : weights) shards.files[name];
    shards.missing = missing_parts(names, weights);
  }
  for (const std::string& file : shards.missing) shards.files.erase(file);
  if (shards.files.empty() && !shards.missing.empty()) {
    throw data_error("{}: the download is not complete: {} is missing", printable(folder.string()),
                     printable(shards.missing.front()));
  }
  if (shards.files.empty()) {
    throw folder_mistake(folder, names, "no *.safetensors file in this folder");
  }
  if (shards.files.size() > kMaxShards) {
    throw data_error("{}: {} shards, more than the {} allowed", printable(folder.string()),
                     shards.files.size(), kMaxShards);
  }
  return shards;
}

class Collector {
 public:
  Collector(const fs::path& folder, Links links) : folder_(folder), links_(links) {}

  StoredTensors collect() {
    const Shards shards = find_shards(folder_, links_);
    for (const auto& [file, wanted] : shards.files) add_file(file, wanted);
    for (auto& [name, tensor] : unlisted_) {  // in another file than the index says
      if (promised_.contains(name) && !seen_.contains(name)) add(std::move(tensor));
    }
    if (!shards.missing.empty()) {
      result_.incomplete =
          fmt::format("the download is not complete: {}{}", printable(shards.missing.front()),
                      shards.missing.size() == 1
                          ? " is missing"
                          : fmt::format(" and {} more are missing", shards.missing.size() - 1));
    }
    drop_prefixes();
    std::sort(result_.tensors.begin(), result_.tensors.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    return std::move(result_);
  }

 private:
  void add(StoredTensor tensor) {
    seen_.insert(tensor.name);
    if (std::find(tensor.shape.begin(), tensor.shape.end(), 0U) != tensor.shape.end()) {
      result_.absent.emplace(tensor.name, "is empty (saved by ZeRO-3 without gathering)");
      return;
    }
    result_.tensors.push_back(std::move(tensor));
  }

  void add_file(const std::string& file, const std::set<std::string>& wanted) {
    SafetensorsFile opened = open_safetensors(file_in_folder(folder_, file, links_));
    result_.container_format = opened.format;
    promised_.insert(wanted.begin(), wanted.end());
    for (SafetensorsEntry& entry : opened.entries) {
      StoredTensor tensor{std::move(entry.name), std::move(entry.dtype), std::move(entry.shape),
                          entry.data, opened.file};
      if (!wanted.empty() && !wanted.contains(tensor.name)) {
        std::string name = tensor.name;
        unlisted_.try_emplace(std::move(name), std::move(tensor));
        continue;
      }
      if (seen_.contains(tensor.name)) {
        throw data_error("{}: tensor {} is also in another file of the folder",
                         printable((folder_ / file).string()), printable(tensor.name));
      }
      add(std::move(tensor));
    }
  }

  // torch.compile names its modules _orig_mod, DistributedDataParallel the whole model module.
  void drop_prefixes() {
    constexpr std::string_view kCompiled = "_orig_mod.";
    constexpr std::string_view kParallel = "module.";
    bool compiled = false;
    bool parallel = !result_.tensors.empty();
    for (StoredTensor& tensor : result_.tensors) {
      if (const std::size_t at = tensor.name.find(kCompiled); at != std::string::npos) {
        tensor.name.erase(at, kCompiled.size());
        compiled = true;
      }
      parallel = parallel && tensor.name.starts_with(kParallel);
    }
    if (parallel) {
      for (StoredTensor& tensor : result_.tensors) tensor.name.erase(0, kParallel.size());
    }
    const auto note = [&](std::string_view prefix, std::string_view origin) {
      result_.notes.push_back(
          fmt::format("\"{}\" in the names of tensors, from {}, is dropped", prefix, origin));
    };
    if (compiled) note(kCompiled, "torch.compile");
    if (parallel) note(kParallel, "DistributedDataParallel");
    std::set<std::string_view> names;
    for (const StoredTensor& tensor : result_.tensors) {
      if (tensor.name.empty() || !names.insert(tensor.name).second) {
        throw data_error("{}: tensor {} is there with and without a prefix",
                         printable(folder_.string()), printable(tensor.name));
      }
    }
  }

  const fs::path& folder_;
  Links links_;
  StoredTensors result_;
  std::set<std::string> seen_;
  std::set<std::string> promised_;  // by the index
  std::map<std::string, StoredTensor> unlisted_;
};

}  // namespace

const StoredTensor* StoredTensors::find(std::string_view name) const {
  const auto found = std::lower_bound(
      tensors.begin(), tensors.end(), name,
      [](const StoredTensor& tensor, std::string_view n) { return tensor.name < n; });
  return found != tensors.end() && found->name == name ? &*found : nullptr;
}

StoredTensors read_stored_tensors(const fs::path& folder, Links links) {
  return Collector(folder, links).collect();
}

}  // namespace cellm

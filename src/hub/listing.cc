#include "hub/listing.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <system_error>

#include "base/error.h"
#include "hub/hub_cache.h"
#include "hub/hub_name.h"
#include "hub/pull.h"
#include "io/folder_file.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

std::uint64_t bytes_of(const fs::path& file) {
  std::error_code failure;
  const std::uintmax_t bytes = fs::file_size(file, failure);
  return failure ? 0 : bytes;
}

std::uint64_t bytes_in(const fs::path& folder) {
  std::uint64_t bytes = 0;
  for (const std::string& file : files_in(folder)) bytes += bytes_of(folder / file);
  return bytes;
}

// ORG/NAME/COMMIT/FORMAT.cellm
void add_conversions(const fs::path& conversions, std::vector<ListedModel>& models) {
  for (const std::string& file : files_in(conversions)) {
    const fs::path relative = file;
    if (relative.extension() != ".cellm" || std::distance(relative.begin(), relative.end()) != 4)
      continue;
    const fs::path repository = relative.parent_path().parent_path();
    models.push_back({.name = repository.generic_string(),
                      .bytes = bytes_of(conversions / file),
                      .format = relative.stem().string(),
                      .path = conversions / file});
  }
}

void add_revision(const HubName& revision, const HubSettings& settings,
                  std::vector<ListedModel>& models) {
  const RepositoryCache cache = repository_cache(settings.cache, revision.repository);
  const auto commit = cached_commit(cache, revision.revision);
  if (!commit) return;
  if (const auto model = cached_model(revision, settings, false)) {
    models.push_back({.name = hub_name_text(revision),
                      .bytes = bytes_in(model->path),
                      .format = "safetensors",
                      .path = model->path});
  }
  for (const std::string& file : files_in(cache.snapshot(*commit))) {
    if (!file.ends_with(".gguf")) continue;
    HubName name = revision;
    name.file = file;
    const fs::path path = cache.snapshot(*commit) / file;
    models.push_back({hub_name_text(name), bytes_of(path), "gguf", path});
  }
}

// A folder that cannot be read as the cache of a repository is none of ours.
void add_repository(const std::string& repository, const HubSettings& settings,
                    std::vector<ListedModel>& models) {
  const RepositoryCache cache = repository_cache(settings.cache, repository);
  for (const std::string& revision : files_in(cache.folder / "refs")) {
    try {
      add_revision({repository, "", revision}, settings, models);
    } catch (const Error&) {
      continue;
    }
  }
}

Removal remove_folder(const fs::path& folder) {
  const std::vector<std::string> files = files_in(folder);
  Removal removal;
  for (const std::string& file : files) {
    std::error_code ignored;
    if (fs::is_symlink(folder / file, ignored)) continue;  // its blob counts
    ++removal.files;
    removal.bytes += bytes_of(folder / file);
  }
  std::error_code failure;
  fs::remove_all(folder, failure);
  if (failure) {
    throw data_error("{}: cannot be removed: {}", printable(folder.string()), failure.message());
  }
  return removal;
}

}  // namespace

std::vector<ListedModel> list_models(const HubSettings& settings) {
  std::vector<ListedModel> models;
  add_conversions(settings.conversions, models);
  std::error_code ignored;
  if (fs::is_directory(settings.cache, ignored)) {
    for (const std::string& name : names_in_folder(settings.cache)) {
      const std::string repository = repository_of_folder(name);
      if (!repository.empty()) add_repository(repository, settings, models);
    }
  }
  std::stable_sort(models.begin(), models.end(),
                   [](const auto& a, const auto& b) { return a.name < b.name; });
  return models;
}

Removal remove_model(const std::string& repository, bool downloads, const HubSettings& settings) {
  const auto name = parse_hub_name(repository);
  if (!name || name->repository != repository) {
    throw usage_error("{}: expected the name of a repository on the hub, ORG/NAME",
                      printable(repository));
  }
  Removal removal = remove_folder(settings.conversions / repository);
  std::error_code ignored;
  // The folder of an organization without models; not empty otherwise.
  fs::remove((settings.conversions / repository).parent_path(), ignored);
  const RepositoryCache cache = repository_cache(settings.cache, repository);
  if (downloads) {
    // A revision is gone before what it names.
    for (const char* part : {"refs", "snapshots", ""}) {
      const Removal more = remove_folder(part[0] == '\0' ? cache.folder : cache.folder / part);
      removal.files += more.files;
      removal.bytes += more.bytes;
    }
    remove_folder(cache.locks);
  }
  if (removal.files == 0) {
    const bool downloaded = fs::exists(cache.folder, ignored);
    throw data_error("{}: there is no converted model of it{}", printable(repository),
                     downloaded ? ", but what was downloaded is in the hub's cache" : "");
  }
  return removal;
}

}  // namespace cellm

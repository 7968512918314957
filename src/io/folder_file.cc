#include "io/folder_file.h"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <memory>
#include <new>
#include <optional>
#include <system_error>

#include "base/advice.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

// Both paths are absolute and free of links and dots.
bool lies_in(const fs::path& path, const fs::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first ==
         folder.end();
}

// The blobs folder of a hub cache, if `folder` is a snapshot or inside of one.
std::optional<fs::path> hub_blobs(fs::path folder) {
  for (; folder.has_relative_path(); folder = folder.parent_path()) {
    const fs::path snapshots = folder.parent_path();
    const fs::path repository = snapshots.parent_path();
    if (snapshots.filename() == "snapshots" &&
        repository.filename().string().starts_with("models--")) {
      return repository / "blobs";
    }
  }
  return std::nullopt;
}

}  // namespace

fs::path file_in_folder(const fs::path& folder, std::string_view name, Links links) {
  fs::path path = folder / name;
  std::error_code failure;
  if (!fs::is_symlink(fs::symlink_status(path, failure))) return path;
  const fs::path target = fs::canonical(path, failure);
  if (failure) {
    throw data_error("{}: a symbolic link that leads nowhere: {}", printable(path.string()),
                     failure.message());
  }
  if (links == Links::kFollow) return path;
  const fs::path root = fs::canonical(folder.empty() ? fs::path(".") : folder, failure);
  if (!failure) {
    const auto blobs = hub_blobs(root);
    if (lies_in(target, root) || (blobs && lies_in(target, *blobs))) return path;
  }
  throw data_error(AdviceKind::kFollowLinks, "{}: a symbolic link out of the model's folder, to {}",
                   printable(path.string()), printable(target.string()));
}

std::vector<std::string> names_in_folder(const fs::path& folder) {
  struct Close {
    void operator()(DIR* entries) const { ::closedir(entries); }
  };
  const auto fail = [&] {
    if (errno == ENOMEM) throw std::bad_alloc();
    throw data_error("{}: cannot read this folder: {}", printable(folder.string()),
                     std::generic_category().message(errno));
  };
  const std::unique_ptr<DIR, Close> entries(::opendir(folder.c_str()));
  if (entries == nullptr) fail();
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(entries.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) fail();
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace cellm

#include "hub/hub_cache.h"

#include <algorithm>
#include <cerrno>
#include <span>
#include <string_view>
#include <system_error>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/mapped_file.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "models--";
constexpr std::string_view kSeparator = "--";
// huggingface_hub's own text: whichever program comes first writes it.
constexpr std::string_view kCacheTag =
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# This file is a cache directory tag created by huggingface_hub.\n"
    "# For information about cache directory tags, see:\n"
    "#\thttps://bford.info/cachedir/\n";

void write_text(const fs::path& path, std::string_view text) {
  make_folders(path.parent_path());
  AtomicFile file(path);
  file.write_at(0, std::as_bytes(std::span(text)));
  file.commit();
}

}  // namespace

RepositoryCache repository_cache(const fs::path& cache, const std::string& repository) {
  std::string name(kPrefix);
  const std::size_t slash = repository.find('/');
  name += repository.substr(0, slash);
  name += kSeparator;
  name += repository.substr(slash + 1);
  return {cache / name, cache / ".locks" / name};
}

std::string repository_of_folder(const std::string& folder_name) {
  if (!folder_name.starts_with(kPrefix)) return "";
  const std::string name = folder_name.substr(kPrefix.size());
  const std::size_t at = name.find(kSeparator);
  if (at == std::string::npos) return "";
  const std::string repository = name.substr(0, at) + "/" + name.substr(at + kSeparator.size());
  const auto parsed = parse_hub_name(repository);
  return parsed && parsed->repository == repository ? repository : "";
}

std::optional<std::string> cached_commit(const RepositoryCache& cache,
                                         const std::string& revision) {
  std::string commit = revision;
  if (!is_commit(revision)) {
    const fs::path ref = cache.folder / "refs" / revision;
    std::error_code failure;
    if (!fs::is_regular_file(ref, failure)) return std::nullopt;
    commit = read_file(ref, kMaxHubRefBytes);
    while (!commit.empty() && (commit.back() == '\n' || commit.back() == ' ')) commit.pop_back();
    if (!is_commit(commit)) {
      throw data_error("{}: expected a commit, found \"{}\"", printable(ref.string()),
                       printable(commit));
    }
  }
  std::error_code failure;
  if (!fs::is_directory(cache.snapshot(commit), failure)) return std::nullopt;
  return commit;
}

void write_ref(const RepositoryCache& cache, const std::string& revision,
               const std::string& commit) {
  if (revision == commit) return;
  const fs::path path = cache.folder / "refs" / revision;
  std::error_code failure;
  if (fs::is_regular_file(path, failure) && read_file(path, kMaxHubRefBytes) == commit) return;
  write_text(path, commit);
}

void link_file(const RepositoryCache& cache, const std::string& commit, const std::string& file,
               const std::string& hash) {
  const fs::path path = cache.snapshot(commit) / file;
  const auto depth = std::count(file.begin(), file.end(), '/');
  fs::path target = fs::path("..") / "..";
  for (auto i = depth; i > 0; --i) target /= "..";
  target = target / "blobs" / hash;
  std::error_code failure;
  if (fs::read_symlink(path, failure) == target && !failure) return;
  make_folders(path.parent_path());
  if (::symlink(target.c_str(), path.c_str()) == 0) return;
  fs::path temporary = path;
  temporary += fmt::format(".{}.tmp", ::getpid());
  fs::remove(temporary, failure);
  if (::symlink(target.c_str(), temporary.c_str()) != 0) throw_file_failure(path, "link");
  replace_file(temporary, path);
}

std::vector<std::string> files_in(const fs::path& folder) {
  std::vector<std::string> files;
  std::error_code failure;
  fs::recursive_directory_iterator entry(folder, failure);
  for (; !failure && entry != fs::recursive_directory_iterator(); entry.increment(failure)) {
    std::error_code ignored;
    if (!fs::is_regular_file(entry->path(), ignored)) continue;
    files.push_back(entry->path().lexically_relative(folder).generic_string());
    if (files.size() > kMaxHubFiles) {
      throw data_error("{}: more than {} files", printable(folder.string()), kMaxHubFiles);
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

void make_folders(const fs::path& folder) {
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (!failure) return;
  errno = failure.value();
  throw_file_failure(folder, "create");
}

void write_cache_tag(const fs::path& cache) {
  const fs::path path = cache / "CACHEDIR.TAG";
  std::error_code failure;
  if (fs::exists(path, failure)) return;
  write_text(path, kCacheTag);
}

}  // namespace cellm

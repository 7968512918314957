#include "hub/pull.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <sys/stat.h>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/mapped_file.h"
#include "hub/blob_download.h"
#include "hub/file_lock.h"
#include "hub/hub_cache.h"
#include "hub/hub_client.h"
#include "io/shard_index.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

// Bytes per second of the last seconds.
class Rate {
 public:
  std::string text(std::uint64_t done) {
    const auto now = Clock::now();
    if (samples_.empty() || now - samples_.back().first > kStep) samples_.emplace_back(now, done);
    while (now - samples_.front().first > kWindow && samples_.size() > 1) samples_.pop_front();
    const double seconds = std::chrono::duration<double>(now - samples_.front().first).count();
    if (seconds < 1.0 || done < samples_.front().second) return "";
    return fmt::format("{:.1f} MB/s",
                       static_cast<double>(done - samples_.front().second) / seconds / 1e6);
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kStep{250};
  static constexpr std::chrono::seconds kWindow{5};
  std::deque<std::pair<Clock::time_point, std::uint64_t>> samples_;
};

// The names of shards that an index promises, which have to be among the files.
std::vector<std::string> shards_of(const fs::path& index, const std::vector<std::string>& files,
                                   const std::string& source) {
  std::vector<std::string> shards;
  for (const auto& [name, tensors] :
       parse_shard_index(read_file(index, kMaxTextBytes), printable(index.string()))) {
    if (!std::binary_search(files.begin(), files.end(), name)) {
      throw data_error("{}: the file {} is missing, which {} promises", source, printable(name),
                       printable(index.filename().string()));
    }
    shards.push_back(name);
  }
  if (shards.size() > kMaxShards) {
    throw data_error("{}: {} shards, more than the {} allowed", source, shards.size(), kMaxShards);
  }
  return shards;
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// Disk space that an unfinished download has already.
std::uint64_t reserved_bytes(const fs::path& path) {
  constexpr std::uint64_t kBlock = 512;  // of st_blocks
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? static_cast<std::uint64_t>(info.st_blocks) * kBlock : 0;
}

class Pull {
 public:
  Pull(const HubName& name, const HubSettings& settings, const JobControl& control)
      : name_(name),
        settings_(settings),
        control_(control),
        source_(printable(hub_name_text(name))),
        cache_(repository_cache(settings.cache, name.repository)),
        client_(settings, name, control) {}

  PulledModel run() {
    const Revision revision = client_.revision();
    commit_ = revision.commit;
    PulledModel model{.commit = commit_, .path = cache_.snapshot(commit_)};
    if (name_.file.empty()) {
      const Selection selection = select_folder(revision.files, source_);
      std::vector<std::string> files = selection.files;
      if (!selection.index.empty()) {
        download({selection.index}, false);
        const auto shards =
            shards_of(cache_.snapshot(commit_) / selection.index, revision.files, source_);
        files.insert(files.end(), shards.begin(), shards.end());
      }
      download(files, true);
    } else {
      const std::vector<std::string> parts = select_gguf(revision.files, name_.file, source_);
      download(parts, true);
      model.path /= parts.front();
      model.is_gguf = true;
    }
    write_ref(cache_, name_.revision, commit_);
    return model;
  }

 private:
  void download(const std::vector<std::string>& files, bool report) {
    std::vector<RemoteFile> missing;
    for (const std::string& file : files) {
      if (!is_there(cache_.snapshot(commit_) / file))
        missing.push_back(client_.locate(commit_, file));
    }
    if (missing.empty()) return;
    write_cache_tag(settings_.cache);
    ask_for_space(missing);
    std::uint64_t total = 0;
    for (const RemoteFile& file : missing) total += file.size;
    std::uint64_t before = 0;
    for (const RemoteFile& file : missing) {
      fetch(file, [&](std::uint64_t done) {
        control_.check();
        if (report) tell(file.name, before + done, total);
      });
      before += file.size;
    }
  }

  void ask_for_space(const std::vector<RemoteFile>& files) const {
    std::uint64_t needed = 0;
    for (const RemoteFile& file : files) {
      if (is_there(cache_.blob(file.hash))) continue;
      const std::uint64_t reserved = reserved_bytes(cache_.unfinished(file.hash));
      needed += file.size - std::min(file.size, reserved);
    }
    std::error_code failure;
    const fs::space_info space = fs::space(settings_.cache, failure);
    if (failure || needed <= space.available) return;
    throw error(ErrorKind::kResources,
                "{}: {} bytes are needed and {} are free on the disk of {}; free some, or set "
                "HF_HUB_CACHE to a folder on another disk",
                source_, needed, space.available, printable(settings_.cache.string()));
  }

  void tell(const std::string& file, std::uint64_t done, std::uint64_t total) {
    reached_ = std::max(reached_, done);
    const std::string rate = rate_.text(done);
    control_.progress(kStageDownloading, reached_, total,
                      fmt::format("{}{}{}", printable(file), rate.empty() ? "" : ", ", rate));
  }

  void fetch(const RemoteFile& file, const std::function<void(std::uint64_t)>& progress) {
    const FileLock lock(cache_.lock(file.hash), control_);
    if (!is_there(cache_.blob(file.hash)))
      download_blob(client_, cache_, commit_, file, settings_.part_bytes, progress);
    link_file(cache_, commit_, file.name, file.hash);
  }

  const HubName& name_;
  const HubSettings& settings_;
  const JobControl& control_;
  std::string source_;
  RepositoryCache cache_;
  HubClient client_;
  std::string commit_;
  Rate rate_;
  std::uint64_t reached_ = 0;  // progress never falls
};

bool has_all(const fs::path& snapshot, const std::vector<std::string>& files, bool with_tokenizer,
             const std::string& source) {
  const Selection selection = select_folder(files, source);
  if (!selection.index.empty()) shards_of(snapshot / selection.index, files, source);
  return !with_tokenizer || std::binary_search(files.begin(), files.end(), "tokenizer.json");
}

}  // namespace

PulledModel pull_model(const HubName& name, const HubSettings& settings,
                       const JobControl& control) {
  if (settings.offline) {
    throw data_error("{}: is not in the cache {}, and HF_HUB_OFFLINE forbids to download it",
                     printable(hub_name_text(name)), printable(settings.cache.string()));
  }
  return Pull(name, settings, control).run();
}

std::optional<PulledModel> cached_model(const HubName& name, const HubSettings& settings,
                                        bool with_tokenizer) {
  const RepositoryCache cache = repository_cache(settings.cache, name.repository);
  const auto commit = cached_commit(cache, name.revision);
  if (!commit) return std::nullopt;
  const fs::path snapshot = cache.snapshot(*commit);
  const std::vector<std::string> files = files_in(snapshot);
  try {
    if (!name.file.empty()) {
      const std::vector<std::string> parts = select_gguf(files, name.file, snapshot.string());
      return PulledModel{*commit, snapshot / parts.front(), true};
    }
    if (!has_all(snapshot, files, with_tokenizer, snapshot.string())) return std::nullopt;
    return PulledModel{*commit, snapshot, false};
  } catch (const Error&) {  // parts are missing
    return std::nullopt;
  }
}

}  // namespace cellm

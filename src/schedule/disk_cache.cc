#include "schedule/disk_cache.h"

#include <algorithm>
#include <string_view>
#include <system_error>
#include <utility>
#include <xxhash.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/mapped_file.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "prefix-";
constexpr std::string_view kSuffix = ".session";
constexpr std::string_view kTemporary = ".tmp";

// The file that an abandoned temporary file was to become, if the name is that of one.
std::optional<std::string> target_of(std::string_view name) {
  const std::size_t end = name.find(kSuffix);
  if (!name.starts_with(kPrefix) || !name.ends_with(kTemporary) || end == name.npos) return {};
  return std::string(name.substr(0, end + kSuffix.size()));
}

void make_folder(const fs::path& folder) {
  std::error_code failure;
  if (fs::create_directories(folder, failure)) {
    fs::permissions(folder, fs::perms::owner_all, failure);
  }
  if (failure || !fs::is_directory(folder)) {
    throw data_error("{}: cannot be used as a folder: {}", printable(folder.string()),
                     failure ? failure.message() : "it is a file");
  }
}

}  // namespace

DiskCache::DiskCache(const Engine& engine, std::uint64_t model_checksum,
                     const SequenceOptions& options, fs::path folder,
                     std::shared_ptr<Signal> written, std::function<void(const std::string&)> log)
    : engine_(engine),
      model_checksum_(model_checksum),
      options_(options),
      facts_(session_facts(engine, model_checksum)),
      folder_(std::move(folder)),
      written_(std::move(written)),
      log_(std::move(log)) {
  make_folder(folder_);
  writer_ = std::thread([this] { write_files(); });
}

DiskCache::~DiskCache() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  writer_.join();
}

void DiskCache::note(const std::string& line) const {
  if (log_) log_(line);
}

std::vector<DiskCache::Stored> DiskCache::list() {
  std::vector<std::pair<fs::file_time_type, Stored>> found;
  std::vector<std::string> abandoned;
  std::size_t ignored = 0;
  std::string reason;
  for (const auto& entry : fs::directory_iterator(folder_)) {
    const std::string name = entry.path().filename().string();
    if (auto target = target_of(name)) abandoned.push_back(*std::move(target));
    if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) continue;
    try {
      const MappedFile file(entry.path());
      auto tokens = read_session_tokens(file, facts_, engine_.config(), options_);
      if (tokens.empty()) continue;
      found.emplace_back(entry.last_write_time(),
                         Stored{entry.path(), file.bytes().size(), std::move(tokens)});
    } catch (const std::exception& error) {
      ++ignored;
      reason = error.what();
    }
  }
  // A writer removes what a dead one left beside its target.
  for (const std::string& target : abandoned) const AtomicFile cleaner(folder_ / target);
  if (ignored != 0) note(fmt::format("{} files are ignored, among them {}", ignored, reason));
  std::ranges::sort(found, {}, &decltype(found)::value_type::first);
  std::vector<Stored> all;
  for (auto& [time, stored] : found) all.push_back(std::move(stored));
  return all;
}

std::optional<Snapshot> DiskCache::load(const fs::path& path,
                                        std::span<const std::uint32_t> tokens) {
  try {
    Snapshot snapshot = load_session(engine_, model_checksum_, options_, path);
    if (std::ranges::equal(snapshot.tokens(), tokens)) {
      std::error_code ignored;
      fs::last_write_time(path, fs::file_time_type::clock::now(), ignored);
      return snapshot;
    }
    note(fmt::format("{}: has other tokens than expected", printable(path.string())));
  } catch (const Error& error) {
    note(error.what());
    std::error_code ignored;
    if (error.kind() == ErrorKind::kData && fs::exists(path, ignored)) remove(path);
  }
  return std::nullopt;
}

void DiskCache::remove(const fs::path& path) {
  std::error_code ignored;
  fs::remove(path, ignored);
}

// Equal tokens have one name for each kind of state.
fs::path DiskCache::path_of(std::span<const std::uint32_t> tokens) const {
  std::string kind = fmt::format("{} {} {} {}", facts_.target, facts_.activations,
                                 kv_encoding_name(options_.kv_encoding), options_.tokens_per_block);
  const std::uint64_t seed = facts_.model_checksum ^ XXH3_64bits(kind.data(), kind.size());
  const std::uint64_t hash =
      XXH3_64bits_withSeed(tokens.data(), tokens.size() * sizeof(tokens[0]), seed);
  return folder_ / fmt::format("{}{:016x}-{}{}", kPrefix, hash, tokens.size(), kSuffix);
}

void DiskCache::begin_write(const Snapshot& snapshot) {
  CELLM_CHECK(!busy_);
  busy_ = true;
  {
    const std::lock_guard lock(mutex_);
    to_write_ = snapshot;
  }
  changed_.notify_all();
}

std::optional<DiskCache::Stored> DiskCache::take_written(bool wait) {
  if (!busy_) return std::nullopt;
  std::unique_lock lock(mutex_);
  if (wait) changed_.wait(lock, [&] { return complete_.has_value(); });
  if (!complete_) return std::nullopt;
  std::optional<Stored> complete = std::move(complete_);
  complete_.reset();
  busy_ = false;
  if (complete->bytes == 0) note(failure_);
  return complete;
}

// The writer's thread.
void DiskCache::write_files() {
  for (;;) {
    std::optional<Snapshot> snapshot;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stopping_ || to_write_; });
      if (!to_write_) return;
      snapshot = std::exchange(to_write_, std::nullopt);
    }
    const auto tokens = snapshot->tokens();
    Stored stored{path_of(tokens), 0, {tokens.begin(), tokens.end()}};
    std::string failure;
    try {
      save_session(*snapshot, model_checksum_, stored.path);
      stored.bytes = session_file_bytes(snapshot->sequence(), facts_);
    } catch (const std::exception& error) {
      failure = error.what();
    }
    snapshot.reset();  // before its memory counts as free
    {
      const std::lock_guard lock(mutex_);
      complete_ = std::move(stored);
      failure_ = std::move(failure);
    }
    changed_.notify_all();
    written_->raise();
  }
}

}  // namespace cellm

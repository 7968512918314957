// Snapshots in a folder, which survive the process.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "engine/batch.h"
#include "engine/session_file.h"
#include "schedule/request_state.h"

namespace cellm {

// Session files (docs/session-file.md) named prefix-HASH-TOKENS.session, readable by their owner
// only. Each is written whole or not at all. Files with other names, and those of another model,
// CPU target or encoding, are left alone; so several servers may use one folder.
//
// All functions belong to one thread; files are written by another one, one at a time. The engine
// must outlive it.
class DiskCache {
 public:
  struct Stored {
    std::filesystem::path path;
    std::uint64_t bytes = 0;
    std::vector<std::uint32_t> tokens;
  };

  // Makes the folder if it is not there, for its owner only. `written` is raised when a file is
  // complete. `log` may be empty. Throws Error(kData) for a folder that cannot be used.
  DiskCache(const Engine& engine, std::uint64_t model_checksum, const SequenceOptions& options,
            std::filesystem::path folder, std::shared_ptr<Signal> written,
            std::function<void(const std::string&)> log);
  ~DiskCache();  // waits for the file that is being written
  DiskCache(const DiskCache&) = delete;
  DiskCache& operator=(const DiskCache&) = delete;

  // The files of this model, the one that was used longest ago first.
  std::vector<Stored> list();

  // Nothing if the file is not there any more or cannot be used, which goes into the log; a damaged
  // one is removed.
  std::optional<Snapshot> load(const std::filesystem::path& path,
                               std::span<const std::uint32_t> tokens);
  void remove(const std::filesystem::path& path);

  // Begins to write a file; it must not be busy.
  void begin_write(const Snapshot& snapshot);
  bool busy() const { return busy_; }
  // The file that was begun, once it is complete; without bytes if that failed. wait: until then.
  std::optional<Stored> take_written(bool wait);

 private:
  void write_files();
  void note(const std::string& line) const;
  std::filesystem::path path_of(std::span<const std::uint32_t> tokens) const;

  const Engine& engine_;
  std::uint64_t model_checksum_;
  SequenceOptions options_;
  SessionFacts facts_;
  std::filesystem::path folder_;
  std::shared_ptr<Signal> written_;
  std::function<void(const std::string&)> log_;
  bool busy_ = false;

  std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  std::optional<Snapshot> to_write_;
  std::optional<Stored> complete_;
  std::string failure_;
  bool stopping_ = false;

  std::thread writer_;
};

}  // namespace cellm

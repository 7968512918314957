#include "io/model_checksum.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <new>
#include <string>
#include <vector>
#include <xxhash.h>

#include "base/mapped_file.h"
#include "io/folder_file.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

class Checksum {
 public:
  Checksum() : state_(XXH3_createState()) {
    if (!state_) throw std::bad_alloc();
    XXH3_64bits_reset(state_.get());
  }
  void add(const void* bytes, std::size_t count) { XXH3_64bits_update(state_.get(), bytes, count); }
  void add_file(const fs::path& path) {
    const MappedFile file(path);
    // In pieces whose pages are dropped afterwards, so that a large model takes no memory.
    constexpr std::size_t kPiece = std::size_t{64} << 20;
    for (auto rest = file.bytes(); !rest.empty();) {
      const auto piece = rest.first(std::min(rest.size(), kPiece));
      add(piece.data(), piece.size());
      file.forget(piece);
      rest = rest.subspan(piece.size());
    }
  }
  std::uint64_t value() const { return XXH3_64bits_digest(state_.get()); }

 private:
  struct Free {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
  };
  std::unique_ptr<XXH3_state_t, Free> state_;
};

}  // namespace

std::uint64_t model_checksum(const ModelSource& source) {
  const fs::path path = source.path();
  Checksum checksum;
  if (fs::is_directory(path)) {
    std::vector<std::string> names{"config.json"};
    for (const std::string& name : names_in_folder(path)) {
      if (fs::path(name).extension() == ".safetensors") names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
      checksum.add(name.c_str(), name.size() + 1);
      checksum.add_file(path / name);
    }
  } else {
    checksum.add_file(path);
  }
  for (const std::string& part : source.part_paths()) checksum.add_file(part);
  const std::string merged = source.merged();
  checksum.add(merged.data(), merged.size());
  return checksum.value();
}

std::uint64_t files_checksum(const std::vector<std::string>& paths) {
  Checksum checksum;
  for (const std::string& path : paths) checksum.add_file(path);
  return checksum.value();
}

}  // namespace cellm

#include "io/folder_writer.h"

#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "base/error.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

bool is_free(const fs::path& path) {
  std::error_code code;
  return !fs::exists(fs::symlink_status(path, code)) ||
         (fs::is_directory(path, code) && fs::is_empty(path, code));
}

// "out/" and "out" are one folder.
fs::path without_slash(const fs::path& path) {
  return path.has_filename() ? path : path.parent_path();
}

}  // namespace

FolderWriter::FolderWriter(const fs::path& path, FlatFile model, std::vector<std::string> names)
    : path_(without_slash(path)),
      temporary_(fmt::format("{}.{}.tmp", path_.string(), ::getpid())),
      names_(std::move(names)),
      blobs_(names_.size()) {
  if (!is_free(path_)) {
    throw usage_error("{}: exists already; give a new folder", printable(path_.string()));
  }
  if (::mkdir(temporary_.c_str(), 0755) != 0) throw_file_failure(temporary_, "create");
  model_.emplace(temporary_ / "model.safetensors", std::move(model));
}

FolderWriter::~FolderWriter() {
  model_.reset();
  std::error_code ignored;
  fs::remove_all(temporary_, ignored);
}

void FolderWriter::append_tensor(std::size_t index, std::span<const std::byte> bytes) {
  model_->append_tensor(index, bytes);
}

void FolderWriter::append_blob(std::size_t index, std::span<const std::byte> bytes) {
  blobs_.at(index).append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

void FolderWriter::finish() {
  model_->finish();
  for (std::size_t i = 0; i < names_.size(); ++i) {
    AtomicFile file(temporary_ / names_[i]);
    file.write_at(0, std::as_bytes(std::span(blobs_[i])));
    file.commit();
  }
  replace_file(temporary_, path_);
}

}  // namespace cellm

#include "io/gguf_parts.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/limits.h"
#include "io/file_kind.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

std::uint64_t number(const GgufFile& file, std::string_view key) {
  const GgufValue* value = file.find(key);
  return value == nullptr ? 0 : value->as_uint();
}

// The paths of all parts, this file's own among them.
std::vector<fs::path> part_paths(const GgufFile& file, std::size_t count) {
  const fs::path path = file.path();
  const auto name = numbered_name(path.filename().string());
  if (!name || name->count != count) {
    throw data_error(
        "{}: is part {} of {}, but is not named as parts are, NAME-{:05}-of-{:05}.gguf",
        printable(file.path()), number(file, "split.no") + 1, count, number(file, "split.no") + 1,
        count);
  }
  std::vector<fs::path> paths;
  for (std::size_t i = 1; i <= count; ++i) {
    paths.push_back(path.parent_path() / name->name_of(i));
    std::error_code ignored;
    if (!fs::exists(paths.back(), ignored)) {
      throw data_error("{}: part {} of {} is missing: {}", printable(file.path()), i, count,
                       printable(paths.back().filename().string()));
    }
  }
  return paths;
}

void require_part(const GgufFile& part, std::size_t index, std::size_t count) {
  if (number(part, "split.no") == index && number(part, "split.count") == count) return;
  throw data_error("{}: is part {} of {}, but named as part {} of {}", printable(part.path()),
                   number(part, "split.no") + 1, number(part, "split.count"), index + 1, count);
}

}  // namespace

void GgufFile::add_part(std::shared_ptr<const GgufFile> part) {
  tensors_.insert(tensors_.end(), part->tensors_.begin(), part->tensors_.end());
  std::ranges::sort(tensors_, {}, &GgufTensor::name);
  const auto twice = std::ranges::adjacent_find(tensors_, {}, &GgufTensor::name);
  if (twice != tensors_.end()) {
    throw data_error("{}: tensor '{}' is also in another part", printable(part->path()),
                     printable(twice->name));
  }
  parts_.push_back(std::move(part));
}

std::shared_ptr<const GgufFile> open_gguf_parts(std::shared_ptr<const MappedFile> file) {
  const auto given = std::make_shared<GgufFile>(std::move(file));
  const std::uint64_t count = number(*given, "split.count");
  if (count <= 1) return given;
  if (count > kMaxShards) {
    throw data_error("{}: is one of {} parts, more than the {} allowed", printable(given->path()),
                     count, kMaxShards);
  }
  const std::vector<fs::path> paths = part_paths(*given, count);
  std::shared_ptr<GgufFile> model;
  for (std::size_t i = 0; i < count; ++i) {
    const bool is_given = paths[i].filename() == fs::path(given->path()).filename();
    const auto part = is_given ? given : std::make_shared<GgufFile>(paths[i]);
    require_part(*part, i, count);
    if (model == nullptr) {
      model = part;
    } else {
      model->add_part(part);
    }
  }
  const std::uint64_t tensors = number(*model, "split.tensors.count");
  if (tensors != 0 && tensors != model->tensors().size()) {
    throw data_error("{}: the parts have {} tensors, expected {}", printable(model->path()),
                     model->tensors().size(), tensors);
  }
  return model;
}

}  // namespace cellm

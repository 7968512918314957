#include "io/model_source.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/mapped_file.h"
#include "io/cellm_file.h"
#include "io/gguf_file.h"
#include "io/gguf_source.h"
#include "io/hf_folder.h"

namespace cellm {

std::size_t TensorInfo::rows() const {
  std::size_t rows = 1;
  for (std::size_t i = 0; i + 1 < shape.size(); ++i) rows *= shape[i];
  return rows;
}

std::optional<std::size_t> find_tensor(const ModelSource& source, std::string_view name) {
  const auto& tensors = source.tensors();
  const auto found =
      std::lower_bound(tensors.begin(), tensors.end(), name,
                       [](const TensorInfo& info, std::string_view n) { return info.name < n; });
  if (found == tensors.end() || found->name != name) return std::nullopt;
  return static_cast<std::size_t>(found - tensors.begin());
}

std::unique_ptr<ModelSource> open_model_source(const std::filesystem::path& path, Links links) {
  const std::string name = printable(path.string());
  std::error_code code;
  const auto status = std::filesystem::status(path, code);
  if (!std::filesystem::exists(status)) throw data_error("{}: no such file or folder", name);
  if (std::filesystem::is_directory(status)) {
    if (!std::filesystem::exists(file_in_folder(path, "config.json", links))) {
      throw data_error("{}: no config.json in this folder; expected a Hugging Face model folder",
                       name);
    }
    return open_hf_folder(path, links);
  }
  const auto file = std::make_shared<MappedFile>(path);
  const auto starts_with = [&](std::string_view magic) {
    return file->bytes().size() >= magic.size() &&
           std::memcmp(file->bytes().data(), magic.data(), magic.size()) == 0;
  };
  if (starts_with(kCellmMagic)) return open_cellm(file);
  if (looks_like_gguf(file->bytes())) return open_gguf(file);
  if (path.extension() == ".safetensors") {
    throw unsupported_error("{}: give the folder that holds it and its config.json", name);
  }
  throw data_error("{}: neither a Hugging Face folder nor a .gguf or .cellm file", name);
}

}  // namespace cellm

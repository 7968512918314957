#include "model/open_source.h"

#include <cstring>
#include <span>
#include <string_view>

#include "base/error.h"
#include "base/mapped_file.h"
#include "io/cellm_file.h"
#include "io/file_kind.h"
#include "io/gguf_file.h"
#include "io/hf_folder.h"
#include "model/gguf/source.h"

namespace cellm {

namespace {

constexpr std::size_t kLengthBytes = 8;  // of a safetensors header

bool looks_like_safetensors(std::span<const std::byte> bytes) {
  return bytes.size() > kLengthBytes && bytes[kLengthBytes] == std::byte{'{'} &&
         bytes[kLengthBytes - 1] == std::byte{0};
}

}  // namespace

std::unique_ptr<ModelSource> open_model_source(const std::filesystem::path& path, Links links) {
  const std::string name = printable(path.string());
  std::error_code code;
  const auto status = std::filesystem::status(path, code);
  if (!std::filesystem::exists(status)) throw data_error("{}: no such file or folder", name);
  if (std::filesystem::is_directory(status)) {
    if (!std::filesystem::exists(file_in_folder(path, "config.json", links))) {
      throw folder_mistake(path, names_in_folder(path), "no config.json in this folder");
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
  if (const auto error = known_mistake(file->bytes(), name)) throw Error(*error);
  if (path.extension() == ".safetensors" || looks_like_safetensors(file->bytes())) {
    throw unsupported_error("{}: give the folder that holds it and its config.json", name);
  }
  if (path.extension() == ".onnx") {
    throw unsupported_error("{}: is an ONNX model; cellm reads safetensors and GGUF", name);
  }
  throw data_error("{}: neither a Hugging Face folder nor a .gguf or .cellm file", name);
}

}  // namespace cellm

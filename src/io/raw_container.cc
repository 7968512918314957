#include "io/raw_container.h"

#include <algorithm>
#include <memory>
#include <string_view>

#include <fmt/format.h>

#include "base/error.h"
#include "base/mapped_file.h"
#include "io/gguf_file.h"
#include "io/safetensors.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

std::string value_text(const GgufValue& value) {
  switch (value.type()) {
    case GgufType::kString:
      return printable(value.as_string());
    case GgufType::kBool:
      return value.as_bool() ? "true" : "false";
    case GgufType::kArray:
      return fmt::format("{} elements", value.array_size());
    default:
      break;
  }
  try {
    return fmt::format("{}", value.as_number());
  } catch (const Error&) {
    return "not finite";
  }
}

RawContainer of_gguf(const std::shared_ptr<const MappedFile>& mapped) {
  const GgufFile file(mapped);
  RawContainer raw{.kind = "gguf", .metadata = {}, .tensors = {}};
  for (const GgufValue& value : file.values()) {
    raw.metadata.emplace_back(printable(value.key()), value_text(value));
  }
  for (const GgufTensor& tensor : file.tensors()) {
    raw.tensors.push_back({std::string(tensor.name), tensor.shape, std::string(tensor.type->name),
                           tensor.bytes.size()});
  }
  return raw;
}

void add_safetensors(const SafetensorsFile& file, RawContainer& raw) {
  if (!file.format.empty()) raw.metadata.emplace_back("format", printable(file.format));
  for (const SafetensorsEntry& entry : file.entries) {
    raw.tensors.push_back({entry.name, entry.shape, entry.dtype, entry.data.size()});
  }
}

RawContainer of_folder(const fs::path& folder, Links links) {
  RawContainer raw{.kind = "safetensors", .metadata = {}, .tensors = {}};
  for (const std::string& name : names_in_folder(folder)) {
    if (!name.ends_with(".safetensors")) continue;
    add_safetensors(open_safetensors(file_in_folder(folder, name, links)), raw);
  }
  std::sort(raw.tensors.begin(), raw.tensors.end(),
            [](const RawTensor& a, const RawTensor& b) { return a.name < b.name; });
  return raw;
}

}  // namespace

std::optional<RawContainer> open_raw_container(const fs::path& path, Links links) {
  std::error_code failure;
  if (fs::is_directory(path, failure)) {
    RawContainer raw = of_folder(path, links);
    return raw.tensors.empty() ? std::nullopt : std::optional(std::move(raw));
  }
  if (!fs::is_regular_file(path, failure)) return std::nullopt;
  const auto mapped = std::make_shared<const MappedFile>(path);
  if (looks_like_gguf(mapped->bytes())) return of_gguf(mapped);
  if (path.extension() != ".safetensors") return std::nullopt;
  RawContainer raw{.kind = "safetensors", .metadata = {}, .tensors = {}};
  add_safetensors(parse_safetensors(mapped), raw);
  return raw;
}

}  // namespace cellm

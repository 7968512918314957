#include "io/safetensors_layout.h"

#include <cstring>

#include <nlohmann/json.hpp>

namespace cellm {
namespace {

constexpr std::size_t kHeaderAlignment = 8;  // so that the data is aligned in a mapped file

}  // namespace

FlatFile lay_out_safetensors(std::span<const SafetensorsTensor> tensors) {
  nlohmann::ordered_json::object_t entries;  // names are distinct: appended without a search
  entries.emplace("__metadata__", nlohmann::ordered_json{{"format", "pt"}});
  FlatFile file;
  file.tensors = tensors.size();
  std::uint64_t end = 0;
  for (const SafetensorsTensor& tensor : tensors) {
    entries.emplace(tensor.name,
                    nlohmann::ordered_json{{"dtype", tensor.dtype},
                                           {"shape", tensor.shape},
                                           {"data_offsets", {end, end + tensor.bytes}}});
    file.payloads.push_back({end, tensor.bytes});
    end += tensor.bytes;
  }
  std::string text = nlohmann::ordered_json(std::move(entries)).dump();
  text.resize((text.size() + kHeaderAlignment - 1) / kHeaderAlignment * kHeaderAlignment, ' ');
  const auto length = static_cast<std::uint64_t>(text.size());
  file.header.resize(sizeof(length));
  std::memcpy(file.header.data(), &length, sizeof(length));
  file.header += text;
  for (FlatPayload& payload : file.payloads) payload.offset += file.header.size();
  file.bytes = file.header.size() + end;
  return file;
}

}  // namespace cellm

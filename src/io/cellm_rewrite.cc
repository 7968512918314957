#include "io/cellm_rewrite.h"

#include <algorithm>
#include <map>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "io/cellm_quality.h"
#include "io/cellm_writer.h"

namespace cellm {

void rewrite_cellm(const CellmFile& cellm, const std::filesystem::path& target,
                   const HeaderEdit& edit_header, const PayloadEdit& edit_payload,
                   const std::vector<NewTensor>& added) {
  verify_cellm(cellm);
  const MappedFile& file = *cellm.mapping;
  const CellmHeader& header = cellm.header;
  auto json = *header.fields;
  json.erase(kQualityKey);
  edit_header(json);

  // A link stays a link: the file it leads to is replaced.
  std::error_code code;
  const auto real = std::filesystem::canonical(target, code);
  std::vector<CellmEntry> tensors = header.tensors;
  std::map<std::string_view, std::span<const std::byte>> new_bytes;
  for (const NewTensor& tensor : added) {
    tensors.push_back({tensor.name, tensor.dtype, tensor.shape, 0, tensor.bytes.size(), {}});
    new_bytes[tensor.name] = tensor.bytes;
  }
  std::sort(tensors.begin(), tensors.end(),
            [](const CellmEntry& a, const CellmEntry& b) { return a.name < b.name; });
  CellmWriter writer(code ? target : real, json.dump(), tensors, header.blobs);
  const auto bytes_of = [&](const CellmEntry& entry) {
    return file.bytes().subspan(entry.offset, entry.bytes);
  };
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const CellmEntry& entry = tensors[i];
    if (const auto found = new_bytes.find(entry.name); found != new_bytes.end()) {
      writer.append_tensor(i, found->second);
      continue;
    }
    const auto edited = edit_payload(entry, bytes_of(entry));
    CELLM_CHECK(!edited || edited->size() == entry.bytes);
    writer.append_tensor(i, edited ? std::span<const std::byte>(*edited) : bytes_of(entry));
  }
  for (std::size_t i = 0; i < header.blobs.size(); ++i)
    writer.append_blob(i, bytes_of(header.blobs[i]));
  writer.finish();
}

}  // namespace cellm

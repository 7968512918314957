#include "io/cellm_rewrite.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "io/cellm_quality.h"
#include "io/cellm_writer.h"

namespace cellm {

void rewrite_cellm(const std::filesystem::path& path, const std::filesystem::path& target,
                   const HeaderEdit& edit_header, const PayloadEdit& edit_payload) {
  const MappedFile file(path);
  verify_cellm(file);
  const CellmHeader header = read_cellm_header(file);
  auto json = parse_ordered_json(header.json, printable(file.path()));
  for (const char* key : {"tensors", "blobs", "checksums", kQualityKey}) json.erase(key);
  edit_header(json);

  // A link stays a link: the file it leads to is replaced.
  std::error_code code;
  const auto real = std::filesystem::canonical(target, code);
  CellmWriter writer(code ? target : real, json.dump(), header.tensors, header.blobs);
  const auto bytes_of = [&](const CellmEntry& entry) {
    return file.bytes().subspan(entry.offset, entry.bytes);
  };
  for (std::size_t i = 0; i < header.tensors.size(); ++i) {
    const CellmEntry& entry = header.tensors[i];
    const auto edited = edit_payload(entry, bytes_of(entry));
    CELLM_CHECK(!edited || edited->size() == entry.bytes);
    writer.append_tensor(i, edited ? std::span<const std::byte>(*edited) : bytes_of(entry));
  }
  for (std::size_t i = 0; i < header.blobs.size(); ++i)
    writer.append_blob(i, bytes_of(header.blobs[i]));
  writer.finish();
}

}  // namespace cellm

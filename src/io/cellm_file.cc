#include "io/cellm_file.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <xxhash.h>

#include <fmt/format.h>

#include "base/error.h"

namespace cellm {

bool is_cellm_file(const std::filesystem::path& path) {
  if (!std::filesystem::is_regular_file(path)) return false;
  const MappedFile file(path);
  return file.bytes().size() >= kCellmMagic.size() &&
         std::memcmp(file.bytes().data(), kCellmMagic.data(), kCellmMagic.size()) == 0;
}

CellmFile open_cellm_file(const std::filesystem::path& path) {
  auto mapping = std::make_shared<const MappedFile>(path);
  CellmHeader header = read_cellm_header(*mapping);
  return {std::move(mapping), std::move(header)};
}

std::size_t verify_cellm(const CellmFile& cellm) {
  const MappedFile& file = *cellm.mapping;
  const CellmHeader& header = cellm.header;
  const std::string source = printable(file.path());
  if (header.header_checksum) {
    // The writer takes the header's checksum with zeros in its place (io/cellm_writer.cc).
    std::string json = header.json;
    const std::string digits = fmt::format("{:016x}", *header.header_checksum);
    const std::string field = "\"header\":\"" + digits + "\"";
    const std::size_t at = json.find(field);
    if (at == std::string::npos)
      throw data_error("{}: header checksum is not where it belongs", source);
    json.replace(at + field.size() - 17, 16, 16, '0');
    if (XXH3_64bits(json.data(), json.size()) != *header.header_checksum) {
      throw data_error("{}: the header is damaged: its checksum does not match", source);
    }
  }
  std::size_t checked = 0;
  std::vector<const CellmEntry*> all;
  for (const auto& entry : header.tensors) all.push_back(&entry);
  for (const auto& entry : header.blobs) all.push_back(&entry);
  for (const auto* entry : all) {
    if (!entry->checksum) continue;
    ++checked;
    const auto bytes = file.bytes().subspan(entry->offset, entry->bytes);
    if (XXH3_64bits(bytes.data(), bytes.size()) != *entry->checksum) {
      throw data_error("{}: {} is damaged: its checksum does not match", source,
                       printable(entry->name));
    }
  }
  // Bytes outside of all checksums are padding, and padding is zero.
  std::sort(all.begin(), all.end(),
            [](const auto* a, const auto* b) { return a->offset < b->offset; });
  std::uint64_t end = kCellmMagic.size() + 5 + header.json.size();
  const auto require_zero = [&](std::uint64_t begin, std::uint64_t stop) {
    for (std::uint64_t i = begin; i < stop; ++i) {
      if (file.bytes()[i] != std::byte{0}) {
        throw data_error("{}: byte {} is padding and should be 0", source, i);
      }
    }
  };
  for (const auto* entry : all) {
    require_zero(end, entry->offset);
    end = entry->offset + entry->bytes;
  }
  if (end != file.bytes().size()) {
    throw data_error("{}: {} bytes after the last payload", source, file.bytes().size() - end);
  }
  return checked;
}

}  // namespace cellm

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/byte_reader.h"
#include "base/error.h"
#include "base/limits.h"
#include "format/formats.h"
#include "io/cellm_file.h"
#include "io/json.h"
#include "io/shape.h"
#include "layout/layout.h"

namespace cellm {
namespace {

std::uint64_t parse_checksum(const JsonNode& node) {
  const std::string text = node.as_string();
  std::uint64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (text.size() != 16 || failure != std::errc() || end != text.data() + text.size()) {
    throw data_error("{}: expected 16 hexadecimal digits, found \"{}\"", node.path(),
                     printable(text));
  }
  return value;
}

// The range of an entry, checked against the file.
CellmEntry parse_entry(const JsonNode& node, const std::string& source, std::uint64_t data_begin,
                       std::uint64_t file_bytes) {
  CellmEntry entry;
  entry.name = node.at("name").as_string();
  const std::string where = source + ": " + printable(entry.name);
  if (entry.name.empty() || entry.name.size() > kMaxTensorNameBytes) {
    throw data_error("{}: a name of {} bytes, allowed are 1 to {}", node.path(), entry.name.size(),
                     kMaxTensorNameBytes);
  }
  entry.offset = node.at("offset_bytes").as_uint();
  entry.bytes = node.at("nbytes").as_uint();
  if (entry.offset % kCellmAlignment != 0) {
    throw data_error("{}: offset {} is not a multiple of {}", where, entry.offset, kCellmAlignment);
  }
  if (entry.offset < data_begin || entry.offset > file_bytes ||
      entry.bytes > file_bytes - entry.offset) {
    throw data_error("{}: {} bytes at {} lie outside of the file's data, bytes {} to {}", where,
                     entry.bytes, entry.offset, data_begin, file_bytes);
  }
  return entry;
}

// Bytes that the payload of a tensor must have.
std::uint64_t expected_bytes(const CellmEntry& entry, const StoredType& type,
                             const std::string& where) {
  const FormatSpec& format = format_spec(type.format);
  if (!format.any_rank && entry.shape.size() != 2) {
    throw data_error("{}: {} of shape {}; only a matrix can be {}", where, entry.dtype,
                     shape_text(entry.shape), entry.dtype);
  }
  if (entry.shape.back() % format.block != 0) {
    throw data_error("{}: {} of shape {}; its rows are multiples of {}", where, entry.dtype,
                     shape_text(entry.shape), format.block);
  }
  // The widest format has 4 bytes per weight: if that fits in 63 bits, so does everything below.
  checked_bytes(entry.shape, 4, where);
  const MatrixShape shape = matrix_shape(entry, type.format);
  checked_bytes(type.layout->padded(shape), 4, where);
  return type.layout->sizes(shape).code_bytes;
}

// Table and rotation of a trellis code. Tables are a part of the program.
TrellisCode parse_trellis_code(const JsonNode& node, FormatId format, const std::string& where) {
  constexpr std::uint64_t kMax = UINT32_MAX;
  const TrellisCode code{static_cast<std::uint32_t>(node.at("table").as_uint(0, kMax)),
                         static_cast<std::uint32_t>(node.at("rotation").as_uint(0, kMax))};
  if (find_trellis_table(format, code.table) == nullptr) {
    throw unsupported_error("{}: table {} of {} is unknown; a newer cellm may have it", where,
                            code.table, format_spec(format).name);
  }
  return code;
}

// Magic, version and length; then the header's text. Sets json and data_begin.
CellmHeader read_header_text(const MappedFile& file, const std::string& source) {
  ByteReader reader(file.bytes(), source);
  if (reader.read_text(kCellmMagic.size(), "magic") != kCellmMagic) {
    throw data_error("{}: not a .cellm file: it does not start with {}", source, kCellmMagic);
  }
  const auto version = reader.read<std::uint8_t>("version");
  if (version != kCellmVersion) {
    throw unsupported_error("{}: .cellm version {}, this program reads version {}", source, version,
                            kCellmVersion);
  }
  const auto header_bytes = reader.read<std::uint32_t>("header length");
  if (header_bytes > kMaxHeaderBytes) {
    throw data_error("{}: header length {} is above the limit of {}", source, header_bytes,
                     kMaxHeaderBytes);
  }
  CellmHeader header;
  header.json = reader.read_text(header_bytes, "header");
  header.data_begin = (reader.offset() + kCellmAlignment - 1) / kCellmAlignment * kCellmAlignment;
  return header;
}

// The entries of a list, each with its node.
std::vector<std::pair<JsonNode, CellmEntry>> parse_entries(const JsonNode& nodes, std::size_t limit,
                                                           const std::string& source,
                                                           std::uint64_t data_begin,
                                                           std::uint64_t file_bytes) {
  if (nodes.value().size() > limit) {
    throw data_error("{}: {} entries, more than the {} allowed", nodes.path(), nodes.value().size(),
                     limit);
  }
  std::vector<std::pair<JsonNode, CellmEntry>> entries;
  for (const auto& node : nodes.as_array())
    entries.emplace_back(node, parse_entry(node, source, data_begin, file_bytes));
  return entries;
}

// Type, shape and trellis code of a tensor; its bytes are checked against them.
void parse_tensor(const JsonNode& node, CellmEntry& entry, const std::string& where) {
  entry.dtype = node.at("dtype").as_string();
  entry.shape = parse_shape(node.at("shape"));
  const auto type = find_stored_type(entry.dtype);
  if (!type) throw unsupported_error("{}: unknown dtype {}", where, printable(entry.dtype));
  if (type->layout->has_trellis_code) {
    entry.trellis = parse_trellis_code(node, type->format, where);
  }
  const std::uint64_t expected = expected_bytes(entry, *type, where);
  if (entry.bytes != expected) {
    throw data_error("{}: {} bytes, but {} of shape {} takes {}", where, entry.bytes, entry.dtype,
                     shape_text(entry.shape), expected);
  }
}

void parse_checksums(const JsonNode& checksums, CellmHeader& header) {
  header.header_checksum = parse_checksum(checksums.at("header"));
  for (auto& entry : header.tensors)
    entry.checksum = parse_checksum(checksums.at("tensors").at(entry.name));
  for (auto& entry : header.blobs)
    entry.checksum = parse_checksum(checksums.at("blobs").at(entry.name));
}

void refuse_overlaps(const CellmHeader& header, const std::string& source) {
  std::vector<const CellmEntry*> all;
  for (const auto& entry : header.tensors) all.push_back(&entry);
  for (const auto& entry : header.blobs) all.push_back(&entry);
  std::sort(all.begin(), all.end(),
            [](const auto* a, const auto* b) { return a->offset < b->offset; });
  for (std::size_t i = 1; i < all.size(); ++i) {
    if (all[i]->offset < all[i - 1]->offset + all[i - 1]->bytes) {
      throw data_error("{}: {} and {} overlap at byte {}", source, printable(all[i - 1]->name),
                       printable(all[i]->name), all[i]->offset);
    }
  }
}

}  // namespace

MatrixShape matrix_shape(const CellmEntry& entry, FormatId format) {
  std::size_t rows = 1;
  for (std::size_t i = 0; i + 1 < entry.shape.size(); ++i) rows *= entry.shape[i];
  return {.format = format,
          .rows = rows,
          .cols = entry.shape.back(),
          .trellis = entry.trellis.value_or(TrellisCode())};
}

CellmHeader read_cellm_header(const MappedFile& file) {
  const std::string source = printable(file.path());
  CellmHeader header = read_header_text(file, source);
  auto fields = parse_ordered_json(header.json, source);
  const Json json(fields);  // members sorted, for fast lookups
  const JsonNode root(json, source + ":");
  const auto entries = [&](const JsonNode& nodes, std::size_t limit) {
    return parse_entries(nodes, limit, source, header.data_begin, file.bytes().size());
  };
  std::set<std::string> names;
  for (auto& [node, entry] : entries(root.at("tensors"), kMaxTensors)) {
    const std::string where = source + ": tensor " + printable(entry.name);
    if (!names.insert(entry.name).second) throw data_error("{}: listed twice", where);
    parse_tensor(node, entry, where);
    header.tensors.push_back(std::move(entry));
  }
  if (const auto blobs = root.find("blobs")) {
    names.clear();
    for (auto& [node, entry] : entries(*blobs, kMaxBlobs)) {
      if (!names.insert(entry.name).second) {
        throw data_error("{}: blob {} is listed twice", source, printable(entry.name));
      }
      header.blobs.push_back(std::move(entry));
    }
  }
  if (const auto checksums = root.find("checksums")) {
    parse_checksums(*checksums, header);
  } else if (root.find("blobs")) {
    // Only writers that also write checksums write blobs.
    throw data_error("{}: the header has blobs but no checksums", source);
  }
  refuse_overlaps(header, source);
  for (const char* key : {"tensors", "blobs", "checksums"}) fields.erase(key);
  header.fields = std::make_shared<const nlohmann::ordered_json>(std::move(fields));
  return header;
}

}  // namespace cellm

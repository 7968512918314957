#include "io/safetensors.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/byte_reader.h"
#include "base/limits.h"
#include "io/file_kind.h"
#include "io/json.h"
#include "io/shape.h"

namespace cellm {
namespace {

std::optional<std::size_t> element_bits(std::string_view dtype) {
  static constexpr std::array<std::pair<std::string_view, std::size_t>, 18> kBits{{
      {"BOOL", 8},
      {"U8", 8},
      {"I8", 8},
      {"F8_E5M2", 8},
      {"F8_E4M3", 8},
      {"F8_E8M0", 8},
      {"I16", 16},
      {"U16", 16},
      {"F16", 16},
      {"BF16", 16},
      {"I32", 32},
      {"U32", 32},
      {"F32", 32},
      {"F64", 64},
      {"I64", 64},
      {"U64", 64},
      {"C64", 64},
      {"F4", 4},
  }};
  for (const auto& [name, bits] : kBits) {
    if (name == dtype) return bits;
  }
  return std::nullopt;
}

SafetensorsEntry parse_entry(const std::string& name, const JsonNode& node,
                             std::span<const std::byte> data, const std::string& where) {
  if (name.empty() || name.size() > kMaxTensorNameBytes) {
    throw data_error("{}: a name of {} bytes, allowed are 1 to {}", where, name.size(),
                     kMaxTensorNameBytes);
  }
  SafetensorsEntry entry{name, node.at("dtype").as_string(), parse_shape(node.at("shape"), 0), {}};
  const auto bits = element_bits(entry.dtype);
  if (!bits) throw unsupported_error("{}: unknown dtype {}", where, printable(entry.dtype));
  const auto offsets = node.at("data_offsets").as_array(2);
  if (offsets.size() != 2) throw data_error("{}: data_offsets must be two numbers", where);
  const std::uint64_t begin = offsets[0].as_uint();
  const std::uint64_t end = offsets[1].as_uint();
  if (begin > end || end > data.size()) {
    throw data_error("{}: data_offsets {} to {} lie outside of the {} bytes of data", where, begin,
                     end, data.size());
  }
  // Compared as bytes × 8 / bits, so that sub-byte types need no division of a shape.
  const std::uint64_t expected = checked_bytes(entry.shape, *bits, where) / 8;
  if (end - begin != expected) {
    throw data_error("{}: {} bytes, but {} of shape {} takes {}", where, end - begin, entry.dtype,
                     shape_text(entry.shape), expected);
  }
  entry.data = data.subspan(begin, end - begin);
  return entry;
}

// The format has no bytes that belong to no tensor, and none that belong to two.
void refuse_gaps_and_overlaps(const std::vector<SafetensorsEntry>& entries,
                              std::span<const std::byte> data, const std::string& source) {
  std::vector<const SafetensorsEntry*> by_offset;
  for (const SafetensorsEntry& entry : entries) by_offset.push_back(&entry);
  std::sort(by_offset.begin(), by_offset.end(), [](const auto* a, const auto* b) {
    return std::pair(a->data.data(), a->data.size()) < std::pair(b->data.data(), b->data.size());
  });
  std::size_t covered = 0;
  for (const SafetensorsEntry* entry : by_offset) {
    const auto begin = static_cast<std::size_t>(entry->data.data() - data.data());
    if (begin != covered) {
      throw data_error("{}: tensor {} starts at byte {} of the data, expected {} (gap or overlap)",
                       source, printable(entry->name), begin, covered);
    }
    covered += entry->data.size();
  }
  if (covered != data.size()) {
    throw data_error("{}: the tensors cover {} of {} bytes of data", source, covered, data.size());
  }
}

}  // namespace

SafetensorsFile open_safetensors(const std::filesystem::path& path) {
  return parse_safetensors(std::make_shared<const MappedFile>(path));
}

SafetensorsFile parse_safetensors(std::shared_ptr<const MappedFile> file) {
  SafetensorsFile result;
  result.file = std::move(file);
  const std::string source = printable(result.file->path());
  if (const auto error = known_mistake(result.file->bytes(), source)) throw Error(*error);
  ByteReader reader(result.file->bytes(), source);
  const auto header_bytes = reader.read<std::uint64_t>("header length");
  if (header_bytes > kMaxHeaderBytes) {
    throw data_error("{}: header length {} is above the limit of {}; not a safetensors file?",
                     source, header_bytes, kMaxHeaderBytes);
  }
  const Json header = parse_json(reader.read_text(header_bytes, "header"), source);
  const auto data = result.file->bytes().subspan(reader.offset());
  const JsonNode root(header, source + ":");
  if (header.size() > kMaxTensors) {
    throw data_error("{}: {} tensors, more than the {} allowed", source, header.size(),
                     kMaxTensors);
  }

  for (const auto& [name, node] : root.as_object()) {
    if (name == "__metadata__") {
      if (node.value().is_null()) continue;
      if (const auto format = node.find("format")) result.format = format->as_string();
      continue;
    }
    result.entries.push_back(parse_entry(name, node, data, source + ": tensor " + printable(name)));
  }
  refuse_gaps_and_overlaps(result.entries, data, source);
  std::sort(result.entries.begin(), result.entries.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return result;
}

}  // namespace cellm

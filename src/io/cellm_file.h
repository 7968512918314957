// Reading .cellm files, version 1 (docs/file-format.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/mapped_file.h"
#include "io/model_source.h"

namespace cellm {

inline constexpr std::string_view kCellmMagic = "CELLM";
inline constexpr std::uint8_t kCellmVersion = 1;
inline constexpr std::size_t kCellmAlignment = 64;
inline constexpr std::string_view kScaleSuffix = ".qscale";
inline constexpr std::string_view kColumnScaleSuffix = ".cscale";

// Names of the blobs that the converter writes.
inline constexpr std::string_view kTokenizerBlob = "tokenizer";
inline constexpr std::string_view kChatTemplateBlob = "chat_template";    // the default
inline constexpr std::string_view kChatTemplatesBlob = "chat_templates";  // the others
// The special tokens that the chat template reads: a JSON object of names and texts.
inline constexpr std::string_view kSpecialTokensBlob = "special_tokens";
inline constexpr std::string_view kGenerationConfigBlob = "generation_config";

// One payload of the file as its header lists it: a tensor, a companion of scales, or a blob.
struct CellmEntry {
  std::string name = {};
  std::string dtype = {};               // stored_dtype() of layout/layout.h; empty for a blob
  std::vector<std::size_t> shape = {};  // empty for a blob
  std::uint64_t offset = 0;             // from the start of the file
  std::uint64_t bytes = 0;
  std::optional<std::uint64_t> checksum =
      std::nullopt;  // XXH3-64 of the payload, if the header has one
  std::optional<TrellisCode> trellis = std::nullopt;  // of a tensor in such a format
};

// The checked header: offsets are multiples of 64 and lie in the file; there are no overlaps,
// no name twice, sizes that fit dtype and shape.
struct CellmHeader {
  std::string json;  // the header as stored
  // The other fields in the order of the file: without tensors, blobs and checksums.
  std::shared_ptr<const nlohmann::ordered_json> fields;
  std::vector<CellmEntry> tensors;  // in the order of the file
  std::vector<CellmEntry> blobs;
  std::uint64_t data_begin = 0;  // offset of the first byte after header and padding
  std::optional<std::uint64_t> header_checksum;
};

// The tensor as a matrix of that format; the group is that of its scales, which are another entry.
MatrixShape matrix_shape(const CellmEntry& entry, FormatId format);

// Whether this is a file that starts as a .cellm file does. Throws Error(kData) for a file that
// cannot be opened.
bool is_cellm_file(const std::filesystem::path& path);

// Throws Error(kData), or Error(kUnsupported) for another version or an unknown dtype.
CellmHeader read_cellm_header(const MappedFile& file);

// An open .cellm file. Thread-safe.
struct CellmFile {
  std::shared_ptr<const MappedFile> mapping;
  CellmHeader header;
};

// Throws as read_cellm_header(), and Error(kData) for a file that cannot be opened.
CellmFile open_cellm_file(const std::filesystem::path& path);

// The model in a .cellm file. The configuration is the header's source_text_config, or made of the
// header's own fields if it has none. Throws as read_cellm_header().
std::unique_ptr<ModelSource> open_cellm(std::shared_ptr<const MappedFile> file);

// Checks every checksum that the file holds, and that the padding is zero. Throws Error(kData)
// naming the first payload that is damaged. Returns how many payloads had a checksum.
std::size_t verify_cellm(const CellmFile& file);

}  // namespace cellm

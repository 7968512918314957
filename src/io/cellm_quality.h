// What a .cellm file says of its own quality (docs/file-format.md, "Quality").
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/mapped_file.h"
#include "io/json.h"

namespace cellm {

inline constexpr const char* kQualityKey = "quality";  // of the header

struct Quality {
  std::string reference_format;          // what the reference's weights are: "f16", "bf16"
  std::uint64_t reference_checksum = 0;  // XXH3-64 of the reference
  std::uint64_t text_checksum = 0;       // XXH3-64 of the texts one after the other
  std::uint64_t window = 0;              // tokens
  std::string scored;                    // "second-half" or "all"
  std::uint64_t predictions = 0;
  double perplexity = 0.0;
  double perplexity_ratio = 0.0;  // to the reference's
  double kld_mean = 0.0;          // nats for a token
  double top1 = 0.0;              // share of predictions with the same first choice, 0 to 1
  double bits_per_weight = 0.0;   // of all tensors, scales included
  std::string activations;        // as --activations has it
  std::string kv_encoding;        // as --kv-encoding has it
  std::string date;               // YYYY-MM-DD, UTC
  std::string writer;             // program and version
};

// The entry as it stands in the header.
nlohmann::ordered_json quality_json(const Quality& quality);

// "KLD 0.030 vs f16, 4.50 bits per weight"
std::string quality_summary(const Quality& quality);

// The quality of a .cellm file. Nothing for other models, for files without the entry, and for
// entries of another form, which some other program wrote. Throws as read_cellm_header().
std::optional<Quality> read_quality(const std::filesystem::path& path);
// The same of an open .cellm file.
std::optional<Quality> read_quality(const MappedFile& file);

// Writes a .cellm file anew with this entry in its header, and in one step: the file is at every
// time the old one or the new one. Payloads keep their bytes, checksums and order, the header its
// other keys. Checks every checksum on the way: throws Error(kData) for a damaged file or one that
// is no .cellm file, Error(kResources) for a full disk; the file is then as it was.
void store_quality(const std::filesystem::path& path, const Quality& quality);

}  // namespace cellm

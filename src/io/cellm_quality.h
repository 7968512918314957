// The measured quality stored in a .cellm file (docs/file-format.md, "Quality").
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "io/cellm_file.h"
#include "io/json.h"

namespace cellm {

inline constexpr const char* kQualityKey = "quality";  // of the header

struct Quality {
  std::string reference_format;          // format of most of the reference's weights: "f16"
  std::uint64_t reference_checksum = 0;  // XXH3-64 of the reference
  std::uint64_t text_checksum = 0;       // XXH3-64 of the concatenated texts
  std::uint64_t window = 0;              // tokens
  std::string scored;                    // "second-half" or "all"
  std::uint64_t predictions = 0;
  double perplexity = 0.0;
  double perplexity_ratio = 0.0;  // relative to the reference's
  double kld_mean = 0.0;          // nats per token
  double top1 = 0.0;              // share of predictions with the same first choice, 0 to 1
  double bits_per_weight = 0.0;   // of all tensors, scales included
  std::string activations;        // spelled as for --activations
  std::string kv_encoding;        // spelled as for --kv-encoding
  std::string date;               // YYYY-MM-DD, UTC
  std::string writer;             // program and version
};

// The entry as in the header.
nlohmann::ordered_json quality_json(const Quality& quality);

// "KLD 0.030 vs f16, 4.50 bits per weight"
std::string quality_summary(const Quality& quality);

// The quality in the header of a .cellm file. Empty for a file without the entry and for an entry
// of another form, written by another program.
std::optional<Quality> read_quality(const CellmHeader& header);

// Rewrites a .cellm file atomically with this entry in its header. Payloads keep their bytes,
// checksums and order, the header its other keys. Verifies every checksum: throws Error(kData) for
// a damaged file, Error(kResources) for a full disk; the file is then unchanged.
void store_quality(const CellmFile& file, const Quality& quality);

}  // namespace cellm

#include "io/cellm_quality.h"

#include <charconv>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "io/cellm_file.h"
#include "io/cellm_rewrite.h"
#include "io/json.h"

namespace cellm {
namespace {

// Reads the members of an untrusted entry and records whether all had the expected types.
class Members {
 public:
  explicit Members(const Json& object) : object_(object) {}

  std::string text(const char* key) {
    const Json* value = find(key);
    if (value == nullptr || !value->is_string()) return fail<std::string>();
    return value->get<std::string>();
  }
  double number(const char* key) {
    const Json* value = find(key);
    if (value == nullptr) return fail<double>();
    if (value->is_null()) return std::numeric_limits<double>::infinity();
    return value->is_number() ? value->get<double>() : fail<double>();
  }
  std::uint64_t count(const char* key) {
    const Json* value = find(key);
    if (value == nullptr || !value->is_number_unsigned()) return fail<std::uint64_t>();
    return value->get<std::uint64_t>();
  }
  std::uint64_t checksum(const char* key) {
    const std::string digits = text(key);
    std::uint64_t value = 0;
    const char* end = digits.data() + digits.size();
    const auto [at, failure] = std::from_chars(digits.data(), end, value, 16);
    if (digits.size() != 16 || failure != std::errc() || at != end) return fail<std::uint64_t>();
    return value;
  }
  bool complete() const { return complete_; }

 private:
  const Json* find(const char* key) const {
    const auto found = object_.find(key);
    return found == object_.end() ? nullptr : &*found;
  }
  template <class T>
  T fail() {
    complete_ = false;
    return {};
  }

  const Json& object_;
  bool complete_ = true;
};

std::optional<Quality> parse_quality(const Json& entry) {
  if (!entry.is_object()) return std::nullopt;
  Members members(entry);
  Quality q;
  q.reference_format = members.text("reference_format");
  q.reference_checksum = members.checksum("reference_xxh3");
  q.text_checksum = members.checksum("text_xxh3");
  q.window = members.count("window");
  q.scored = members.text("scored");
  q.predictions = members.count("predictions");
  q.perplexity = members.number("perplexity");
  q.perplexity_ratio = members.number("perplexity_ratio");
  q.kld_mean = members.number("kld_mean");
  q.top1 = members.number("top1");
  q.bits_per_weight = members.number("bits_per_weight");
  q.activations = members.text("activations");
  q.kv_encoding = members.text("kv_encoding");
  q.date = members.text("date");
  q.writer = members.text("writer");
  if (!members.complete()) return std::nullopt;
  return q;
}

}  // namespace

nlohmann::ordered_json quality_json(const Quality& quality) {
  const Quality& q = quality;
  // JSON has no infinity: an infinite perplexity is null.
  return {{"reference_format", q.reference_format},
          {"reference_xxh3", fmt::format("{:016x}", q.reference_checksum)},
          {"text_xxh3", fmt::format("{:016x}", q.text_checksum)},
          {"window", q.window},
          {"scored", q.scored},
          {"predictions", q.predictions},
          {"perplexity", q.perplexity},
          {"perplexity_ratio", q.perplexity_ratio},
          {"kld_mean", q.kld_mean},
          {"top1", q.top1},
          {"bits_per_weight", q.bits_per_weight},
          {"activations", q.activations},
          {"kv_encoding", q.kv_encoding},
          {"date", q.date},
          {"writer", q.writer}};
}

std::string quality_summary(const Quality& quality) {
  return fmt::format("KLD {:.{}f} vs {}, {:.2f} bits per weight", quality.kld_mean,
                     quality.kld_mean < 0.01 ? 5 : 3, printable(quality.reference_format),
                     quality.bits_per_weight);
}

std::optional<Quality> read_quality(const CellmHeader& header) {
  const auto entry = header.fields->find(kQualityKey);
  return entry == header.fields->end() ? std::nullopt : parse_quality(Json(*entry));
}

void store_quality(const CellmFile& file, const Quality& quality) {
  rewrite_cellm(
      file, file.mapping->path(),
      [&](auto& header) { header[kQualityKey] = quality_json(quality); },
      [](const CellmEntry&, std::span<const std::byte>) { return std::nullopt; });
}

}  // namespace cellm

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <vector>
#include <xxhash.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "io/cellm_file.h"
#include "io/gguf_value.h"
#include "mutate.h"

namespace cellm::fuzz {
namespace {

template <class T>
T load(const std::string& bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}

template <class T>
void store(std::string& bytes, std::size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof(T));
}

template <class T>
void append(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

std::size_t round_up(std::size_t value, std::size_t to) {
  return (value + to - 1) / to * to;
}

constexpr std::array<std::string_view, 12> kSafetensorsKeys{
    "__metadata__", "format", "dtype", "shape", "data_offsets", "F32",
    "BF16",         "F16",    "U32",   "F4",    "BOOL",         "F8_E4M3"};

constexpr std::array<std::string_view, 29> kCellmKeys{"tensors",
                                                      "quality",
                                                      "kld_mean",
                                                      "reference_xxh3",
                                                      "blobs",
                                                      "checksums",
                                                      "header",
                                                      "name",
                                                      "offset_bytes",
                                                      "nbytes",
                                                      "shape",
                                                      "dtype",
                                                      "source_text_config",
                                                      "source_safetensors_format",
                                                      "tie_word_embeddings",
                                                      "model_type",
                                                      "hidden_dim",
                                                      "tokenizer",
                                                      "chat_template",
                                                      "generation_config",
                                                      "vocab_size",
                                                      "num_layers",
                                                      "num_heads",
                                                      "num_kv_heads",
                                                      "head_dim",
                                                      "rope_theta",
                                                      "rms_norm_eps",
                                                      "eos_token_id",
                                                      "algorithm"};

// Adds `delta` to every offset of a list of payloads, so that a header of another length leaves the
// payloads in place.
void move_payloads(Json& list, std::uint64_t delta) {
  if (!list.is_array()) return;
  for (auto& entry : list) {
    if (!entry.is_object() || !entry.contains("offset_bytes")) continue;
    auto& offset = entry["offset_bytes"];
    if (offset.is_number_unsigned()) offset = offset.get<std::uint64_t>() + delta;
  }
}

// Computes the checksums that a writer would store, for the payloads within the file.
void settle_checksums(Json& header, const char* list, const char* sums, const std::string& data,
                      std::uint64_t data_begin) {
  if (!header.contains(list) || !header[list].is_array()) return;
  Json& checksums = header["checksums"][sums];
  if (!checksums.is_object() && !checksums.is_null()) return;
  for (const auto& entry : header[list]) {
    if (!entry.is_object() || !entry.contains("name") || !entry["name"].is_string()) continue;
    const auto number = [&](const char* key) {
      return entry.contains(key) && entry[key].is_number_unsigned()
                 ? entry[key].get<std::uint64_t>()
                 : UINT64_MAX;
    };
    const std::uint64_t offset = number("offset_bytes") - data_begin;
    const std::uint64_t size = number("nbytes");
    if (offset > data.size() || size > data.size() - offset) continue;
    checksums[entry["name"].get<std::string>()] =
        fmt::format("{:016x}", XXH3_64bits(data.data() + offset, size));
  }
}

constexpr std::size_t kCellmPrefix = 10;  // magic, version, header length

// A .cellm file of a header and payloads that began at `old_begin`. whole: with the offsets and
// checksums that a writer would store; otherwise the header is written as it is.
std::string cellm_bytes(Json header, const std::string& data, std::uint64_t old_begin, bool whole) {
  constexpr std::string_view kZeros = "0000000000000000";
  const auto begin_of = [](const std::string& text) {
    return round_up(kCellmPrefix + text.size(), kCellmAlignment);
  };
  if (whole && header.is_object()) {
    if (header.contains("checksums") && header["checksums"].is_object()) {
      header["checksums"]["header"] = kZeros;
      settle_checksums(header, "tensors", "tensors", data, old_begin);
      settle_checksums(header, "blobs", "blobs", data, old_begin);
    }
    // New offsets may have more digits and so need a longer header again.
    const std::uint64_t begin =
        begin_of(header.dump(-1, ' ', false, Json::error_handler_t::replace)) + kCellmAlignment;
    for (const char* list : {"tensors", "blobs"}) {
      if (header.contains(list)) move_payloads(header[list], begin - old_begin);
    }
    std::string text = header.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (begin_of(text) < begin) text.resize(begin - kCellmPrefix, ' ');
    const std::size_t at = text.find(fmt::format("\"header\":\"{}\"", kZeros));
    if (at != std::string::npos) {
      text.replace(at + 10, 16, fmt::format("{:016x}", XXH3_64bits(text.data(), text.size())));
    }
    header = Json();
    std::string file = std::string(kCellmMagic) + static_cast<char>(kCellmVersion);
    append(file, static_cast<std::uint32_t>(text.size()));
    return file + text + std::string(begin_of(text) - kCellmPrefix - text.size(), '\0') + data;
  }
  const std::string text = header.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string file = std::string(kCellmMagic) + static_cast<char>(kCellmVersion);
  append(file, static_cast<std::uint32_t>(text.size()));
  file += text;
  file.resize(std::max<std::size_t>(old_begin, begin_of(text)), '\0');
  return file + data;
}

// Makes two entries of a list of tensors overlap, or moves one.
void misplace(Json& list, const char* offset_key, std::size_t data_bytes, Random& random) {
  if (!list.is_structured() || list.empty()) return;
  const auto entry = [&]() -> Json& {
    auto it = list.begin();
    std::advance(it, static_cast<std::ptrdiff_t>(pick(random, list.size())));
    return *it;
  };
  Json& one = entry();
  const Json& other = entry();
  if (!one.is_object() || !other.is_object() || !other.contains(offset_key)) return;
  switch (pick(random, 3)) {
    case 0: {
      Json copy = other;
      one = std::move(copy);
      return;
    }
    case 1: {
      Json offset = other[offset_key];
      one[offset_key] = std::move(offset);
      return;
    }
    default: {
      const std::array<std::uint64_t, 5> places{data_bytes, data_bytes - 1, data_bytes + 1,
                                                data_bytes - 64, odd_number(random)};
      Json& offset = one[offset_key];
      if (offset.is_array() && !offset.empty()) {
        offset[pick(random, offset.size())] = places[pick(random, places.size())];
      } else {
        offset = places[pick(random, places.size())];
      }
    }
  }
}

// Parts of a GGUF file that can be changed separately.
struct Field {
  std::size_t at;
  std::size_t bytes;  // 1, 2, 4 or 8: a number; otherwise text
  bool number;
};
struct Entry {
  std::size_t begin;
  std::size_t end;
};

struct GgufMap {
  std::vector<Field> fields;
  std::vector<Entry> keys;
  std::vector<Entry> tensors;
  std::size_t header_end = 0;
};

// Parses a file as far as it is valid.
class GgufWalk {
 public:
  explicit GgufWalk(const std::string& file) : file_(file) {}

  std::optional<GgufMap> walk() {
    if (!file_.starts_with("GGUF")) return std::nullopt;
    at_ = 4;
    number(4);
    const std::uint64_t tensors = number(8);
    const std::uint64_t keys = number(8);
    for (std::uint64_t i = 0; i < keys && ok_; ++i) {
      const std::size_t begin = at_;
      text();
      value(static_cast<std::uint32_t>(number(4)), 0);
      map_.keys.push_back({begin, at_});
    }
    for (std::uint64_t i = 0; i < tensors && ok_; ++i) {
      const std::size_t begin = at_;
      text();
      const std::uint64_t rank = number(4);
      for (std::uint64_t d = 0; d < rank && ok_; ++d) number(8);
      number(4);
      number(8);
      map_.tensors.push_back({begin, at_});
    }
    if (!ok_) return std::nullopt;
    map_.header_end = at_;
    return std::move(map_);
  }

 private:
  std::uint64_t number(std::size_t bytes) {
    if (!ok_ || bytes > file_.size() - at_) {
      ok_ = false;
      return 0;
    }
    std::uint64_t value = 0;
    std::memcpy(&value, file_.data() + at_, bytes);
    map_.fields.push_back({at_, bytes, true});
    at_ += bytes;
    return value;
  }

  void text() {
    const std::uint64_t size = number(8);
    if (!ok_ || size > file_.size() - at_) {
      ok_ = false;
      return;
    }
    if (size != 0) map_.fields.push_back({at_, size, false});
    at_ += size;
  }

  void value(std::uint32_t type, int depth) {
    if (!ok_) return;
    if (type > static_cast<std::uint32_t>(GgufType::kF64) || depth > 4) {
      ok_ = false;
    } else if (type == static_cast<std::uint32_t>(GgufType::kString)) {
      text();
    } else if (type == static_cast<std::uint32_t>(GgufType::kArray)) {
      const auto element = static_cast<std::uint32_t>(number(4));
      const std::uint64_t count = number(8);
      for (std::uint64_t i = 0; i < count && ok_; ++i) value(element, depth + 1);
    } else {
      number(gguf_number_bytes(static_cast<GgufType>(type)));
    }
  }

  const std::string& file_;
  std::size_t at_ = 0;
  bool ok_ = true;
  GgufMap map_;
};

void change_field(std::string& file, const Field& field, Random& random) {
  if (!field.number) {
    file[field.at + pick(random, field.bytes)] = static_cast<char>(pick(random, 256));
    return;
  }
  std::uint64_t value = 0;
  std::memcpy(&value, file.data() + field.at, field.bytes);
  value = once_in(random, 2) ? odd_number(random) : value - 2 + pick(random, 5);
  std::memcpy(file.data() + field.at, &value, field.bytes);
}

}  // namespace

std::string mutate_safetensors(const std::string& file, Random& random) {
  if (file.size() < 8) return file;
  const std::size_t size = std::min<std::uint64_t>(load<std::uint64_t>(file, 0), file.size() - 8);
  Json header = Json::parse(file.substr(8, size), nullptr, false);
  if (header.is_discarded()) return file;
  std::string data = file.substr(8 + size);
  if (once_in(random, 3)) {
    misplace(header, "data_offsets", data.size(), random);
  } else {
    mutate_json(header, kSafetensorsKeys, random);
  }
  if (once_in(random, 8)) data.resize(data.size() / 2 + pick(random, data.size() + 2));
  const std::string text = header.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string out;
  append(out, static_cast<std::uint64_t>(text.size()));
  return out + text + data;
}

std::string mutate_cellm(const std::string& file, Random& random) {
  if (file.size() < kCellmPrefix) return file;
  const std::size_t size =
      std::min<std::size_t>(load<std::uint32_t>(file, 6), file.size() - kCellmPrefix);
  Json header = Json::parse(file.substr(kCellmPrefix, size), nullptr, false);
  if (header.is_discarded()) return file;
  const std::size_t begin = std::min(round_up(kCellmPrefix + size, kCellmAlignment), file.size());
  std::string data = file.substr(begin);
  if (once_in(random, 3) && header.is_object()) {
    const char* list = once_in(random, 2) ? "tensors" : "blobs";
    if (header.contains(list)) misplace(header[list], "offset_bytes", file.size(), random);
  } else if (!data.empty() && once_in(random, 3)) {
    data[pick(random, data.size())] ^= static_cast<char>(1U << pick(random, 8));
  } else {
    mutate_json(header, kCellmKeys, random);
  }
  return cellm_bytes(std::move(header), data, begin, !once_in(random, 4));
}

std::string mutate_gguf(const std::string& original, Random& random) {
  const auto map = GgufWalk(original).walk();
  if (!map) return original;
  std::string file = original;
  if (once_in(random, 3)) {
    const bool keys = map->tensors.empty() || (once_in(random, 2) && !map->keys.empty());
    const auto& entries = keys ? map->keys : map->tensors;
    if (entries.empty()) return file;
    const Entry entry = entries[pick(random, entries.size())];
    const std::size_t count_at = keys ? 16 : 8;
    const auto count = load<std::uint64_t>(file, count_at);
    const std::string bytes = file.substr(entry.begin, entry.end - entry.begin);
    std::size_t end = map->header_end;
    if (once_in(random, 2)) {
      file.erase(entry.begin, bytes.size());
      end -= bytes.size();
      store(file, count_at, count - 1);
    } else {
      std::string copy = bytes;
      if (once_in(random, 2) && copy.size() > 8)
        copy[8] = static_cast<char>('a' + pick(random, 26));
      file.insert(entry.end, copy);
      end += bytes.size();
      store(file, count_at, count + 1);
    }
    // The data keep the position required by the alignment.
    constexpr std::size_t kAlign = 32;
    const std::size_t old_begin = round_up(map->header_end, kAlign);
    const std::string data = original.substr(std::min(old_begin, original.size()));
    file.resize(end);
    file.resize(round_up(end, kAlign), '\0');
    return file + data;
  }
  const std::size_t changes = 1 + (once_in(random, 3) ? pick(random, 3) : 0);
  for (std::size_t i = 0; i < changes; ++i) {
    change_field(file, map->fields[pick(random, map->fields.size())], random);
  }
  return file;
}

}  // namespace cellm::fuzz

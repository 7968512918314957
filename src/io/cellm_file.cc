#include "io/cellm_file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <map>
#include <set>
#include <variant>
#include <xxhash.h>

#include <nlohmann/json.hpp>

#include "base/byte_reader.h"
#include "base/error.h"
#include "base/limits.h"
#include "format/formats.h"
#include "io/json.h"
#include "io/shape.h"

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

void require_matrix(const CellmEntry& entry, const std::string& where) {
  if (entry.shape.size() != 2) {
    throw data_error("{}: {} of shape {}; only a matrix can be {}", where, entry.dtype,
                     shape_text(entry.shape), entry.dtype);
  }
}

// Bytes that the payload of a tensor must have. Quantized formats are matrices only.
std::uint64_t expected_bytes(const CellmEntry& entry, FormatId format, const std::string& where) {
  const auto& info = format_info(format);
  if (format != FormatId::kF16) require_matrix(entry, where);
  // The widest format has 4 bytes per weight: if that fits in 63 bits, so does everything below.
  checked_bytes(entry.shape, 4, where);
  std::uint64_t rows = 1;
  for (std::size_t i = 0; i + 1 < entry.shape.size(); ++i) rows *= entry.shape[i];
  return rows * info.row_bytes(entry.shape.back());
}

// The same for a packed matrix.
std::uint64_t expected_packed_bytes(const CellmEntry& entry, FormatId format,
                                    const std::string& where) {
  require_matrix(entry, where);
  checked_bytes(entry.shape, 4, where);
  PackedWeights packed;
  packed.format = format;
  packed.rows = entry.shape[0];
  packed.cols = entry.shape[1];
  checked_bytes(std::array{packed.row_blocks() * kPackedRows, packed.padded_cols()}, 4, where);
  return packed.code_bytes();
}

// The same for a trellis-coded matrix.
std::uint64_t expected_trellis_bytes(const CellmEntry& entry, FormatId format,
                                     const std::string& where) {
  require_matrix(entry, where);
  checked_bytes(entry.shape, 4, where);
  TrellisWeights weights;
  weights.format = format;
  weights.rows = entry.shape[0];
  weights.cols = entry.shape[1];
  checked_bytes(std::array{weights.scale_count(), weights.padded_cols()}, 4, where);
  return weights.code_bytes();
}

// Table and rotation of a trellis-coded matrix. Tables are a part of the program.
TrellisTag parse_trellis_tag(const JsonNode& node, FormatId format, const std::string& where) {
  constexpr std::uint64_t kMax = UINT32_MAX;
  const TrellisTag tag{static_cast<std::uint32_t>(node.at("table").as_uint(0, kMax)),
                       static_cast<std::uint32_t>(node.at("rotation").as_uint(0, kMax))};
  if (find_trellis_table(format, tag.table) == nullptr) {
    throw unsupported_error("{}: table {} of {} is unknown; a newer cellm may have it", where,
                            tag.table, format_info(format).name);
  }
  return tag;
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

std::span<const std::byte> payload(const MappedFile& file, const CellmEntry& entry) {
  return file.bytes().subspan(entry.offset, entry.bytes);
}

// A config.json made of the header's own fields, for a file whose writer kept no
// source_text_config.
Json config_from_header(const JsonNode& header) {
  Json config;
  const auto copy = [&](const char* from, const char* to) {
    if (const auto node = header.find(from)) config[to] = node->value();
  };
  copy("model_type", "model_type");
  copy("vocab_size", "vocab_size");
  copy("hidden_dim", "hidden_size");
  copy("intermediate_size", "intermediate_size");
  copy("num_layers", "num_hidden_layers");
  copy("num_heads", "num_attention_heads");
  copy("num_kv_heads", "num_key_value_heads");
  copy("head_dim", "head_dim");
  copy("rms_norm_eps", "rms_norm_eps");
  copy("rope_theta", "rope_theta");
  copy("bos_token_id", "bos_token_id");
  copy("eos_token_id", "eos_token_id");
  copy("max_position_embeddings", "max_position_embeddings");
  copy("tie_word_embeddings", "tie_word_embeddings");
  return config;
}

class CellmSource final : public ModelSource {
 public:
  explicit CellmSource(std::shared_ptr<const MappedFile> file)
      : file_(std::move(file)), header_(read_cellm_header(*file_)) {
    const std::string source = printable(file_->path());
    const Json json = parse_json(header_.json, source);
    const JsonNode root(json, source + ":");
    if (const auto format = root.find("source_safetensors_format")) {
      container_format_ = format->as_string();
    }
    Json config;
    if (const auto text_config = root.find("source_text_config")) {
      config = text_config->value();
      if (!config.is_object()) throw data_error("{}: expected an object", text_config->path());
      // These may stand beside text_config in a multimodal config.json.
      for (const char* key : {"tie_word_embeddings", "model_type"}) {
        if (!config.contains(key) && json.contains(key)) config[key] = json[key];
      }
    } else {
      config = config_from_header(root);
    }
    config_json_ = config.dump();
    generation_config_json_ = blob_text(kGenerationConfigBlob);
    chat_template_ = blob_text(kChatTemplateBlob);
    build_tensors(source);
  }

  const std::string& path() const override { return file_->path(); }
  const std::string& container_format() const override { return container_format_; }
  const std::string& config_json() const override { return config_json_; }
  const std::string& generation_config_json() const override { return generation_config_json_; }
  const std::string& chat_template() const override { return chat_template_; }
  const std::vector<TensorInfo>& tensors() const override { return infos_; }

  TokenizerData tokenizer() const override {
    const CellmEntry* blob = find_blob(kTokenizerBlob);
    if (blob == nullptr) return std::monostate{};
    return CompactTokenizer{payload(*file_, *blob), file_};
  }

  std::optional<Tensor> view(std::size_t index) const override {
    if (const auto* tensor = std::get_if<Tensor>(&payloads_.at(index))) return *tensor;
    return std::nullopt;
  }
  std::optional<TrellisWeights> trellis(std::size_t index) const override {
    if (const auto* weights = std::get_if<TrellisWeights>(&payloads_.at(index))) return *weights;
    return std::nullopt;
  }
  std::optional<PackedWeights> packed(std::size_t index) const override {
    if (const auto* weights = std::get_if<PackedWeights>(&payloads_.at(index))) return *weights;
    return std::nullopt;
  }

  void forget(const Tensor& tensor) const override {
    file_->forget({tensor.data, tensor.rows * format_info(tensor.format).row_bytes(tensor.cols)});
  }

  void read_rows(std::size_t index, std::size_t begin, std::size_t end, float* out) const override {
    const std::size_t cols = infos_.at(index).cols();
    for (std::size_t row = begin; row < end; ++row, out += cols) {
      if (const auto* tensor = std::get_if<Tensor>(&payloads_[index])) {
        dequantize_row(*tensor, row, out);
      } else if (const auto* weights = std::get_if<TrellisWeights>(&payloads_[index])) {
        dequantize_trellis_row(*weights, row, out);
      } else {
        dequantize_packed_row(std::get<PackedWeights>(payloads_[index]), row, out);
      }
    }
  }

 private:
  const CellmEntry* find_blob(std::string_view name) const {
    for (const auto& blob : header_.blobs) {
      if (blob.name == name) return &blob;
    }
    return nullptr;
  }

  std::string blob_text(std::string_view name) const {
    const CellmEntry* blob = find_blob(name);
    if (blob == nullptr) return {};
    const auto bytes = payload(*file_, *blob);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  // A tensor's companion; null if there is none.
  const CellmEntry* find_companion(const CellmEntry& entry, std::string_view suffix) {
    const auto found = by_name_.find(entry.name + std::string(suffix));
    if (found == by_name_.end()) return nullptr;
    companions_.insert(found->first);
    return found->second;
  }

  const CellmEntry& scales_of(const CellmEntry& entry, const std::string& where) {
    const CellmEntry* scales = find_companion(entry, kScaleSuffix);
    if (scales == nullptr)
      throw data_error("{}: {}{} is missing", where, printable(entry.name), kScaleSuffix);
    return *scales;
  }

  const std::uint16_t* halves_at(const CellmEntry& entry) const {
    return reinterpret_cast<const std::uint16_t*>(file_->bytes().data() + entry.offset);
  }

  void add_rows(const CellmEntry& entry, FormatId format, TensorInfo info,
                const std::string& where) {
    Tensor tensor{format,  info.rows(), info.cols(), 0, file_->bytes().data() + entry.offset,
                  nullptr, file_};
    if (format_info(format).has_scales) {
      const CellmEntry& scales = scales_of(entry, where);
      const std::size_t groups = scales.shape.size() == 2 ? scales.shape[1] : 1;
      if (scales.dtype != "f16" || scales.shape.size() > 2 || scales.shape[0] != info.rows() ||
          info.cols() % groups != 0) {
        throw data_error("{}: scales are {} of shape {}, expected f16 [{}] or [{}, groups]", where,
                         scales.dtype, shape_text(scales.shape), info.rows(), info.rows());
      }
      info.group = tensor.group = info.cols() / groups;
      info.stored_bytes += scales.bytes;
      tensor.scales = halves_at(scales);
    }
    infos_.push_back(std::move(info));
    payloads_.emplace_back(std::move(tensor));
  }

  void add_packed(const CellmEntry& entry, FormatId format, TensorInfo info,
                  const std::string& where) {
    const CellmEntry& scales = scales_of(entry, where);
    for (const std::size_t group : {info.cols(), std::size_t{32}, std::size_t{128}}) {
      auto packed = packed_shape(format, info.rows(), info.cols(), group);
      if (!packed || scales.dtype != "f16" ||
          scales.shape != std::vector{packed->row_blocks(), packed->groups(), kPackedRows}) {
        continue;
      }
      packed->codes = reinterpret_cast<const std::uint8_t*>(file_->bytes().data() + entry.offset);
      packed->scales = halves_at(scales);
      packed->owner = file_;
      info.group = format_info(format).has_scales ? group : 0;
      info.stored_bytes += scales.bytes;
      infos_.push_back(std::move(info));
      payloads_.emplace_back(*std::move(packed));
      return;
    }
    throw data_error("{}: scales are {} of shape {}, expected f16 [{}, groups, {}]", where,
                     scales.dtype, shape_text(scales.shape),
                     (info.rows() + kPackedRows - 1) / kPackedRows, kPackedRows);
  }

  void add_trellis(const CellmEntry& entry, FormatId format, TensorInfo info,
                   const std::string& where) {
    const CellmEntry& scales = scales_of(entry, where);
    TrellisWeights weights;
    weights.format = format;
    weights.rows = info.rows();
    weights.cols = info.cols();
    weights.table = find_trellis_table(format, entry.trellis->table);
    weights.rotation = entry.trellis->rotation;
    weights.codes = reinterpret_cast<const std::uint8_t*>(file_->bytes().data() + entry.offset);
    weights.scales = halves_at(scales);
    weights.owner = file_;
    if (scales.dtype != "f16" ||
        scales.shape != std::vector<std::size_t>{weights.row_blocks(), kTrellisRows}) {
      throw data_error("{}: scales are {} of shape {}, expected f16 [{}, {}]", where, scales.dtype,
                       shape_text(scales.shape), weights.row_blocks(), kTrellisRows);
    }
    info.group = info.cols();
    info.stored_bytes += scales.bytes;
    if (const CellmEntry* columns = find_companion(entry, kColumnScaleSuffix)) {
      if (columns->dtype != "f16" || columns->shape != std::vector<std::size_t>{info.cols()}) {
        throw data_error("{}: column scales are {} of shape {}, expected f16 [{}]", where,
                         columns->dtype, shape_text(columns->shape), info.cols());
      }
      weights.column_scales = halves_at(*columns);
      info.stored_bytes += columns->bytes;
    }
    infos_.push_back(std::move(info));
    payloads_.emplace_back(std::move(weights));
  }

  // Joins each tensor with its companions.
  void build_tensors(const std::string& source) {
    for (const auto& entry : header_.tensors) by_name_[entry.name] = &entry;
    for (const auto& [name, entry] : by_name_) {
      // The name of a companion sorts after that of its tensor.
      if (companions_.contains(name)) continue;
      const std::string where = source + ": tensor " + printable(name);
      const auto packed = find_packed_format(entry->dtype);
      const FormatId format = packed ? *packed : *find_format(entry->dtype);
      TensorInfo info{entry->name, entry->shape, format, 0, entry->dtype, entry->bytes};
      if (is_trellis(format)) {
        add_trellis(*entry, format, std::move(info), where);
      } else if (packed) {
        add_packed(*entry, format, std::move(info), where);
      } else {
        add_rows(*entry, format, std::move(info), where);
      }
    }
  }

  std::shared_ptr<const MappedFile> file_;
  CellmHeader header_;
  std::string container_format_;
  std::string config_json_;
  std::string generation_config_json_;
  std::string chat_template_;
  std::map<std::string_view, const CellmEntry*> by_name_;
  std::set<std::string_view> companions_;
  std::vector<TensorInfo> infos_;
  // One for each of infos_.
  std::vector<std::variant<Tensor, PackedWeights, TrellisWeights>> payloads_;
};

}  // namespace

bool is_cellm_file(const std::filesystem::path& path) {
  if (!std::filesystem::is_regular_file(path)) return false;
  const MappedFile file(path);
  return file.bytes().size() >= kCellmMagic.size() &&
         std::memcmp(file.bytes().data(), kCellmMagic.data(), kCellmMagic.size()) == 0;
}

CellmHeader read_cellm_header(const MappedFile& file) {
  const std::string source = printable(file.path());
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

  const Json json = parse_json(header.json, source);
  const JsonNode root(json, source + ":");
  std::set<std::string> names;
  const auto list = [&](const JsonNode& nodes, std::size_t limit) {
    if (nodes.value().size() > limit) {
      throw data_error("{}: {} entries, more than the {} allowed", nodes.path(),
                       nodes.value().size(), limit);
    }
    std::vector<std::pair<JsonNode, CellmEntry>> entries;
    for (const auto& node : nodes.as_array()) {
      entries.emplace_back(node, parse_entry(node, source, header.data_begin, file.bytes().size()));
    }
    return entries;
  };
  for (auto& [node, entry] : list(root.at("tensors"), kMaxTensors)) {
    const std::string where = source + ": tensor " + printable(entry.name);
    if (!names.insert(entry.name).second) throw data_error("{}: listed twice", where);
    entry.dtype = node.at("dtype").as_string();
    entry.shape = parse_shape(node.at("shape"));
    const auto packed = find_packed_format(entry.dtype);
    const auto format = find_format(entry.dtype);
    if (!packed && (!format || *format == FormatId::kF32 || *format == FormatId::kBF16)) {
      throw unsupported_error("{}: unknown dtype {}", where, printable(entry.dtype));
    }
    if (format && is_trellis(*format)) entry.trellis = parse_trellis_tag(node, *format, where);
    const std::uint64_t expected = packed          ? expected_packed_bytes(entry, *packed, where)
                                   : entry.trellis ? expected_trellis_bytes(entry, *format, where)
                                                   : expected_bytes(entry, *format, where);
    if (entry.bytes != expected) {
      throw data_error("{}: {} bytes, but {} of shape {} takes {}", where, entry.bytes, entry.dtype,
                       shape_text(entry.shape), expected);
    }
    header.tensors.push_back(std::move(entry));
  }
  if (const auto blobs = root.find("blobs")) {
    names.clear();
    for (auto& [node, entry] : list(*blobs, kMaxBlobs)) {
      if (!names.insert(entry.name).second) {
        throw data_error("{}: blob {} is listed twice", source, printable(entry.name));
      }
      header.blobs.push_back(std::move(entry));
    }
  }
  if (const auto checksums = root.find("checksums")) {
    header.header_checksum = parse_checksum(checksums->at("header"));
    for (auto& entry : header.tensors)
      entry.checksum = parse_checksum(checksums->at("tensors").at(entry.name));
    for (auto& entry : header.blobs)
      entry.checksum = parse_checksum(checksums->at("blobs").at(entry.name));
  } else if (root.find("blobs")) {
    // Only writers that also write checksums write blobs.
    throw data_error("{}: the header has blobs but no checksums", source);
  }
  refuse_overlaps(header, source);
  return header;
}

std::unique_ptr<ModelSource> open_cellm(std::shared_ptr<const MappedFile> file) {
  return std::make_unique<CellmSource>(std::move(file));
}

std::size_t verify_cellm(const MappedFile& file) {
  const CellmHeader header = read_cellm_header(file);
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
    const auto bytes = payload(file, *entry);
    if (XXH3_64bits(bytes.data(), bytes.size()) != *entry->checksum) {
      throw data_error("{}: {} is damaged: its checksum does not match", source,
                       printable(entry->name));
    }
  }
  // What no checksum covers is padding, and padding is zero.
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

#include "io/hf_folder.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <set>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/limits.h"
#include "format/formats.h"
#include "io/chat_templates.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "io/shape.h"
#include "io/shard_index.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMlxBits = 4;
constexpr std::size_t kMlxCodesPerWord = 32 / kMlxBits;

struct Entry {
  TensorInfo info;
  std::string dtype;
  std::span<const std::byte> raw;  // as stored
  Tensor tensor;                   // data is null unless the dtype is one of ours
  bool subtract_one = false;       // a norm weight to which MLX added 1

  // Set for MLX affine quantization: w = scale · code + bias per group of a row; `raw` holds eight
  // 4-bit codes in a u32, lowest bits first (mlx.core.quantize).
  Tensor mlx_scales;  // (rows, groups)
  Tensor mlx_biases;
  bool is_mlx() const { return mlx_scales.data != nullptr; }
};

std::optional<FormatId> readable_format(std::string_view dtype) {
  if (dtype == "F32") return FormatId::kF32;
  if (dtype == "F16") return FormatId::kF16;
  if (dtype == "BF16") return FormatId::kBF16;
  return std::nullopt;
}

// Only the bit width in config.json tells 4-bit codes in groups of 128 from 8-bit ones in groups of
// 64: the shapes are the same.
void require_mlx_4bit_affine(const JsonNode& quantization) {
  const auto bits = quantization.find("bits");
  if (bits && bits->as_uint() != kMlxBits) {
    throw unsupported_error("{}: {} bits; of MLX cellm reads {} bits", bits->path(),
                            bits->as_uint(), kMlxBits);
  }
  const auto mode = quantization.find("mode");
  if (mode && mode->as_string() != "affine") {
    throw unsupported_error("{}: \"{}\"; of MLX cellm reads affine", mode->path(),
                            printable(mode->as_string()));
  }
}

class HfFolder final : public ModelSource {
 public:
  HfFolder(const fs::path& folder, Links links)
      : folder_(folder), links_(links), path_(folder.string()) {
    config_ = parse_python_json(read_file(path_of("config.json"), kMaxTextBytes),
                                file_name("config.json"));
    if (const fs::path path = path_of("generation_config.json"); fs::exists(path)) {
      generation_config_json_ = read_file(path, kMaxTextBytes);
    }
    read_tokenizer_config();
    open_weights();
    if (const auto mlx = JsonNode(config_, file_name("config.json") + ":").find("quantization")) {
      require_mlx_4bit_affine(*mlx);
      fold_mlx_triples(*mlx);
    }
    undo_mlx_norms();
    for (const auto& entry : entries_) tensors_.push_back(entry.info);
  }

  const std::string& path() const override { return path_; }
  const std::string& container_format() const override { return container_format_; }
  const Json& config() const override { return config_; }
  const std::string& generation_config_json() const override { return generation_config_json_; }
  const ChatTemplates& chat_templates() const override { return chat_templates_; }
  std::optional<SpecialTokens> special_tokens() const override { return special_tokens_; }
  const std::vector<TensorInfo>& tensors() const override { return tensors_; }

  TokenizerData tokenizer() const override {
    const fs::path path = path_of("tokenizer.json");
    if (!fs::exists(path)) return std::monostate{};
    return TokenizerJson{read_file(path, kMaxTokenizerBytes), path.string()};
  }

  MatrixPtr weights(std::size_t index) const override {
    const Entry& entry = entries_.at(index);
    if (entry.subtract_one || entry.tensor.data == nullptr) return nullptr;
    const std::size_t alignment = entry.tensor.format == kExactFormat ? 4 : 2;
    // safetensors promises no alignment; a reader in place needs it.
    if (reinterpret_cast<std::uintptr_t>(entry.tensor.data) % alignment != 0) return nullptr;
    return row_matrix(entry.tensor);
  }

  void read_rows(std::size_t index, std::size_t begin, std::size_t end, float* out) const override {
    const Entry& entry = entries_.at(index);
    const std::size_t cols = entry.info.cols();
    for (std::size_t row = begin; row < end; ++row, out += cols) {
      if (entry.is_mlx()) {
        read_mlx_row(entry, row, out);
        continue;
      }
      if (entry.tensor.data == nullptr) {
        throw unsupported_error("{}: tensor {} is {}; cellm reads BF16, F16 and F32",
                                printable(path_), printable(entry.info.name), entry.dtype);
      }
      dequantize_row(entry.tensor, row, out);
      if (entry.subtract_one) {
        for (std::size_t i = 0; i < cols; ++i) out[i] -= 1.0F;
      }
    }
  }

 private:
  fs::path path_of(std::string_view name) const { return file_in_folder(folder_, name, links_); }
  std::string file_name(std::string_view name) const {
    return printable((folder_ / name).string());
  }

  void read_tokenizer_config() {
    const fs::path path = path_of("tokenizer_config.json");
    if (!fs::exists(path)) {
      chat_templates_ = read_chat_templates(folder_, links_, std::nullopt);
      return;
    }
    const std::string source = printable(path.string());
    const Json json = parse_python_json(read_file(path, kMaxTextBytes), source);
    const JsonNode config(json, source + ":");
    special_tokens_.emplace();
    for (const std::string_view name : kSpecialTokenNames) {
      const auto token = config.find(name);  // a text, or an object with its properties
      if (!token) continue;
      special_tokens_->emplace(name,
                               (token->is_object() ? token->at("content") : *token).as_string());
    }
    chat_templates_ = read_chat_templates(folder_, links_, config);
  }

  // The safetensors files of this folder, and the names the index gives to each (empty: all). An
  // index of files that are not there does not count beside a whole file.
  std::map<std::string, std::set<std::string>> list_files() const {
    std::vector<std::string> weights;
    std::vector<std::string> indexes;
    for (const std::string& name : names_in_folder(folder_)) {
      if (name.ends_with(".safetensors")) weights.push_back(name);
      if (name.ends_with(".safetensors.index.json")) indexes.push_back(name);
    }
    std::map<std::string, std::set<std::string>> files;
    if (indexes.size() > 1) {
      std::erase_if(indexes, [](const auto& n) { return n != "model.safetensors.index.json"; });
    }
    if (!indexes.empty()) {
      const std::string source = file_name(indexes.front());
      files = parse_shard_index(read_file(path_of(indexes.front()), kMaxTextBytes), source);
    }
    const auto is_there = [&weights](const auto& name) {
      return std::find(weights.begin(), weights.end(), name) != weights.end();
    };
    const bool has_whole = is_there("model.safetensors");
    const bool is_stale = std::any_of(files.begin(), files.end(),
                                      [&](const auto& file) { return !is_there(file.first); });
    if (has_whole && (indexes.empty() || is_stale)) {
      files = {{"model.safetensors", {}}};
    } else if (indexes.empty()) {
      for (const auto& name : weights) files[name];
    }
    if (files.empty())
      throw data_error("{}: no *.safetensors file in this folder", printable(path_));
    if (files.size() > kMaxShards) {
      throw data_error("{}: {} shards, more than the {} allowed", printable(path_), files.size(),
                       kMaxShards);
    }
    return files;
  }

  // The index chooses between files that have the same tensor; a tensor that it promises and no
  // file has is missed only by who needs it.
  void open_weights() {
    std::set<std::string> seen;
    std::map<std::string, std::pair<SafetensorsEntry, std::shared_ptr<const void>>> unlisted;
    std::set<std::string> promised;
    for (const auto& [name, wanted] : list_files()) {
      SafetensorsFile file = open_safetensors(path_of(name));
      container_format_ = file.format;
      promised.insert(wanted.begin(), wanted.end());
      for (auto& stored : file.entries) {
        if (!wanted.empty() && !wanted.contains(stored.name)) {
          std::string tensor = stored.name;
          unlisted.try_emplace(std::move(tensor), std::move(stored), file.file);
          continue;
        }
        if (!seen.insert(stored.name).second) {
          throw data_error("{}: tensor {} is also in another file of the folder", file_name(name),
                           printable(stored.name));
        }
        entries_.push_back(make_entry(std::move(stored), file.file));
      }
    }
    for (auto& [tensor, place] : unlisted) {  // in another file than the index says
      if (!promised.contains(tensor) || seen.contains(tensor)) continue;
      entries_.push_back(make_entry(std::move(place.first), std::move(place.second)));
    }
    std::sort(entries_.begin(), entries_.end(),
              [](const Entry& a, const Entry& b) { return a.info.name < b.info.name; });
  }

  static Entry make_entry(SafetensorsEntry stored, std::shared_ptr<const void> owner) {
    Entry entry;
    const auto format = readable_format(stored.dtype);
    entry.info = {.name = stored.name,
                  .shape = std::move(stored.shape),
                  .format = format.value_or(kExactFormat),
                  .stored_as = stored.dtype,
                  .stored_bytes = stored.data.size(),
                  .stored_format = format};
    entry.dtype = stored.dtype;
    entry.raw = stored.data;
    entry.tensor.rows = entry.info.rows();
    entry.tensor.cols = entry.info.cols();
    entry.tensor.owner = std::move(owner);
    if (format) {
      entry.tensor.format = *format;
      entry.tensor.data = stored.data.data();
    }
    return entry;
  }

  Entry* find(const std::string& name) {
    const auto found = std::lower_bound(
        entries_.begin(), entries_.end(), name,
        [](const Entry& entry, const std::string& n) { return entry.info.name < n; });
    return found != entries_.end() && found->info.name == name ? &*found : nullptr;
  }

  static void read_mlx_row(const Entry& entry, std::size_t row, float* out);
  void fold_mlx_triples(const JsonNode& quantization);
  void undo_mlx_norms();

  fs::path folder_;
  Links links_;
  std::string path_;
  std::string container_format_;
  Json config_;
  std::string generation_config_json_;
  ChatTemplates chat_templates_;
  std::optional<SpecialTokens> special_tokens_;
  std::vector<Entry> entries_;
  std::vector<TensorInfo> tensors_;
};

void HfFolder::read_mlx_row(const Entry& entry, std::size_t row, float* out) {
  const std::size_t cols = entry.info.cols();
  const std::size_t groups = entry.mlx_scales.cols;
  const std::size_t group = cols / groups;
  std::vector<float> scales(groups);
  std::vector<float> biases(groups);
  dequantize_row(entry.mlx_scales, row, scales.data());
  dequantize_row(entry.mlx_biases, row, biases.data());
  const std::byte* codes = entry.raw.data() + row * (cols / 2);  // little-endian: lowest byte first
  for (std::size_t i = 0; i < cols; ++i) {
    const unsigned code = std::to_integer<unsigned>(codes[i / 2]) >> (kMlxBits * (i % 2)) & 0xFU;
    out[i] = scales[i / group] * static_cast<float>(code) + biases[i / group];
  }
}

// X.weight (U32), X.scales and X.biases become one tensor X.weight of eight times as many columns.
void HfFolder::fold_mlx_triples(const JsonNode& quantization) {
  std::set<std::string> folded;
  for (auto& entry : entries_) {
    if (entry.dtype != "U32" || !entry.info.name.ends_with(".weight")) continue;
    const std::string where = printable(path_) + ": tensor " + printable(entry.info.name);
    const std::string stem = entry.info.name.substr(0, entry.info.name.size() - 7);
    // mlx-lm lists tensors that it quantized in another way by name.
    const auto own = quantization.find(stem);
    if (own && own->is_object()) require_mlx_4bit_affine(*own);
    const Entry* scales = find(stem + ".scales");
    const Entry* biases = find(stem + ".biases");
    if (scales == nullptr || biases == nullptr) {
      throw data_error("{}: MLX codes without {}", where,
                       scales == nullptr ? ".scales" : ".biases");
    }
    for (const Entry* companion : {scales, biases}) {
      if (entry.info.shape.size() != 2 || companion->tensor.data == nullptr ||
          companion->info.shape.size() != 2 ||
          companion->info.shape.front() != entry.info.shape.front() ||
          companion->info.cols() != scales->info.cols()) {
        throw data_error("{}: {} of shape {} and type {} does not fit codes of shape {}", where,
                         printable(companion->info.name), shape_text(companion->info.shape),
                         companion->dtype, shape_text(entry.info.shape));
      }
    }
    const std::size_t cols = entry.info.cols() * kMlxCodesPerWord;
    const std::size_t groups = scales->info.cols();
    // Codes of b bits fill cols · b / 32 words: any other width contradicts the usual group sizes.
    const bool fits =
        cols % groups == 0 && (cols / groups == 32 || cols / groups == 64 || cols / groups == 128);
    if (!fits) {
      throw unsupported_error(
          "{}: {} words for {} groups is not MLX 4-bit with groups of 32, 64 or 128", where,
          entry.info.cols(), groups);
    }
    entry.mlx_scales = scales->tensor;
    entry.mlx_biases = biases->tensor;
    entry.info.shape.back() = cols;
    entry.info.stored_as = "MLX-4bit";
    entry.info.stored_bytes += scales->info.stored_bytes + biases->info.stored_bytes;
    folded.insert({scales->info.name, biases->info.name});
  }
  std::erase_if(entries_, [&](const Entry& entry) { return folded.contains(entry.info.name); });
}

// mlx-lm stores conv1d as [C, K, 1] and then has added 1 to every norm but linear_attn.norm.
// Hugging Face's [C, 1, K] is the same order of bytes. The shape decides; values never do.
void HfFolder::undo_mlx_norms() {
  bool from_mlx = false;
  for (auto& entry : entries_) {
    auto& shape = entry.info.shape;
    if (entry.info.name.ends_with(".linear_attn.conv1d.weight") && shape.size() == 3 &&
        shape[2] == 1 && shape[1] != 1) {
      std::swap(shape[1], shape[2]);
      entry.tensor.rows = entry.info.rows();
      entry.tensor.cols = entry.info.cols();
      from_mlx = true;
    }
  }
  if (!from_mlx) return;
  for (auto& entry : entries_) {
    const auto& name = entry.info.name;
    if (name.ends_with("norm.weight") && !name.ends_with("linear_attn.norm.weight")) {
      entry.subtract_one = true;
      entry.info.format = kExactFormat;
    }
  }
}

}  // namespace

std::unique_ptr<ModelSource> open_hf_folder(const fs::path& folder, Links links) {
  try {
    return std::make_unique<HfFolder>(folder, links);
  } catch (const fs::filesystem_error& failure) {
    throw data_error("{}: cannot read the folder: {}", printable(folder.string()),
                     failure.code().message());
  }
}

}  // namespace cellm

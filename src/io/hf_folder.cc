#include "io/hf_folder.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/limits.h"
#include "base/mapped_file.h"
#include "format/formats.h"
#include "io/chat_templates.h"
#include "io/file_kind.h"
#include "io/json.h"
#include "io/quantized/quantized.h"
#include "io/stored_tensors.h"

namespace cellm {
namespace {

namespace fs = std::filesystem;

struct Entry {
  TensorInfo info;
  Tensor tensor;              // data is null unless the dtype is one of ours
  RowReader read_rows;        // of a quantized weight
  bool subtract_one = false;  // a norm weight to which MLX added 1
};

std::optional<FormatId> readable_format(std::string_view dtype) {
  if (dtype == "F32") return FormatId::kF32;
  if (dtype == "F16") return FormatId::kF16;
  if (dtype == "BF16") return FormatId::kBF16;
  return std::nullopt;
}

Entry plain_entry(const StoredTensor& stored) {
  Entry entry;
  const auto format = readable_format(stored.dtype);
  entry.info = {.name = stored.name,
                .shape = stored.shape,
                .format = format.value_or(kExactFormat),
                .stored_as = stored.dtype,
                .stored_bytes = stored.bytes.size(),
                .readable = format.has_value(),
                .stored_format = format};
  entry.tensor.rows = entry.info.rows();
  entry.tensor.cols = entry.info.cols();
  entry.tensor.owner = stored.owner;
  if (format) {
    entry.tensor.format = *format;
    entry.tensor.data = stored.bytes.data();
  }
  return entry;
}

Entry quantized_entry(QuantizedWeight weight) {
  Entry entry;
  entry.info = {.name = std::move(weight.name),
                .shape = std::move(weight.shape),
                .stored_as = std::move(weight.stored_as),
                .stored_bytes = weight.stored_bytes};
  entry.read_rows = std::move(weight.read_rows);
  return entry;
}

class HfFolder final : public ModelSource {
 public:
  HfFolder(const fs::path& folder, Links links)
      : folder_(folder), links_(links), path_(folder.string()) {
    config_ = parse_python_json(text_of("config.json"), file_name("config.json"));
    if (fs::exists(path_of("generation_config.json"))) {
      generation_config_json_ = text_of("generation_config.json");
    }
    read_tokenizer_config();
    open_weights();
    undo_mlx_norms();
    for (const auto& entry : entries_) tensors_.push_back(entry.info);
  }

  const std::string& path() const override { return path_; }
  const std::string& container_format() const override { return container_format_; }
  const Json& config() const override { return config_; }
  const std::string& generation_config_json() const override { return generation_config_json_; }
  const ChatTemplates& chat_templates() const override { return chat_templates_; }
  std::optional<SpecialTokens> special_tokens() const override { return special_tokens_; }
  std::vector<std::string> notes() const override { return notes_; }
  const std::vector<TensorInfo>& tensors() const override { return tensors_; }

  std::string why_missing(std::string_view name) const override {
    const auto found = absent_.find(name);
    if (found != absent_.end()) return found->second;
    return incomplete_.empty() ? std::string() : "is missing: " + incomplete_;
  }

  TokenizerData tokenizer() const override {
    const fs::path path = path_of("tokenizer.json");
    if (!fs::exists(path)) return std::monostate{};
    TokenizerJson json{read_file(path, kMaxTokenizerBytes), path.string()};
    if (const auto error = known_text_mistake(json.text, printable(path.string()))) {
      throw Error(*error);
    }
    return json;
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
    if (entry.read_rows) {
      entry.read_rows(begin, end, out);
      return;
    }
    if (entry.tensor.data == nullptr) {
      throw unsupported_error("{}: tensor {} is {}; cellm reads BF16, F16 and F32",
                              printable(path_), printable(entry.info.name), entry.info.stored_as);
    }
    const std::size_t cols = entry.info.cols();
    for (std::size_t row = begin; row < end; ++row, out += cols) {
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
  std::string text_of(std::string_view name) const {
    std::string text = read_file(path_of(name), kMaxTextBytes);
    if (const auto error = known_text_mistake(text, file_name(name))) throw Error(*error);
    return text;
  }

  void read_tokenizer_config() {
    const fs::path path = path_of("tokenizer_config.json");
    if (!fs::exists(path)) {
      chat_templates_ = read_chat_templates(folder_, links_, std::nullopt);
      return;
    }
    const std::string source = printable(path.string());
    const Json json = parse_python_json(text_of("tokenizer_config.json"), source);
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

  void open_weights();
  QuantizedWeights quantized_weights(const StoredTensors& stored) const;
  void undo_mlx_norms();

  fs::path folder_;
  Links links_;
  std::string path_;
  std::string container_format_;
  Json config_;
  std::string generation_config_json_;
  ChatTemplates chat_templates_;
  std::optional<SpecialTokens> special_tokens_;
  std::vector<std::string> notes_;
  std::map<std::string, std::string, std::less<>> absent_;  // see StoredTensors
  std::string incomplete_;                                  // likewise
  std::vector<Entry> entries_;                              // sorted by name
  std::vector<TensorInfo> tensors_;
};

// The configuration of the quantization is in config.json, at the root or with the text model, or
// in a file of its own.
QuantizedWeights HfFolder::quantized_weights(const StoredTensors& stored) const {
  const JsonNode root(config_, file_name("config.json") + ":");
  const JsonNode text = root.find("text_config").value_or(root);
  for (const JsonNode& node : {root, text}) {
    // MLX writes both keys, with the same content.
    for (const char* key : {"quantization", "quantization_config"}) {
      const auto config = node.find(key);
      if (config && (config->value().is_object() && !config->value().empty())) {
        return open_quantized(stored, &*config, printable(path_));
      }
      if (config && !config->value().is_object()) config->find("bits");  // throws
    }
  }
  for (const char* name : {"quantize_config.json", "quant_config.json", "hf_quant_config.json"}) {
    if (!fs::exists(path_of(name))) continue;
    const Json document = parse_python_json(text_of(name), file_name(name));
    const JsonNode config(document, file_name(name) + ":");
    return open_quantized(stored, &config, printable(path_));
  }
  return open_quantized(stored, nullptr, printable(path_));
}

void HfFolder::open_weights() {
  StoredTensors stored = read_stored_tensors(folder_, links_);
  QuantizedWeights quantized = quantized_weights(stored);
  const std::set<std::string> parts(quantized.parts.begin(), quantized.parts.end());
  for (const StoredTensor& tensor : stored.tensors) {
    if (!parts.contains(tensor.name)) entries_.push_back(plain_entry(tensor));
  }
  for (QuantizedWeight& weight : quantized.weights) {
    entries_.push_back(quantized_entry(std::move(weight)));
  }
  std::sort(entries_.begin(), entries_.end(),
            [](const Entry& a, const Entry& b) { return a.info.name < b.info.name; });
  const auto twice =
      std::adjacent_find(entries_.begin(), entries_.end(),
                         [](const Entry& a, const Entry& b) { return a.info.name == b.info.name; });
  if (twice != entries_.end()) {
    throw data_error("{}: tensor {} is there twice, quantized in one way and another",
                     printable(path_), printable(twice->info.name));
  }
  container_format_ = std::move(stored.container_format);
  notes_ = std::move(stored.notes);
  absent_ = std::move(stored.absent);
  incomplete_ = std::move(stored.incomplete);
}

// mlx-lm stores conv1d as [C, K, 1] and then has added 1 to these norms of the text model. Hugging
// Face's [C, 1, K] is the same order of bytes. The shape decides; values never do.
constexpr std::array<std::string_view, 5> kMlxNorms{
    ".input_layernorm.weight", ".post_attention_layernorm.weight", "model.norm.weight",
    ".q_norm.weight", ".k_norm.weight"};

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
    const bool is_vision = name.starts_with("vision_") || name.starts_with("visual.") ||
                           name.find(".visual.") != std::string::npos;
    const bool is_shifted = std::any_of(kMlxNorms.begin(), kMlxNorms.end(),
                                        [&](auto ending) { return name.ends_with(ending); });
    if (is_shifted && !is_vision && entry.info.shape.size() == 1) {
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

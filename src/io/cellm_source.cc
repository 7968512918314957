#include <map>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "format/formats.h"
#include "io/cellm_file.h"
#include "io/chat_templates.h"
#include "io/json.h"
#include "io/shape.h"
#include "layout/layout.h"

namespace cellm {
namespace {

std::span<const std::byte> payload(const MappedFile& file, const CellmEntry& entry) {
  return file.bytes().subspan(entry.offset, entry.bytes);
}

// A config.json from the fields of the header, for files without source_text_config.
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
  explicit CellmSource(CellmFile file) : cellm_(std::move(file)) {
    const std::string source = printable(path());
    const Json json(*cellm_.header.fields);
    const JsonNode root(json, source + ":");
    if (const auto format = root.find("source_safetensors_format")) {
      container_format_ = format->as_string();
    }
    Json config;
    if (const auto text_config = root.find("source_text_config")) {
      config = text_config->value();
      if (!config.is_object()) throw data_error("{}: expected an object", text_config->path());
      // A multimodal config.json may have these beside text_config.
      for (const char* key : {"tie_word_embeddings", "model_type", "max_position_embeddings"}) {
        if (!config.contains(key) && json.contains(key)) config[key] = json[key];
      }
      // text_config may contradict the flag beside it.
      const auto tied = root.find("tie_word_embeddings");
      if (tied && tied->as_bool()) config["tie_word_embeddings"] = true;
    } else {
      config = config_from_header(root);
    }
    config_ = std::move(config);
    generation_config_json_ = blob_text(kGenerationConfigBlob);
    read_chat_templates(source);
    read_special_tokens(source);
    build_tensors(source);
  }

  const std::string& path() const override { return cellm_.mapping->path(); }
  const std::string& container_format() const override { return container_format_; }
  const Json& config() const override { return config_; }
  const CellmFile* cellm_file() const override { return &cellm_; }
  const std::string& generation_config_json() const override { return generation_config_json_; }
  const ChatTemplates& chat_templates() const override { return chat_templates_; }
  std::optional<SpecialTokens> special_tokens() const override { return special_tokens_; }
  const std::vector<TensorInfo>& tensors() const override { return infos_; }

  TokenizerData tokenizer() const override {
    const CellmEntry* blob = find_blob(kTokenizerBlob);
    if (blob == nullptr) return std::monostate{};
    return CompactTokenizer{payload(*cellm_.mapping, *blob), cellm_.mapping};
  }

  void forget_tokenizer() const override {
    const CellmEntry* blob = find_blob(kTokenizerBlob);
    if (blob != nullptr) cellm_.mapping->forget(payload(*cellm_.mapping, *blob));
  }

  MatrixPtr weights(std::size_t index) const override { return matrices_.at(index); }

  void forget(const Matrix& matrix) const override {
    cellm_.mapping->forget(
        {matrix.payloads().codes, matrix.layout().sizes(matrix.shape()).code_bytes});
  }

  void read_rows(std::size_t index, std::size_t begin, std::size_t end, float* out) const override {
    const Matrix& matrix = *matrices_.at(index);
    for (std::size_t row = begin; row < end; ++row, out += matrix.cols()) matrix.read_row(row, out);
  }

 private:
  void read_chat_templates(const std::string& source) {
    if (find_blob(kChatTemplatesBlob) != nullptr) {
      chat_templates_ =
          parse_chat_templates(blob_text(kChatTemplatesBlob), source + ", chat templates");
    }
    if (std::string own = blob_text(kChatTemplateBlob); !own.empty()) {
      chat_templates_.insert_or_assign(std::string(kDefaultChatTemplate), std::move(own));
    }
  }

  void read_special_tokens(const std::string& source) {
    if (find_blob(kSpecialTokensBlob) == nullptr) return;
    const std::string name = source + ", special tokens";
    const Json json = parse_json(blob_text(kSpecialTokensBlob), name);
    special_tokens_.emplace();
    for (const auto& [key, text] : JsonNode(json, name + ":").as_object()) {
      special_tokens_->emplace(key, text.as_string());
    }
  }

  const CellmEntry* find_blob(std::string_view name) const {
    for (const auto& blob : cellm_.header.blobs) {
      if (blob.name == name) return &blob;
    }
    return nullptr;
  }

  std::string blob_text(std::string_view name) const {
    const CellmEntry* blob = find_blob(name);
    if (blob == nullptr) return {};
    const auto bytes = payload(*cellm_.mapping, *blob);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  // A tensor's companion; null if there is none.
  const CellmEntry* find_companion(const CellmEntry& entry, std::string_view suffix) {
    const auto found = by_name_.find(entry.name + std::string(suffix));
    if (found == by_name_.end()) return nullptr;
    companions_.insert(found->first);
    return found->second;
  }

  const std::uint16_t* halves_at(const CellmEntry& entry) const {
    return reinterpret_cast<const std::uint16_t*>(cellm_.mapping->bytes().data() + entry.offset);
  }

  // The scales of a tensor whose format has some in a companion; null otherwise.
  const CellmEntry* scales_of(const CellmEntry& entry, const StoredType& type,
                              const std::string& where) {
    if (!format_spec(type.format).has_scales && !type.layout->scales_apart) return nullptr;
    const CellmEntry* scales = find_companion(entry, kScaleSuffix);
    if (scales == nullptr)
      throw data_error("{}: {}{} is missing", where, printable(entry.name), kScaleSuffix);
    return scales;
  }

  const CellmEntry* column_scales_of(const CellmEntry& entry, const Layout& layout,
                                     const std::string& where) {
    if (!layout.has_column_scales) return nullptr;
    const CellmEntry* columns = find_companion(entry, kColumnScaleSuffix);
    if (columns != nullptr &&
        (columns->dtype != "f16" || columns->shape != std::vector{entry.shape.back()})) {
      throw data_error("{}: column scales are {} of shape {}, expected f16 [{}]", where,
                       columns->dtype, shape_text(columns->shape), entry.shape.back());
    }
    return columns;
  }

  // Joins a tensor with its companions.
  void add_tensor(const CellmEntry& entry, const std::string& where) {
    const StoredType type = *find_stored_type(entry.dtype);
    MatrixShape shape = matrix_shape(entry, type.format);
    const CellmEntry* scales = scales_of(entry, type, where);
    const auto group = type.layout->group_of(
        shape, scales == nullptr ? std::span<const std::size_t>() : std::span(scales->shape));
    CELLM_CHECK(group || scales != nullptr);  // a format without scales has group 0
    if (!group || (scales != nullptr && scales->dtype != "f16")) {
      throw data_error("{}: scales are {} of shape {}, expected {}", where, scales->dtype,
                       shape_text(scales->shape), type.layout->expected_scales(shape));
    }
    shape.group = *group;
    TensorInfo info{.name = entry.name,
                    .shape = entry.shape,
                    .format = type.format,
                    .group = shape.group,
                    .stored_as = entry.dtype,
                    .stored_bytes = entry.bytes,
                    .stored_format = type.format};
    Payloads payloads{.codes = cellm_.mapping->bytes().data() + entry.offset,
                      .owner = cellm_.mapping};
    if (scales != nullptr) {
      payloads.scales = halves_at(*scales);
      info.stored_bytes += scales->bytes;
    }
    if (const CellmEntry* columns = column_scales_of(entry, *type.layout, where)) {
      payloads.column_scales = halves_at(*columns);
      info.stored_bytes += columns->bytes;
    }
    infos_.push_back(std::move(info));
    matrices_.push_back(type.layout->open(shape, std::move(payloads)));
  }

  void build_tensors(const std::string& source) {
    for (const auto& entry : cellm_.header.tensors) by_name_[entry.name] = &entry;
    for (const auto& [name, entry] : by_name_) {
      // The name of a companion sorts after that of its tensor, so it is known by now.
      if (companions_.contains(name)) continue;
      add_tensor(*entry, source + ": tensor " + printable(name));
    }
  }

  CellmFile cellm_;
  std::string container_format_;
  Json config_;
  std::string generation_config_json_;
  ChatTemplates chat_templates_;
  std::optional<SpecialTokens> special_tokens_;
  std::map<std::string_view, const CellmEntry*> by_name_;
  std::set<std::string_view> companions_;
  std::vector<TensorInfo> infos_;
  std::vector<MatrixPtr> matrices_;  // one for each of infos_
};

}  // namespace

std::unique_ptr<ModelSource> open_cellm(std::shared_ptr<const MappedFile> file) {
  CellmHeader header = read_cellm_header(*file);
  return std::make_unique<CellmSource>(CellmFile{std::move(file), std::move(header)});
}

}  // namespace cellm

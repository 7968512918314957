#include "model/gguf/source.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <mutex>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/aligned_buffer.h"
#include "base/error.h"
#include "base/limits.h"
#include "format/formats.h"
#include "io/gguf_parts.h"
#include "layout/layout.h"
#include "model/arch/family.h"
#include "model/gguf/config.h"
#include "model/gguf/kinds.h"
#include "model/gguf/sizes.h"
#include "model/gguf/tensor_map.h"

namespace cellm {
namespace {

bool is_aligned(const MappedTensor& tensor, std::size_t alignment) {
  return reinterpret_cast<std::uintptr_t>(tensor.stored->bytes.data()) % alignment == 0;
}

// Whether a matrix of this tensor is a copy, its rows or columns in another order than the file's.
bool is_reordered(const MappedTensor& tensor) {
  return !tensor.transform.rows.is_identity() || !tensor.transform.columns.is_identity();
}

// The format that a matrix of this tensor has, if its weights are used as they are stored, in the
// order of the file or another; nothing if they are read as f32.
std::optional<FormatId> format_in_place(const MappedTensor& tensor) {
  const auto format = tensor.stored->type->format;
  const bool computed = tensor.transform.values != ValueMap::kNone || tensor.factor != 1.0F;
  if (!format || computed) return std::nullopt;
  const FormatSpec& spec = format_spec(*format);
  // Columns cannot be exchanged within a block.
  if (spec.order == StoredOrder::kBlocks) {
    return tensor.transform.columns.is_identity() ? format : std::nullopt;
  }
  // Files may ask for less alignment than floats need.
  const std::size_t alignment = *format == kExactFormat ? alignof(float) : alignof(std::uint16_t);
  if (!is_aligned(tensor, alignment) || (is_reordered(tensor) && !is_half(*format))) {
    return std::nullopt;
  }
  return format;
}

constexpr std::pair<std::string_view, std::string_view> kSpecialTokenKeys[] = {
    {"bos_token", "bos"}, {"eos_token", "eos"}, {"unk_token", "unknown"}, {"pad_token", "padding"}};

// The default, and those that "tokenizer.chat_templates" names.
ChatTemplates gguf_chat_templates(const GgufFile& file) {
  ChatTemplates templates;
  if (const GgufValue* value = file.find("tokenizer.chat_template")) {
    templates.emplace(kDefaultChatTemplate, value->as_string());
  }
  const GgufValue* names = file.find("tokenizer.chat_templates");
  if (names == nullptr) return templates;
  if (names->array_size() > kMaxTokenizerParts) {
    throw data_error("{}: {} has more than {} names", file.path(), names->key(),
                     kMaxTokenizerParts);
  }
  for (const std::string_view name : names->as_strings()) {
    const GgufValue* text = file.find(fmt::format("tokenizer.chat_template.{}", name));
    if (text != nullptr) templates.emplace(name, text->as_string());
  }
  return templates;
}

class GgufSource final : public ModelSource {
 public:
  explicit GgufSource(std::shared_ptr<const MappedFile> file)
      : file_(open_gguf_parts(std::move(file))) {
    refuse_other_kinds(*file_);
    const Family& family = gguf_family(*file_);
    const GgufModelKeys keys(*file_, family.gguf.architecture);
    const GgufSizes sizes = read_gguf_sizes(keys, family);
    config_ = make_gguf_config(keys, sizes, family);
    generation_config_json_ = make_gguf_generation_config_json(*file_, sizes);
    chat_templates_ = gguf_chat_templates(*file_);
    if (const GgufValue* value = file_->find("tokenizer.ggml.tokens");
        value != nullptr && value->array_size() > sizes.vocab) {
      throw data_error("{}: has {} tokens, but the embedding has only {} rows", this->path(),
                       value->array_size(), sizes.vocab);
    }
    mapped_ = map_gguf_tensors(*file_, sizes, read_model_config(config_, this->path()));
    tensors_.reserve(mapped_.size());
    for (const MappedTensor& tensor : mapped_) {
      tensors_.push_back({.name = tensor.name,
                          .shape = tensor.shape,
                          .format = format_in_place(tensor).value_or(kExactFormat),
                          .stored_as = std::string(tensor.stored->type->name),
                          .stored_bytes = tensor.stored->bytes.size(),
                          .stored_format = tensor.stored->type->format});
    }
  }

  const std::string& path() const override { return file_->path(); }
  const std::string& container_format() const override { return container_format_; }
  const Json& config() const override { return config_; }
  const std::string& generation_config_json() const override { return generation_config_json_; }
  const ChatTemplates& chat_templates() const override { return chat_templates_; }
  std::optional<SpecialTokens> special_tokens() const override {
    const GgufValue* tokens = file_->find("tokenizer.ggml.tokens");
    if (tokens == nullptr) return std::nullopt;
    const std::vector<std::string_view> texts = tokens->as_strings();
    SpecialTokens special;
    for (const auto& [name, key] : kSpecialTokenKeys) {
      if (const auto id = gguf_token_id(*file_, key, texts.size())) {
        special.emplace(name, texts[*id]);
      }
    }
    return special;
  }
  const std::vector<TensorInfo>& tensors() const override { return tensors_; }

  std::vector<std::string> part_paths() const override {
    std::vector<std::string> paths;
    for (const auto& part : file_->parts()) paths.push_back(part->path());
    return paths;
  }

  std::vector<std::string> notes() const override {
    const GgufValue* tokens = file_->find("tokenizer.ggml.tokens");
    if (tokens == nullptr) return {};
    std::vector<std::string> notes;
    for (const std::string_view name : {"bos", "eos", "eot", "eom", "unknown", "padding"}) {
      const GgufValue* value = file_->find(fmt::format("tokenizer.ggml.{}_token_id", name));
      if (value == nullptr || value->as_number() == -1 || value->as_number() == UINT32_MAX)
        continue;
      if (gguf_token_id(*file_, name, tokens->array_size())) continue;
      notes.push_back(fmt::format("{} {} is ignored, there are {} tokens", value->key(),
                                  value->as_number(), tokens->array_size()));
    }
    return notes;
  }

  TokenizerData tokenizer() const override {
    const GgufValue* model = file_->find("tokenizer.ggml.model");
    if (model == nullptr || model->as_string() == "none") return {};
    GgufTokenizer tokenizer;
    tokenizer.model = model->as_string();
    if (const GgufValue* pre = file_->find("tokenizer.ggml.pre")) tokenizer.pre = pre->as_string();
    tokenizer.tokens = file_->at("tokenizer.ggml.tokens").as_strings();
    tokenizer.owner = file_;
    if (const GgufValue* merges = file_->find("tokenizer.ggml.merges")) {
      tokenizer.merges = merges->as_strings();
    }
    if (const GgufValue* types = file_->find("tokenizer.ggml.token_type")) {
      tokenizer.token_types = token_types(*types, tokenizer.tokens.size());
    }
    if (const GgufValue* add_bos = file_->find("tokenizer.ggml.add_bos_token")) {
      tokenizer.add_bos = add_bos->as_bool();
    }
    if (file_->find("tokenizer.ggml.bos_token_id") != nullptr) {
      tokenizer.bos_id = gguf_token_id(*file_, "bos", tokenizer.tokens.size());
      if (!tokenizer.bos_id) tokenizer.add_bos = false;
    }
    return tokenizer;
  }

  void forget_tokenizer() const override { file_->forget_metadata(); }

  MatrixPtr weights(std::size_t index) const override {
    const MappedTensor& tensor = mapped_.at(index);
    const auto format = format_in_place(tensor);
    if (!format) return nullptr;
    const MatrixShape shape{
        .format = *format, .rows = tensor.stored->rows(), .cols = tensor.stored->cols()};
    const Layout& layout = own_layout(*format);
    if (!layout.accepts(shape)) return nullptr;
    if (is_reordered(tensor)) return reordered(tensor, layout, shape);
    return layout.open(shape, {.codes = tensor.stored->bytes.data(), .owner = file_});
  }

  std::uint64_t copied_bytes(std::size_t index) const override {
    const MappedTensor& tensor = mapped_.at(index);
    return is_reordered(tensor) && format_in_place(tensor) ? tensor.stored->bytes.size() : 0;
  }

  void read_rows(std::size_t index, std::size_t begin, std::size_t end, float* out) const override {
    const MappedTensor& tensor = mapped_.at(index);
    const std::size_t cols = tensor.stored->cols();
    CELLM_CHECK(begin <= end && end <= tensor.stored->rows());
    if (!is_reordered(tensor)) {
      tensor.stored->read_rows(begin, end, out);
    } else {
      std::vector<float> row(cols);
      for (std::size_t i = begin; i < end; ++i) {
        const std::size_t stored_row = tensor.transform.rows.stored(i);
        tensor.stored->read_rows(stored_row, stored_row + 1, row.data());
        float* target = out + (i - begin) * cols;
        for (std::size_t c = 0; c < cols; ++c) target[c] = row[tensor.transform.columns.stored(c)];
      }
    }
    map_values(tensor, {out, (end - begin) * cols});
  }

 private:
  // A copy with rows and columns in the order of Hugging Face, made once.
  MatrixPtr reordered(const MappedTensor& tensor, const Layout& layout,
                      const MatrixShape& shape) const {
    const std::lock_guard lock(mutex_);
    MatrixPtr& copy = reordered_[tensor.name];
    if (copy != nullptr) return copy;
    const std::size_t row_bytes = tensor.stored->bytes.size() / shape.rows;
    auto memory = std::make_shared<AlignedBuffer<std::byte>>(tensor.stored->bytes.size());
    for (std::size_t row = 0; row < shape.rows; ++row) {
      const std::byte* from =
          tensor.stored->bytes.data() + tensor.transform.rows.stored(row) * row_bytes;
      std::byte* to = memory->data() + row * row_bytes;
      if (tensor.transform.columns.is_identity()) {
        std::memcpy(to, from, row_bytes);
        continue;
      }
      const std::size_t bytes = row_bytes / shape.cols;  // of a float, see format_in_place()
      for (std::size_t c = 0; c < shape.cols; ++c) {
        std::memcpy(to + c * bytes, from + tensor.transform.columns.stored(c) * bytes, bytes);
      }
    }
    copy = layout.open(shape, {.codes = memory->data(), .owner = memory});
    return copy;
  }

  void map_values(const MappedTensor& tensor, std::span<float> values) const {
    if (tensor.factor != 1.0F) {
      for (float& value : values) value *= tensor.factor;
    }
    switch (tensor.transform.values) {
      case ValueMap::kNone:
        break;
      case ValueMap::kMinusOne:
        for (float& value : values) value -= 1.0F;
        break;
      case ValueMap::kLogOfNegated:
        for (float& value : values) {
          if (!(value < 0) || !std::isfinite(value)) {
            throw data_error("{}: tensor '{}': expected negative numbers, found {}", path(),
                             printable(tensor.stored->name), value);
          }
          value = static_cast<float>(std::log(-static_cast<double>(value)));
        }
        break;
    }
  }

  std::vector<std::int32_t> token_types(const GgufValue& value, std::size_t tokens) const {
    const std::vector<std::int64_t> wide = value.as_integers();
    if (wide.size() != tokens) {
      throw data_error("{}: key '{}' has {} entries for {} tokens", path(), value.key(),
                       wide.size(), tokens);
    }
    std::vector<std::int32_t> types;
    types.reserve(wide.size());
    for (const std::int64_t type : wide) {
      if (type < 0 || type > std::numeric_limits<std::int32_t>::max()) {
        throw data_error("{}: key '{}': token type {} does not exist", path(), value.key(), type);
      }
      types.push_back(static_cast<std::int32_t>(type));
    }
    return types;
  }

  std::shared_ptr<const GgufFile> file_;
  std::vector<MappedTensor> mapped_;  // points into file_
  std::string container_format_ = "gguf";
  Json config_;
  std::string generation_config_json_;
  ChatTemplates chat_templates_;
  std::vector<TensorInfo> tensors_;                     // one for each of mapped_
  mutable std::mutex mutex_;                            // of the following
  mutable std::map<std::string, MatrixPtr> reordered_;  // by name
};

}  // namespace

std::unique_ptr<ModelSource> open_gguf(std::shared_ptr<const MappedFile> file) {
  return std::make_unique<GgufSource>(std::move(file));
}

std::unique_ptr<ModelSource> open_gguf(const std::filesystem::path& path) {
  return open_gguf(std::make_shared<const MappedFile>(path));
}

}  // namespace cellm

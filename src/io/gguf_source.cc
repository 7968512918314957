#include "io/gguf_source.h"

#include <cmath>
#include <limits>
#include <utility>

#include "base/error.h"
#include "io/gguf_config.h"
#include "io/gguf_file.h"
#include "io/gguf_model.h"
#include "io/gguf_tensor_map.h"

namespace cellm {
namespace {

// The format and the alignment that a tensor in place has, if it can be used in place at all.
std::optional<FormatId> format_in_place(const MappedTensor& tensor) {
  if (!tensor.is_unchanged()) return std::nullopt;
  FormatId format{};
  std::size_t alignment = 0;
  switch (tensor.stored->type->id) {
    case kGgmlF32:
      format = FormatId::kF32;
      alignment = alignof(float);
      break;
    case kGgmlF16:
      format = FormatId::kF16;
      alignment = alignof(std::uint16_t);
      break;
    case kGgmlBF16:
      format = FormatId::kBF16;
      alignment = alignof(std::uint16_t);
      break;
    default:
      return std::nullopt;
  }
  // Files may ask for less alignment than the numbers need.
  const auto address = reinterpret_cast<std::uintptr_t>(tensor.stored->bytes.data());
  if (address % alignment != 0) return std::nullopt;
  return format;
}

class GgufSource final : public ModelSource {
 public:
  explicit GgufSource(std::shared_ptr<const MappedFile> file)
      : file_(std::make_shared<const GgufFile>(std::move(file))) {
    const GgufModel model = read_gguf_model(*file_);
    config_json_ = make_gguf_config_json(*file_, model);
    generation_config_json_ = make_gguf_generation_config_json(*file_, model);
    if (const GgufValue* value = file_->find("tokenizer.chat_template")) {
      chat_template_ = value->as_string();
    }
    if (const GgufValue* value = file_->find("tokenizer.ggml.tokens");
        value != nullptr && value->array_size() > model.vocab) {
      throw data_error("{}: has {} tokens, but the embedding has only {} rows", this->path(),
                       value->array_size(), model.vocab);
    }
    mapped_ = map_gguf_tensors(*file_, model);
    tensors_.reserve(mapped_.size());
    for (const MappedTensor& tensor : mapped_) {
      tensors_.push_back({.name = tensor.name,
                          .shape = tensor.shape,
                          .format = format_in_place(tensor).value_or(FormatId::kF32),
                          .stored_as = std::string(tensor.stored->type->name),
                          .stored_bytes = tensor.stored->bytes.size()});
    }
  }

  const std::string& path() const override { return file_->path(); }
  const std::string& container_format() const override { return container_format_; }
  const std::string& config_json() const override { return config_json_; }
  const std::string& generation_config_json() const override { return generation_config_json_; }
  const std::string& chat_template() const override { return chat_template_; }
  const std::vector<TensorInfo>& tensors() const override { return tensors_; }

  TokenizerData tokenizer() const override {
    const GgufValue* model = file_->find("tokenizer.ggml.model");
    if (model == nullptr || model->as_string() == "none") return {};
    GgufTokenizer tokenizer;
    tokenizer.model = model->as_string();
    if (const GgufValue* pre = file_->find("tokenizer.ggml.pre")) tokenizer.pre = pre->as_string();
    tokenizer.tokens = strings(file_->at("tokenizer.ggml.tokens"));
    if (const GgufValue* merges = file_->find("tokenizer.ggml.merges")) {
      tokenizer.merges = strings(*merges);
    }
    if (const GgufValue* types = file_->find("tokenizer.ggml.token_type")) {
      tokenizer.token_types = token_types(*types, tokenizer.tokens.size());
    }
    if (const GgufValue* add_bos = file_->find("tokenizer.ggml.add_bos_token")) {
      tokenizer.add_bos = add_bos->as_bool();
    }
    if (const GgufValue* bos = file_->find("tokenizer.ggml.bos_token_id")) {
      tokenizer.bos_id = static_cast<std::uint32_t>(bos->as_uint(0, UINT32_MAX));
    }
    return tokenizer;
  }

  std::optional<Tensor> view(std::size_t index) const override {
    const MappedTensor& tensor = mapped_.at(index);
    const auto format = format_in_place(tensor);
    if (!format) return std::nullopt;
    return Tensor{.format = *format,
                  .rows = tensor.stored->rows(),
                  .cols = tensor.stored->cols(),
                  .data = tensor.stored->bytes.data(),
                  .owner = file_};
  }

  void read_rows(std::size_t index, std::size_t begin, std::size_t end, float* out) const override {
    const MappedTensor& tensor = mapped_.at(index);
    const std::size_t cols = tensor.stored->cols();
    CELLM_CHECK(begin <= end && end <= tensor.stored->rows());
    if (tensor.rows.is_identity() && tensor.columns.is_identity()) {
      tensor.stored->read_rows(begin, end, out);
    } else {
      std::vector<float> row(cols);
      for (std::size_t i = begin; i < end; ++i) {
        const std::size_t stored_row = tensor.rows.stored(i);
        tensor.stored->read_rows(stored_row, stored_row + 1, row.data());
        float* target = out + (i - begin) * cols;
        for (std::size_t c = 0; c < cols; ++c) target[c] = row[tensor.columns.stored(c)];
      }
    }
    map_values(tensor, {out, (end - begin) * cols});
  }

 private:
  void map_values(const MappedTensor& tensor, std::span<float> values) const {
    switch (tensor.values) {
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

  static std::vector<std::string> strings(const GgufValue& value) {
    const std::vector<std::string_view> views = value.as_strings();
    return {views.begin(), views.end()};
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
  std::string config_json_;
  std::string generation_config_json_;
  std::string chat_template_;
  std::vector<TensorInfo> tensors_;  // one for each of mapped_
};

}  // namespace

std::unique_ptr<ModelSource> open_gguf(std::shared_ptr<const MappedFile> file) {
  return std::make_unique<GgufSource>(std::move(file));
}

std::unique_ptr<ModelSource> open_gguf(const std::filesystem::path& path) {
  return open_gguf(std::make_shared<const MappedFile>(path));
}

}  // namespace cellm

#include "convert/lora_source.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "convert/lora_adapter.h"
#include "io/model_checksum.h"
#include "io/shape.h"
#include "model/model.h"
#include "model/open_source.h"

namespace cellm {
namespace {

constexpr std::string_view kOutputName = "lm_head.weight";

struct Change {
  LoraChange change;
  float scale;  // the adapter's and the request's
};

// A tensor of the merged model.
struct MergedTensor {
  std::optional<std::size_t> base;  // of its values before changes
  std::vector<Change> changes;
  std::optional<LoraReplacement> replacement;

  bool is_changed() const { return !changes.empty() || replacement.has_value(); }
};

// The name of an adapter's tensor in the base: the same, or with the base's prefix of the text
// model.
std::optional<std::string> name_in_base(const ModelSource& base, const std::string& name) {
  if (find_tensor(base, name)) return name;
  const std::string prefix = text_prefix(base);
  for (const std::string_view part : {"layers.", "embed_tokens.", "norm."}) {
    const std::size_t at = name.find(part);
    if (at == std::string::npos || (at != 0 && name[at - 1] != '.')) continue;
    std::string candidate = prefix + name.substr(at);
    if (find_tensor(base, candidate)) return candidate;
  }
  if (!name.ends_with(kOutputName)) return std::nullopt;
  for (const std::string& candidate : lm_head_names(prefix)) {
    if (find_tensor(base, candidate)) return candidate;
  }
  return std::string(kOutputName);  // of a tied model: a matrix of its own from now on
}

class LoraSource final : public ModelSource {
 public:
  explicit LoraSource(std::unique_ptr<ModelSource> base) : base_(std::move(base)) {
    for (std::size_t i = 0; i < base_->tensors().size(); ++i) {
      by_name_[base_->tensors()[i].name].base = i;
    }
  }

  void add(LoraAdapter adapter, double scale) {
    for (LoraChange& change : adapter.changes) {
      const float total = change.scale * static_cast<float>(scale);
      MergedTensor& tensor = find(adapter.path, change.tensor);
      require_shape(adapter.path, change.tensor, tensor, {change.b.height(), change.a.width()});
      tensor.changes.push_back({std::move(change), total});
    }
    for (LoraReplacement& replacement : adapter.replacements) {
      if (scale != 1.0) {
        throw usage_error("{}: tensor {} takes the place of the base's, which no scale can halve",
                          printable(adapter.path), printable(replacement.tensor));
      }
      MergedTensor& tensor = find(adapter.path, replacement.tensor);
      require_shape(adapter.path, replacement.tensor, tensor, replacement.shape);
      tensor.replacement = std::move(replacement);
    }
    files_.insert(files_.end(), adapter.files.begin(), adapter.files.end());
    merged_ += fmt::format("{}:{}\n", adapter.path, scale);
  }

  // After the last add().
  void finish() {
    for (auto& [name, tensor] : by_name_) {
      TensorInfo info = base_->tensors()[*tensor.base];
      info.name = name;
      if (tensor.is_changed()) {
        info.format = kExactFormat;
        info.group = 0;
        info.stored_as += "+LoRA";
        info.stored_format = std::nullopt;
      }
      tensors_.push_back(std::move(info));
      parts_.push_back(std::move(tensor));
    }
    by_name_.clear();
  }

  const std::string& path() const override { return base_->path(); }
  std::vector<std::string> part_paths() const override {
    std::vector<std::string> paths = base_->part_paths();
    paths.insert(paths.end(), files_.begin(), files_.end());
    return paths;
  }
  std::string merged() const override { return merged_; }
  const std::string& container_format() const override { return base_->container_format(); }
  const Json& config() const override { return base_->config(); }
  const std::string& generation_config_json() const override {
    return base_->generation_config_json();
  }
  const ChatTemplates& chat_templates() const override { return base_->chat_templates(); }
  std::optional<SpecialTokens> special_tokens() const override { return base_->special_tokens(); }
  std::vector<std::string> notes() const override { return base_->notes(); }
  std::string why_missing(std::string_view name) const override { return base_->why_missing(name); }
  TokenizerData tokenizer() const override { return base_->tokenizer(); }
  const std::vector<TensorInfo>& tensors() const override { return tensors_; }

  MatrixPtr weights(std::size_t index) const override {
    const MergedTensor& part = parts_.at(index);
    return part.is_changed() ? nullptr : base_->weights(*part.base);
  }
  std::uint64_t copied_bytes(std::size_t index) const override {
    const MergedTensor& part = parts_.at(index);
    return part.is_changed() ? 0 : base_->copied_bytes(*part.base);
  }
  void forget(const Matrix& matrix) const override { base_->forget(matrix); }

  void read_rows(std::size_t index, std::size_t begin, std::size_t end, float* out) const override {
    const MergedTensor& part = parts_.at(index);
    if (part.replacement) {
      part.replacement->read_rows(begin, end, out);
    } else {
      base_->read_rows(*part.base, begin, end, out);
    }
    for (const Change& change : part.changes) add_change(change, begin, end, out);
  }

 private:
  MergedTensor& find(const std::string& adapter, const std::string& name) {
    const auto found = name_in_base(*base_, name);
    if (!found) {
      throw data_error("{}: tensor {} has no counterpart in {}", printable(adapter),
                       printable(name), printable(base_->path()));
    }
    MergedTensor& tensor = by_name_[*found];
    if (!tensor.base) {
      tensor.base = find_tensor(*base_, text_prefix(*base_) + "embed_tokens.weight");
    }
    return tensor;
  }

  void require_shape(const std::string& adapter, const std::string& name,
                     const MergedTensor& tensor, const std::vector<std::size_t>& shape) const {
    const TensorInfo& info = base_->tensors()[*tensor.base];
    if (info.shape == shape) return;
    throw data_error("{}: tensor {} has shape {}, that of {} has {}", printable(adapter),
                     printable(name), shape_text(shape), printable(base_->path()),
                     shape_text(info.shape));
  }

  static void add_change(const Change& change, std::size_t begin, std::size_t end, float* out) {
    const std::size_t rank = change.change.b.width();
    const std::size_t cols = change.change.a.width();
    const std::vector<float> b = change.change.b.values(begin, end);
    const std::vector<float> a = change.change.a.values(0, rank);
    std::vector<float> sum(cols);
    for (std::size_t row = 0; row < end - begin; ++row, out += cols) {
      std::fill(sum.begin(), sum.end(), 0.0F);
      for (std::size_t k = 0; k < rank; ++k) {
        const float factor = b[row * rank + k];
        for (std::size_t c = 0; c < cols; ++c) sum[c] += factor * a[k * cols + c];
      }
      for (std::size_t c = 0; c < cols; ++c) out[c] += change.scale * sum[c];
    }
  }

  std::unique_ptr<ModelSource> base_;
  std::map<std::string, MergedTensor> by_name_;  // until finish()
  std::vector<MergedTensor> parts_;              // one for each of tensors_
  std::vector<TensorInfo> tensors_;
  std::vector<std::string> files_;
  std::string merged_;
};

}  // namespace

LoraRequest parse_lora_request(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  std::error_code ignored;
  if (colon == std::string_view::npos || std::filesystem::exists(text, ignored)) {
    return {std::filesystem::path(text), 1.0};
  }
  const std::string number(text.substr(colon + 1));
  char* end = nullptr;
  const double scale = std::strtod(number.c_str(), &end);
  if (number.empty() || *end != '\0' || !std::isfinite(scale)) {
    throw usage_error("\"{}\": expected ADAPTER or ADAPTER:SCALE", printable(text));
  }
  return {std::filesystem::path(text.substr(0, colon)), scale};
}

MergedModel merge_adapters(std::unique_ptr<ModelSource> base,
                           const std::vector<LoraRequest>& adapters, Links links) {
  const ModelConfig config = read_model_config(base->config(), printable(base->path()));
  MergedModel result;
  auto merged = std::make_unique<LoraSource>(std::move(base));
  for (const LoraRequest& request : adapters) {
    LoraAdapter adapter = open_lora_adapter(request.path, config, links);
    std::filesystem::path name = request.path;
    if (!name.has_filename()) name = name.parent_path();
    result.adapters.push_back({name.filename().string(),
                               fmt::format("{:016x}", files_checksum(adapter.files)),
                               request.scale});
    merged->add(std::move(adapter), request.scale);
  }
  merged->finish();
  result.source = std::move(merged);
  return result;
}

MergedModel open_merged_model(const std::filesystem::path& base,
                              const std::vector<LoraRequest>& adapters, Links links) {
  return merge_adapters(open_model_source(base, links), adapters, links);
}

}  // namespace cellm

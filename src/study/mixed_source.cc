#include "study/mixed_source.h"

namespace cellm {
namespace {

class MixedSource : public ModelSource {
 public:
  MixedSource(std::shared_ptr<const ModelSource> base, std::shared_ptr<const ModelSource> other,
              const std::function<bool(std::string_view name)>& taken)
      : base_(std::move(base)), other_(std::move(other)), tensors_(base_->tensors()) {
    in_other_.resize(tensors_.size());
    for (std::size_t i = 0; i < tensors_.size(); ++i) {
      if (!taken(tensors_[i].name)) continue;
      const auto index = find_tensor(*other_, tensors_[i].name);
      if (!index || other_->tensors()[*index].shape != tensors_[i].shape) continue;
      in_other_[i] = index;
      tensors_[i] = other_->tensors()[*index];
    }
  }

  const std::string& path() const override { return base_->path(); }
  const std::string& container_format() const override { return base_->container_format(); }
  const Json& config() const override { return base_->config(); }
  const std::string& generation_config_json() const override {
    return base_->generation_config_json();
  }
  const ChatTemplates& chat_templates() const override { return base_->chat_templates(); }
  TokenizerData tokenizer() const override { return base_->tokenizer(); }
  const std::vector<TensorInfo>& tensors() const override { return tensors_; }

  MatrixPtr weights(std::size_t index) const override {
    return in_other_[index] ? other_->weights(*in_other_[index]) : base_->weights(index);
  }
  void read_rows(std::size_t index, std::size_t begin, std::size_t end, float* out) const override {
    if (in_other_[index]) {
      other_->read_rows(*in_other_[index], begin, end, out);
    } else {
      base_->read_rows(index, begin, end, out);
    }
  }

 private:
  std::shared_ptr<const ModelSource> base_;
  std::shared_ptr<const ModelSource> other_;
  std::vector<TensorInfo> tensors_;
  std::vector<std::optional<std::size_t>> in_other_;  // index there, if the tensor is taken
};

}  // namespace

std::unique_ptr<ModelSource> mix_sources(std::shared_ptr<const ModelSource> base,
                                         std::shared_ptr<const ModelSource> other,
                                         const std::function<bool(std::string_view name)>& taken) {
  return std::make_unique<MixedSource>(std::move(base), std::move(other), taken);
}

}  // namespace cellm

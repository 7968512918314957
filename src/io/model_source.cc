#include "io/model_source.h"

#include <algorithm>

#include "format/format_choice.h"

namespace cellm {

std::size_t TensorInfo::rows() const {
  std::size_t rows = 1;
  for (std::size_t i = 0; i + 1 < shape.size(); ++i) rows *= shape[i];
  return rows;
}

const std::string& ModelSource::chat_template() const {
  static const std::string none;
  const auto found = chat_templates().find(kDefaultChatTemplate);
  return found == chat_templates().end() ? none : found->second;
}

std::string stored_name(const TensorInfo& info) {
  if (!info.stored_format) return info.stored_as;
  return format_choice_name({*info.stored_format, info.group == info.cols() ? 0 : info.group});
}

std::optional<std::size_t> find_tensor(const ModelSource& source, std::string_view name) {
  const auto& tensors = source.tensors();
  const auto found =
      std::lower_bound(tensors.begin(), tensors.end(), name,
                       [](const TensorInfo& info, std::string_view n) { return info.name < n; });
  if (found == tensors.end() || found->name != name) return std::nullopt;
  return static_cast<std::size_t>(found - tensors.begin());
}

Error missing_tensor(const ModelSource& source, std::string_view name) {
  const std::string why = source.why_missing(name);
  return data_error("{}: tensor {} {}", printable(source.path()), printable(name),
                    why.empty() ? "is missing" : why);
}

}  // namespace cellm

#include "model/gguf/kinds.h"

#include <array>
#include <string_view>

#include "base/advice.h"
#include "base/error.h"

namespace cellm {
namespace {

struct Kind {
  std::string_view name;  // of general.type or general.architecture
  std::string_view what;
};

constexpr std::array<Kind, 5> kKinds{
    {{"mmproj", "a projector for images (mmproj), not a language model; give the model beside it"},
     {"clip", "a projector for images (mmproj), not a language model; give the model beside it"},
     {"imatrix", "an importance matrix (imatrix), not a model"},
     {"controlvector", "a control vector, not a model"},
     {"dataset", "a data set, not a model"}}};

std::string_view text_of(const GgufFile& file, std::string_view key) {
  const GgufValue* value = file.find(key);
  return value == nullptr || value->type() != GgufType::kString ? std::string_view()
                                                                : value->as_string();
}

}  // namespace

void refuse_other_kinds(const GgufFile& file) {
  const std::string_view type = text_of(file, "general.type");
  const std::string_view architecture = text_of(file, "general.architecture");
  if (type == "adapter") {
    throw error(ErrorKind::kUnsupported, AdviceKind::kMergeAdapter,
                "{}: is a LoRA adapter of a model of architecture {}, not a model",
                printable(file.path()), printable(architecture));
  }
  for (const Kind& kind : kKinds) {
    if (kind.name != type && kind.name != architecture) continue;
    throw unsupported_error("{}: is {}", printable(file.path()), kind.what);
  }
  if (file.tensors().empty() && file.find("tokenizer.ggml.tokens") != nullptr) {
    throw unsupported_error("{}: is a vocabulary without weights", printable(file.path()));
  }
}

}  // namespace cellm

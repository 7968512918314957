// The rules that assign formats to tensors.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "convert/mixtures.h"
#include "format/format_choice.h"
#include "io/model_source.h"
#include "model/tensor_id.h"

namespace cellm {

// The five modes of the study and its fp8, with the original converter's rules by tensor name
// (docs/file-format.md, "Which tensors the study's modes quantize").
enum class StudyMode { kF16, kInt8, kInt4, kInt2, kInt1, kFp8 };

// The general form: one format for the body, one for the embedding, one for the output matrix.
struct GeneralFormats {
  FormatChoice body;
  FormatChoice embedding;
  FormatChoice lm_head;
  // Matrices whose rows are no multiple of the format's block get fitting_choice()
  // (convert/mixtures.h) instead of being refused: formats that nobody asked for by name.
  bool fit_body = false;
  bool fit_embedding = false;
  bool fit_lm_head = false;
};

// A format for the body, and int8 for the embedding and the output matrix unless it is f16. The
// embedding is looked up row by row and, if tied, also the output matrix: int8 costs next to
// nothing there, lower formats cost more than they save.
GeneralFormats general_formats(const FormatChoice& body);

// Every tensor as stored in the source, apart from given formats. A tied output matrix is the
// embedding unless it is given.
struct KeptFormats {
  std::optional<FormatChoice> embedding;
  std::optional<FormatChoice> lm_head;
};

// A mixture by name, apart from given formats.
struct MixtureFormats {
  const Mixture* mixture;
  std::optional<FormatChoice> embedding;
  std::optional<FormatChoice> lm_head;
};

// The study's six variants of Qwen3-0.6B by name. Throws Error(kUsage) listing them and what other
// recipes the caller has.
GeneralFormats recipe_formats(std::string_view name, std::vector<std::string_view> others = {});

// In place of a format's name: keep tensors as stored in the source.
inline constexpr std::string_view kKeepName = "keep";

// A format's name, or "keep": nothing. Throws Error(kUsage) listing the names.
std::optional<FormatChoice> parse_format_or_keep(std::string_view name);

// --tensor REGEX=FORMAT; the regular expression is searched for in the tensor's name.
struct TensorOverride {
  std::string pattern;
  std::optional<FormatChoice> choice;  // nothing: as the source stores it
};
TensorOverride parse_tensor_override(std::string_view text);  // throws Error(kUsage)

// The class of a tensor, for rules and reports.
enum class TensorClass {
  kEmbedding,
  kLmHead,
  kAttention,  // q, k, v, o projections
  kDeltaNet,   // in_proj_qkv, in_proj_z, out_proj
  kFeedForward,
  kSmall,  // norms, convolutions, decay, a and b projections: never quantized by a general format
  kMtp,    // multi-token prediction
  kVision,
  kOther,
};
TensorClass tensor_class(TensorRole role);
TensorClass tensor_class(const TensorInfo& tensor);  // by its name
// By its role, if it is a tensor of the model, else by its name.
TensorClass tensor_class(const TensorInfo& tensor, const std::optional<TensorId>& id);
std::string_view tensor_class_name(TensorClass tensor_class);

// Whether the tensor may be quantized: a matrix whose name ends in ".weight".
bool is_candidate(const TensorInfo& tensor);

FormatChoice study_choice(StudyMode mode, std::string_view model_type, const TensorInfo& tensor);
FormatChoice general_choice(const GeneralFormats& formats, TensorClass tensor_class);
// Empty for a kept tensor.
std::optional<FormatChoice> kept_choice(const KeptFormats& formats, TensorClass tensor_class);

// Whether --text-only keeps the tensor; `has_other_parts` says that the source has more than a text
// model.
bool is_text_tensor(std::string_view name, bool has_other_parts);
bool has_other_parts(const ModelSource& source);

}  // namespace cellm

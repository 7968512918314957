// Conversion of a model source to a .cellm file, a GGUF file or a Hugging Face folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/thread_pool.h"
#include "convert/bad_values.h"
#include "convert/lora_source.h"
#include "convert/rules.h"
#include "engine/opened_model.h"
#include "io/cellm_file.h"
#include "io/flat_writer.h"
#include "io/model_source.h"
#include "layout/layout.h"
#include "model/gguf/transform.h"
#include "model/tensor_id.h"
#include "quantize/quantizer.h"
#include "quantize/statistics.h"

namespace cellm {

// The calibration text of a file.
struct CalibrationLabel {
  std::uint64_t tokens = 0;
  std::string text_checksum;  // XXH3-64 of the file, as hex
  std::uint64_t seed = 0;     // of the choice of windows; 0: evenly spread
  bool feedback = false;      // with error feedback
  bool corrected_targets = false;
};

// The output of convert().
enum class Container : std::uint8_t {
  kCellm,
  kGguf,    // of the text model
  kFolder,  // with config.json, the tokenizer's files and model.safetensors; of the text model
};

struct ConvertOptions {
  Container container = Container::kCellm;
  // A mode of the study with its own rules, formats by class, the source's own, or a mixture.
  std::variant<StudyMode, GeneralFormats, KeptFormats, MixtureFormats> formats = StudyMode::kF16;
  std::map<std::string, FormatChoice> allocated;  // by tensor name; takes precedence over `formats`
  std::vector<TensorOverride> overrides;          // take precedence over both; the last match wins
  ScaleMethod scale = ScaleMethod::kAbsmax;
  std::optional<CalibrationLabel> calibration;  // if set, convert() needs the statistics
  bool text_only = false;
  bool tokenizer = true;       // include the tokenizer, if the source has one
  std::uint32_t rotation = 0;  // seed of the rotation of all trellis matrices
  bool packed = false;         // use the packed layout where the format has one
  // Write a separate output matrix if its format differs from the embedding's although the source
  // ties the two, and leave out one that repeats the embedding.
  bool settle_lm_head = false;
  // Replace NaN by 0 and values that are infinite or too large by the largest of the format,
  // instead of refusing the model. Kept tensors are unchanged.
  bool allow_nonfinite = false;
  std::vector<LoraLabel> adapters;  // merged into the source, for the file's header
};

// Whether a tensor keeps its source's representation.
enum class Kept : std::uint8_t {
  kNo,      // codes are chosen
  kBytes,   // the same bytes
  kValues,  // the same values in another format, since a reader changes their order or adds to them
};

// One tensor of the planned file.
struct PlannedTensor {
  std::string name;
  std::size_t source_index = 0;
  TensorInfo info;  // of the source
  FormatChoice choice;
  MatrixShape shape;               // in the file
  const Layout* layout = nullptr;  // in the file
  std::uint64_t code_bytes = 0;
  std::uint64_t scale_bytes = 0;         // 0 if there is no companion
  std::uint64_t column_scale_bytes = 0;  // likewise
  Kept kept = Kept::kNo;
  std::string stored_name;  // in the file; empty: `name`
  // The order of rows and columns and the values in the file, where they differ from the source's.
  // Codes are those of the file.
  GgufTransform transform;
  std::optional<TensorId> id;  // nothing if the model does not use it
  // The matrix of the model; empty if it is no matrix of products. kOutputId for a tied embedding.
  std::optional<TensorId> linear;
  bool overridden = false;  // format from ConvertOptions::overrides

  std::uint64_t bytes() const { return code_bytes + column_scale_bytes + scale_bytes; }
};

struct ConvertPlan {
  ScaleMethod scale = ScaleMethod::kAbsmax;
  std::vector<PlannedTensor> tensors;  // sorted by name
  // By text_only, a repeated output matrix, or not used and of a type that holds no weights.
  std::vector<std::string> left_out;
  Container container = Container::kCellm;
  std::string header_json;  // of a .cellm file
  FlatFile flat;            // of the others
  // The parts of a .cellm file other than tensors; further tensors of a GGUF file; further files
  // of a folder.
  struct Blob {
    std::string name;
    std::string bytes;
  };
  std::vector<Blob> blobs;
  std::vector<std::string> notes;  // what the container cannot say
  std::uint64_t file_bytes = 0;
  bool allow_nonfinite = false;
};

// Plans a conversion without writing. Throws Error(kData) for a source that is no complete model,
// Error(kUnsupported) for a model that cellm does not run or a tensor that cannot be kept,
// Error(kUsage) for an override that matches no matrix.
ConvertPlan plan_conversion(const OpenedModel& model, const ConvertOptions& options);

// A tensor of a source in a format: all but `id`, `linear` and `overridden`. Throws Error(kUsage)
// if the format's groups do not fit.
PlannedTensor plan_tensor(const TensorInfo& info, std::size_t source_index,
                          const FormatChoice& choice, const ConvertOptions& options);

// Whether the tensor is the embedding.
bool is_embedding(const PlannedTensor& tensor);

TensorClass tensor_class(const PlannedTensor& tensor);

// Whether the tensor, or any of the plan, has codes and scales to choose: kept ones do not.
bool has_codes(const PlannedTensor& tensor);
bool has_codes(const ConvertPlan& plan);

// Whether the tensor, or any of the plan, has values to choose along a text: one with codes, or one
// rounded to floats of a byte, whose corrected targets differ from its weights.
bool is_coded(const PlannedTensor& tensor);
bool is_coded(const ConvertPlan& plan);

// Bits per weight over all planned tensors, scales included.
double bits_per_weight(const ConvertPlan& plan);

// Called from the converting thread with source weights done and in total.
using ConvertProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

struct QuantizedTensor;  // convert/quantized_tensor.h
using QuantizedTensors = std::map<std::string, std::shared_ptr<const QuantizedTensor>>;

// Memory of convert() in bytes with so many threads.
std::uint64_t convert_memory_bytes(const ConvertPlan& plan, unsigned threads);

// Executes the plan with all threads of the pool and a few megabytes for each. The file is written
// atomically. `statistics` of this model may be null; tensors without statistics are quantized
// without. Tensors in `quantized` (may be null) are copied from there. Returns the values that were
// replaced because their format cannot represent them, if the plan allows it, and throws
// Error(kData) naming the tensors otherwise. Throws Error(kResources) before any work if memory or
// disk space is insufficient.
std::vector<BadValues> convert(const OpenedModel& model, const ConvertPlan& plan,
                               const std::filesystem::path& output, ThreadPool& pool,
                               const ConvertProgress& progress,
                               const Statistics* statistics = nullptr,
                               const QuantizedTensors* quantized = nullptr);

}  // namespace cellm

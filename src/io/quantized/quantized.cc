#include "io/quantized/quantized.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "io/shape.h"

namespace cellm {

// Each in the file of its name.
extern const QuantizationMethod kMlxMethod;
extern const QuantizationMethod kGptqMethod;
extern const QuantizationMethod kAwqMethod;
extern const QuantizationMethod kPackedIntsMethod;
extern const QuantizationMethod kPackedFloatsMethod;
extern const QuantizationMethod kModelOptFloatsMethod;
extern const QuantizationMethod kScaledMethod;
extern const QuantizationMethod kBitsAndBytes4Method;
extern const QuantizationMethod kBitsAndBytes8Method;

namespace {

constexpr std::array<const QuantizationMethod*, 9> kMethods{
    &kMlxMethod,        &kGptqMethod,          &kAwqMethod,
    &kPackedIntsMethod, &kPackedFloatsMethod,  &kModelOptFloatsMethod,
    &kScaledMethod,     &kBitsAndBytes4Method, &kBitsAndBytes8Method};

// The quant_method of each in transformers, "modelopt" of NVIDIA's tools, and "auto-round", which
// stores what GPTQ or AWQ do.
constexpr std::array<std::string_view, 8> kKnownNames{
    "gptq",       "awq",          "compressed-tensors", "fp8",
    "fbgemm_fp8", "bitsandbytes", "modelopt",           "auto-round"};
// Formats of compressed-tensors whose tensors have other parts.
constexpr std::array<std::string_view, 3> kUnreadFormats{"marlin-24", "sparse-bitmask",
                                                         "sparse-24-bitmask"};

constexpr std::string_view kAdvice =
    "cellm reads MLX, GPTQ, AWQ, compressed-tensors, FP8, bitsandbytes and models that are not "
    "quantized: take one of these, or dequantize it with the library that made it";

void refuse_unknown(const JsonNode& config) {
  if (const auto method = config.find("quant_method")) {
    const std::string name = method->as_string();
    if (std::find(kKnownNames.begin(), kKnownNames.end(), name) == kKnownNames.end()) {
      throw unsupported_error("{} \"{}\" is not supported; {}", method->path(), printable(name),
                              kAdvice);
    }
  }
  if (const auto format = config.find("format"); format && format->is_string()) {
    const std::string name = format->as_string();
    if (std::find(kUnreadFormats.begin(), kUnreadFormats.end(), name) != kUnreadFormats.end()) {
      throw unsupported_error("{} \"{}\" is not supported; {}", format->path(), name, kAdvice);
    }
  }
  const auto transform = config.find("transform_config");
  if (transform && transform->is_object() && !transform->value().empty()) {
    throw unsupported_error("{}: rotated weights are not supported; {}", transform->path(),
                            kAdvice);
  }
}

// "X." of a tensor X.ENDING; nothing for other names.
std::optional<std::string> stem_of(const std::string& name, std::string_view ending) {
  if (name.size() <= ending.size() + 1 || !name.ends_with(ending) ||
      name[name.size() - ending.size() - 1] != '.') {
    return std::nullopt;
  }
  return name.substr(0, name.size() - ending.size());
}

}  // namespace

WeightParts::WeightParts(const StoredTensors& tensors, const StoredTensor& codes, std::string stem,
                         const JsonNode* config, std::string path)
    : tensors_(tensors),
      codes_(codes),
      stem_(std::move(stem)),
      config_(config),
      path_(std::move(path)),
      where_(path_ + ": tensor " + printable(codes.name)),
      parts_{&codes} {}

const StoredTensor* WeightParts::find(std::string_view ending) {
  const StoredTensor* part = tensors_.find(stem_ + std::string(ending));
  if (part != nullptr) parts_.push_back(part);
  return part;
}

const StoredTensor& WeightParts::at(std::string_view ending) {
  const StoredTensor* part = find(ending);
  if (part != nullptr) return *part;
  throw data_error("{}: its part {}{} is missing", where_, printable(stem_), ending);
}

void WeightParts::expect(const StoredTensor& part, std::span<const std::size_t> shape,
                         std::initializer_list<std::string_view> types) const {
  const bool typed = std::find(types.begin(), types.end(), part.dtype) != types.end();
  if (typed && std::equal(shape.begin(), shape.end(), part.shape.begin(), part.shape.end())) return;
  throw data_error("{}: {} of shape {} and type {} does not fit codes of shape {}, expected {}",
                   where_, printable(part.name), shape_text(part.shape), part.dtype,
                   shape_text(codes_.shape), shape_text(shape));
}

QuantizedWeight WeightParts::weight(std::size_t rows, std::size_t cols, std::string stored_as,
                                    RowReader reader) const {
  QuantizedWeight weight{.name = stem_ + "weight",
                         .shape = {rows, cols},
                         .stored_as = std::move(stored_as),
                         .read_rows = std::move(reader)};
  checked_bytes(weight.shape, sizeof(float), where_);
  for (const StoredTensor* part : parts_) weight.stored_bytes += part->bytes.size();
  return weight;
}

std::vector<std::string> WeightParts::names() const {
  std::vector<std::string> names;
  for (const StoredTensor* part : parts_) names.push_back(part->name);
  return names;
}

QuantizedWeights open_quantized(const StoredTensors& tensors, const JsonNode* config,
                                const std::string& path) {
  if (config != nullptr) refuse_unknown(*config);
  QuantizedWeights result;
  for (const StoredTensor& codes : tensors.tensors) {
    for (const QuantizationMethod* method : kMethods) {
      const auto stem = stem_of(codes.name, method->ending);
      if (!stem || !method->holds(tensors, codes, *stem)) continue;
      WeightParts parts(tensors, codes, *stem, config, path);
      if (codes.shape.size() != 2 && method != &kBitsAndBytes4Method) {
        throw unsupported_error("{}: quantized codes of shape {}; expected a matrix", parts.where(),
                                shape_text(codes.shape));
      }
      result.weights.push_back(method->open(parts));
      const auto names = parts.names();
      result.parts.insert(result.parts.end(), names.begin(), names.end());
      break;
    }
  }
  return result;
}

}  // namespace cellm

// Quantized weights in Hugging Face folders: codes, scales and the like in place of one tensor.
//
// A method is one file of this folder: a QuantizationMethod. The tensors decide what is read, by
// their names, types and shapes; the quantization's configuration settles what they leave open.
// Values are those of the method's library: computed and rounded in the type of the scales.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/json.h"
#include "io/stored_tensors.h"

namespace cellm {

// Writes rows [begin, end) as f32, (end − begin) × columns. Thread-safe.
using RowReader = std::function<void(std::size_t begin, std::size_t end, float* out)>;

struct QuantizedWeight {
  std::string name;                // of the weight, e.g. "model.layers.0.mlp.up_proj.weight"
  std::vector<std::size_t> shape;  // rows, columns
  std::string stored_as;           // "GPTQ-4bit"
  std::uint64_t stored_bytes = 0;  // of all its parts
  RowReader read_rows;             // keeps the files alive
};

// The tensors that stand for one weight, as a method's open() takes them.
class WeightParts {
 public:
  // `codes` is the tensor with the weight's codes, `stem` the name of its module with a dot.
  WeightParts(const StoredTensors& tensors, const StoredTensor& codes, std::string stem,
              const JsonNode* config, std::string path);

  const StoredTensor& codes() const { return codes_; }
  const std::string& stem() const { return stem_; }
  // The configuration of the quantization; null if there is none.
  const JsonNode* config() const { return config_; }
  // "PATH: tensor NAME" for messages.
  const std::string& where() const { return where_; }

  // The tensor stem + `ending`, noted as a part of the weight; null if there is none.
  const StoredTensor* find(std::string_view ending);
  // The same, required. Throws Error(kData).
  const StoredTensor& at(std::string_view ending);
  // Throws Error(kData) unless the part has this shape and one of the types.
  void expect(const StoredTensor& part, std::span<const std::size_t> shape,
              std::initializer_list<std::string_view> types) const;

  // A matrix of these rows and columns, with the bytes of all parts taken so far.
  QuantizedWeight weight(std::size_t rows, std::size_t cols, std::string stored_as,
                         RowReader reader) const;
  std::vector<std::string> names() const;  // of all parts taken so far

 private:
  const StoredTensors& tensors_;
  const StoredTensor& codes_;
  std::string stem_;
  const JsonNode* config_;
  std::string path_;
  std::string where_;
  std::vector<const StoredTensor*> parts_;
};

struct QuantizationMethod {
  std::string_view ending;  // of the name of the tensor with the codes: "qweight"
  // Whether a tensor of that ending has the codes of this method.
  bool (*holds)(const StoredTensors& tensors, const StoredTensor& codes, std::string_view stem);
  // Throws Error(kData) for parts that do not fit, Error(kUnsupported) for a variant that is not
  // read.
  QuantizedWeight (*open)(WeightParts& parts);
};

struct QuantizedWeights {
  std::vector<QuantizedWeight> weights;
  std::vector<std::string> parts;  // names of the stored tensors that they stand for
};

// The quantized weights among the folder's tensors. `config` is the quantization's configuration:
// quantization_config or quantization of config.json, or the whole of quantize_config.json; null if
// there is none. Throws Error(kUnsupported) for a method that is not known, and what the methods
// throw.
QuantizedWeights open_quantized(const StoredTensors& tensors, const JsonNode* config,
                                const std::string& path);

}  // namespace cellm

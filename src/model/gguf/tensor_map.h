// The mapping of GGUF tensors to Hugging Face tensors: names, shapes, and the inverse of
// llama.cpp's transforms.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/gguf_file.h"
#include "model/config.h"
#include "model/gguf/sizes.h"
#include "model/gguf/transform.h"
#include "model/tensor_id.h"

namespace cellm {

struct MappedTensor {
  const GgufTensor* stored = nullptr;
  std::string name;                // in Hugging Face files
  std::vector<std::size_t> shape;  // in Hugging Face files
  GgufTransform transform;
  float factor = 1.0F;  // of all values: the scale of a matrix, which is a tensor of its own
};

// All tensors of the model, by Hugging Face name, as its family names and transforms them. Leaves
// out those that the configuration holds, blocks that predict further tokens and parts beside the
// text model. Throws
// Error(kUnsupported) for a tensor that no part of the model uses, Error(kData) for a shape that
// contradicts the configuration.
std::vector<MappedTensor> map_gguf_tensors(const GgufFile& file, const GgufSizes& sizes,
                                           const ModelConfig& config);

// The tensor of a GGUF name in a model of this configuration, with its Hugging Face name and
// transform.
struct MappedName {
  TensorId id;
  std::string name;
  GgufTransform transform;
};
// Nothing if the model has no such tensor.
std::optional<MappedName> map_gguf_name(std::string_view gguf, const ModelConfig& config);

// The reverse: the name in GGUF files of a tensor of the model, and its transform.
struct GgufName {
  std::string name;
  GgufTransform transform;
};
GgufName gguf_name(TensorId id, const ModelConfig& config);

// The shape in GGUF files of a Hugging Face shape: without dimensions of 1 between others.
std::vector<std::size_t> gguf_shape(std::vector<std::size_t> shape);

}  // namespace cellm

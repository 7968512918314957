// From ggml's tensors to Hugging Face's: names, shapes, and the undoing of what llama.cpp's
// converter does to the values.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "io/gguf_file.h"
#include "io/gguf_model.h"

namespace cellm {

// An exchange of the order of two neighbouring dimensions. From index `first` on, Hugging Face has
// an array (groups, outer, inner, unit), and the file holds it as (groups, inner, outer, unit).
struct IndexMap {
  std::size_t first = 0;
  std::size_t outer = 1;
  std::size_t inner = 1;
  std::size_t unit = 1;

  bool is_identity() const { return outer == 1 || inner == 1; }

  // Where the file holds what Hugging Face has at `index`.
  std::size_t stored(std::size_t index) const {
    if (index < first || is_identity()) return index;
    const std::size_t at = index - first;
    const std::size_t u = at % unit;
    const std::size_t i = at / unit % inner;
    const std::size_t o = at / unit / inner % outer;
    const std::size_t group = at / unit / inner / outer;
    return first + ((group * inner + i) * outer + o) * unit + u;
  }
};

// How a stored number becomes Hugging Face's.
enum class ValueMap {
  kNone,
  kMinusOne,      // norm weights that the converter added 1 to
  kLogOfNegated,  // A_log, stored as −exp(A_log)
};

struct MappedTensor {
  const GgufTensor* stored = nullptr;
  std::string name;                // Hugging Face's
  std::vector<std::size_t> shape;  // likewise
  IndexMap rows;
  IndexMap columns;
  ValueMap values = ValueMap::kNone;

  bool is_unchanged() const {
    return rows.is_identity() && columns.is_identity() && values == ValueMap::kNone;
  }
};

// All tensors of the model, by Hugging Face name. Leaves out what the configuration holds
// (rope_freqs.weight) and blocks that predict further tokens. Throws Error(kUnsupported) for a
// tensor that no part of the model uses, Error(kData) for a shape that contradicts the metadata.
std::vector<MappedTensor> map_gguf_tensors(const GgufFile& file, const GgufModel& model);

}  // namespace cellm

// The transforms of rows, columns and values by llama.cpp's converter, and their inverse.
#pragma once

#include <cstddef>

namespace cellm {

// An exchange of the order of two neighbouring dimensions. From index `first` on, Hugging Face has
// an array (groups, outer, inner, unit), and the file holds it as (groups, inner, outer, unit).
struct IndexMap {
  std::size_t first = 0;
  std::size_t outer = 1;
  std::size_t inner = 1;
  std::size_t unit = 1;

  bool is_identity() const { return outer == 1 || inner == 1; }

  // The index in the GGUF file of the element at `index` in Hugging Face order.
  std::size_t stored(std::size_t index) const {
    if (index < first || is_identity()) return index;
    const std::size_t at = index - first;
    const std::size_t u = at % unit;
    const std::size_t i = at / unit % inner;
    const std::size_t o = at / unit / inner % outer;
    const std::size_t group = at / unit / inner / outer;
    return first + ((group * inner + i) * outer + o) * unit + u;
  }

  // The map whose stored() is the index in Hugging Face order of an element of the file.
  IndexMap inverse() const { return {first, inner, outer, unit}; }
};

// The function from stored values to Hugging Face values.
enum class ValueMap {
  kNone,
  kMinusOne,      // norm weights, stored plus 1
  kLogOfNegated,  // A_log, stored as −exp(A_log)
};

struct GgufTransform {
  IndexMap rows = {};
  IndexMap columns = {};
  ValueMap values = ValueMap::kNone;

  bool is_identity() const {
    return rows.is_identity() && columns.is_identity() && values == ValueMap::kNone;
  }
};

}  // namespace cellm

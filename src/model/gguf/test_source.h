// For tests: reading tensors of a source.
#pragma once

#include <algorithm>
#include <functional>
#include <numeric>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "io/model_source.h"

namespace cellm {

inline std::size_t element_count(const std::vector<std::size_t>& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::size_t{1}, std::multiplies<>());
}

inline std::vector<float> read_all(const ModelSource& source, std::size_t index) {
  const TensorInfo& info = source.tensors()[index];
  std::vector<float> values(element_count(info.shape));
  source.read_rows(index, 0, values.size() / info.cols(), values.data());
  return values;
}

inline std::size_t index_of(const ModelSource& source, std::string_view name) {
  const auto it = std::ranges::find(source.tensors(), name, &TensorInfo::name);
  EXPECT_NE(it, source.tensors().end()) << name;
  return static_cast<std::size_t>(it - source.tensors().begin());
}

}  // namespace cellm

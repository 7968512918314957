// Token ids and logits as arrays of numpy.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

namespace cellm_python {

namespace nb = nanobind;

using Ids = std::vector<std::uint32_t>;
using IdArray = nb::ndarray<const std::uint32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Floats1 = nb::ndarray<nb::numpy, float, nb::ndim<1>, nb::c_contig>;
using Floats2 = nb::ndarray<nb::numpy, float, nb::ndim<2>, nb::c_contig>;
using IdsOut = nb::ndarray<nb::numpy, std::uint32_t, nb::ndim<1>, nb::c_contig>;

// A copy, which no other thread can change during a call.
inline Ids to_ids(const IdArray& array) {
  return {array.data(), array.data() + array.shape(0)};
}

template <class T>
nb::capsule owner_of(std::unique_ptr<T[]> values) {
  nb::capsule owner(values.get(), [](void* memory) noexcept { delete[] static_cast<T*>(memory); });
  static_cast<void>(values.release());
  return owner;
}

inline IdsOut to_array(const Ids& ids) {
  auto values = std::make_unique_for_overwrite<std::uint32_t[]>(ids.size());
  std::copy(ids.begin(), ids.end(), values.get());
  std::uint32_t* data = values.get();
  return IdsOut(data, {ids.size()}, owner_of(std::move(values)));
}

// The array takes the memory.
inline Floats1 to_array(std::unique_ptr<float[]> values, std::size_t count) {
  float* data = values.get();
  return Floats1(data, {count}, owner_of(std::move(values)));
}
inline Floats2 to_array(std::unique_ptr<float[]> values, std::size_t rows, std::size_t cols) {
  float* data = values.get();
  return Floats2(data, {rows, cols}, owner_of(std::move(values)));
}

}  // namespace cellm_python

#include "io/parameter_count.h"

namespace cellm {

std::uint64_t parameter_count(const ModelSource& source) {
  std::uint64_t count = 0;
  for (const TensorInfo& info : source.tensors()) count += info.rows() * info.cols();
  return count;
}

}  // namespace cellm

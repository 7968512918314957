#include "convert/planned_rows.h"

#include <span>

#include "format/formats.h"

namespace cellm {

std::vector<float> read_rows(const ModelSource& source, const PlannedTensor& tensor,
                             std::size_t begin, std::size_t end, BadValueLog& log) {
  const std::size_t cols = tensor.info.cols();
  const FormatSpec& format = format_spec(tensor.shape.format);
  std::vector<float> values((end - begin) * cols);
  source.read_rows(tensor.source_index, begin, end, values.data());
  for (std::size_t r = begin; r < end; ++r) {
    log.look_at(tensor.name, format, r, std::span(values).subspan((r - begin) * cols, cols));
  }
  return values;
}

}  // namespace cellm

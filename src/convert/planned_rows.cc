#include "convert/planned_rows.h"

#include <cmath>
#include <span>

#include "format/formats.h"

namespace cellm {
namespace {

// The inverse of what readers of GGUF files compute.
void transform_values(ValueMap map, std::span<float> values) {
  switch (map) {
    case ValueMap::kNone:
      break;
    case ValueMap::kMinusOne:
      for (float& value : values) value += 1.0F;
      break;
    case ValueMap::kLogOfNegated:
      for (float& value : values) {
        value = static_cast<float>(-std::exp(static_cast<double>(value)));
      }
      break;
  }
}

// Row `row` of the source with its columns in the order of the file.
void read_row(const ModelSource& source, const PlannedTensor& tensor, std::size_t row,
              std::span<float> out) {
  const IndexMap columns = tensor.transform.columns.inverse();
  if (columns.is_identity()) {
    source.read_rows(tensor.source_index, row, row + 1, out.data());
    return;
  }
  std::vector<float> values(out.size());
  source.read_rows(tensor.source_index, row, row + 1, values.data());
  for (std::size_t c = 0; c < out.size(); ++c) out[c] = values[columns.stored(c)];
}

// Calls visit(place in the order of the source, place in that of the file) for every value.
template <class Visit>
void each_place(const PlannedTensor& tensor, Visit&& visit) {
  const std::size_t cols = tensor.info.cols();
  for (std::size_t r = 0; r < tensor.info.rows(); ++r) {
    const std::size_t row = tensor.transform.rows.stored(r) * cols;
    for (std::size_t c = 0; c < cols; ++c) {
      visit(r * cols + c, row + tensor.transform.columns.stored(c));
    }
  }
}

}  // namespace

std::vector<float> read_rows(const ModelSource& source, const PlannedTensor& tensor,
                             std::size_t begin, std::size_t end, BadValueLog& log) {
  const std::size_t cols = tensor.info.cols();
  const FormatSpec& format = format_spec(tensor.shape.format);
  std::vector<float> values((end - begin) * cols);
  const IndexMap rows = tensor.transform.rows.inverse();
  const bool in_order = rows.is_identity() && tensor.transform.columns.is_identity();
  if (in_order) source.read_rows(tensor.source_index, begin, end, values.data());
  for (std::size_t r = begin; r < end; ++r) {
    const std::size_t source_row = rows.stored(r);
    const auto row = std::span(values).subspan((r - begin) * cols, cols);
    if (!in_order) read_row(source, tensor, source_row, row);
    transform_values(tensor.transform.values, row);
    log.look_at(tensor.name, format, source_row, row);
  }
  return values;
}

std::vector<float> to_source_order(const PlannedTensor& tensor, std::vector<float> values) {
  if (tensor.transform.is_identity()) return values;
  std::vector<float> result(values.size());
  each_place(tensor, [&](std::size_t source, std::size_t file) { result[source] = values[file]; });
  return result;
}

std::vector<float> to_file_order(const PlannedTensor& tensor, std::vector<float> values) {
  if (tensor.transform.is_identity()) return values;
  std::vector<float> result(values.size());
  each_place(tensor, [&](std::size_t source, std::size_t file) { result[file] = values[source]; });
  return result;
}

}  // namespace cellm

#include "convert/kept_tensor.h"

#include <algorithm>
#include <span>

#include "base/error.h"
#include "convert/planned_rows.h"
#include "format/formats.h"

namespace cellm {
namespace {

// Chunks of rows that are checked between two calls of after_rows.
constexpr std::size_t kChunksPerSlab = 32;

// The tensor in place, if the file can keep its bytes; else null. Vectors can be kept in formats of
// any rank only.
MatrixPtr stored_matrix(const ModelSource& source, std::size_t index) {
  MatrixPtr matrix = source.weights(index);
  if (matrix == nullptr) return nullptr;
  const bool is_matrix = source.tensors()[index].shape.size() == 2;
  return is_matrix || format_spec(matrix->format()).any_rank ? matrix : nullptr;
}

// The rows of the tensor in the order of the file.
void append_reordered(const ModelSource& source, const PlannedTensor& tensor, PayloadWriter& writer,
                      std::size_t entry) {
  const MatrixPtr stored = stored_matrix(source, tensor.source_index);
  CELLM_CHECK(stored != nullptr && stored->payloads().scales == nullptr);
  const std::size_t rows = tensor.info.rows();
  const std::size_t row_bytes = tensor.code_bytes / rows;
  const auto* codes = static_cast<const std::byte*>(stored->payloads().codes);
  const IndexMap order = tensor.transform.rows.inverse();
  for (std::size_t row = 0; row < rows; ++row) {
    writer.append_tensor(entry, {codes + order.stored(row) * row_bytes, row_bytes});
  }
  source.forget(*stored);
}

}  // namespace

PlannedTensor plan_kept_tensor(const ModelSource& source, std::size_t index,
                               const ConvertOptions& options) {
  const TensorInfo& info = source.tensors()[index];
  if (!info.stored_format) {
    throw unsupported_error(
        "{}: tensor {} is {}, which a .cellm file cannot keep; give it a format",
        printable(source.path()), printable(info.name), printable(stored_name(info)));
  }
  const MatrixPtr matrix = stored_matrix(source, index);
  if (matrix == nullptr) {
    const bool fits = info.shape.size() == 2 || format_spec(info.format).any_rank;
    PlannedTensor tensor =
        plan_tensor(info, index, {fits ? info.format : kExactFormat, 0}, options);
    tensor.kept = Kept::kValues;
    return tensor;
  }
  PlannedTensor tensor;
  tensor.name = info.name;
  tensor.source_index = index;
  tensor.info = info;
  tensor.kept = Kept::kBytes;
  tensor.shape = matrix->shape();
  tensor.choice = {tensor.shape.format, tensor.shape.group == info.cols() ? 0 : tensor.shape.group};
  tensor.layout = &matrix->layout();
  if (options.packed && tensor.layout == &kRowLayout && kPackedLayout.accepts(tensor.shape)) {
    tensor.layout = &kPackedLayout;
  }
  const PayloadSizes sizes = tensor.layout->sizes(tensor.shape);
  tensor.code_bytes = sizes.code_bytes;
  tensor.scale_bytes = sizes.scale_bytes();
  if (matrix->payloads().column_scales != nullptr) {
    tensor.column_scale_bytes = info.cols() * sizeof(std::uint16_t);
  }
  return tensor;
}

void write_kept_tensor(const ModelSource& source, const PlannedTensor& tensor, ThreadPool& pool,
                       PayloadWriter& writer, std::size_t entry, BadValueLog* log,
                       const std::function<void(std::size_t rows)>& after_rows) {
  const std::size_t rows = tensor.info.rows();
  const std::size_t chunk = std::max<std::size_t>(1, kChunkWeights / tensor.info.cols());
  for (std::size_t slab = 0; slab < rows; slab += chunk * kChunksPerSlab) {
    const std::size_t count = std::min(chunk * kChunksPerSlab, rows - slab);
    if (log != nullptr) {
      pool.parallel_for(count, chunk, [&](std::size_t begin, std::size_t end) {
        read_rows(source, tensor, slab + begin, slab + end, *log);
      });
    }
    after_rows(count);
  }
  if (log != nullptr && log->refuses()) return;
  if (!tensor.transform.rows.is_identity()) {
    append_reordered(source, tensor, writer, entry);
    return;
  }
  const MatrixPtr stored = stored_matrix(source, tensor.source_index);
  CELLM_CHECK(stored != nullptr);
  const MatrixPtr matrix = &stored->layout() == tensor.layout ? stored : stored->for_int8(pool);
  CELLM_CHECK(matrix != nullptr && &matrix->layout() == tensor.layout);
  const Payloads payloads = matrix->payloads();
  const auto append = [&](const void* bytes, std::uint64_t size) {
    if (size == 0) return;
    writer.append_tensor(entry++, {static_cast<const std::byte*>(bytes), size});
  };
  append(payloads.codes, tensor.code_bytes);
  append(payloads.column_scales, tensor.column_scale_bytes);
  append(payloads.scales, tensor.scale_bytes);
  source.forget(*stored);
}

}  // namespace cellm

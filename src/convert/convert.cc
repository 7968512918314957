#include "convert/convert.h"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "base/aligned_buffer.h"
#include "base/error.h"
#include "convert/entries.h"
#include "format/formats.h"
#include "io/cellm_writer.h"

namespace cellm {
namespace {

constexpr float kLargestF16 = 65504.0F;

// Weights that a thread reads and quantizes at a time: 1 MiB as f32, which stays in its cache.
constexpr std::size_t kChunkWeights = std::size_t{1} << 18;
// Chunks that are quantized before they are written together.
constexpr std::size_t kChunksPerSlab = 32;

// Every value that f16 cannot hold is named; a file never carries it on silently.
void require_finite(const ModelSource& source, const PlannedTensor& tensor, std::size_t row,
                    const float* values) {
  const std::size_t cols = tensor.info.cols();
  const auto bad =
      std::find_if(values, values + cols, [](float v) { return !(std::fabs(v) <= kLargestF16); });
  if (bad == values + cols) return;
  throw data_error("{}: tensor {} has {} at row {}, column {}; a .cellm file holds values up to {}",
                   printable(source.path()), printable(tensor.info.name), *bad, row, bad - values,
                   kLargestF16);
}

// Quantizes and writes one tensor slab by slab.
class TensorConverter {
 public:
  TensorConverter(const ModelSource& source, const PlannedTensor& tensor,
                  const Quantizer& quantizer, const InputMoments* inputs)
      : source_(source),
        tensor_(tensor),
        format_(format_info(tensor.choice.format)),
        rows_(tensor.info.rows()),
        cols_(tensor.info.cols()),
        row_bytes_(format_.row_bytes(cols_)),
        row_scales_(tensor.group == 0 ? 0 : cols_ / tensor.group),
        quantizer_(quantizer({tensor.name, format_, rows_, cols_, tensor.group, inputs})),
        rows_per_chunk_(chunk_rows(quantizer_.block_rows)),
        codes_(std::min(rows_, rows_per_chunk_ * kChunksPerSlab) * row_bytes_),
        scales_(rows_ * row_scales_) {
    static_assert(kChunksPerSlab % kPackedRows == 0);  // so that slabs are whole blocks of rows
  }

  template <class AfterSlab>
  void run(ThreadPool& pool, CellmWriter& writer, std::size_t entry, AfterSlab&& after_slab) {
    const std::size_t slab_rows = rows_per_chunk_ * kChunksPerSlab;
    for (std::size_t slab = 0; slab < rows_; slab += slab_rows) {
      const std::size_t count = std::min(slab_rows, rows_ - slab);
      pool.parallel_for(count, rows_per_chunk_,
                        [&](std::size_t begin, std::size_t end) { quantize(slab, begin, end); });
      if (tensor_.packed) {
        append_packed(pool, writer, entry, slab, count);
      } else {
        writer.append_tensor(entry, codes_.span().first(count * row_bytes_));
      }
      after_slab(count * cols_);
    }
    if (tensor_.packed) {
      writer.append_tensor(entry + 1, std::as_bytes(std::span(packed_scales_)));
    } else if (row_scales_ != 0) {
      writer.append_tensor(entry + 1, std::as_bytes(scales_.span()));
    }
  }

 private:
  // Scales follow the codes in the file, so they are kept until the end.
  void append_packed(ThreadPool& pool, CellmWriter& writer, std::size_t entry, std::size_t slab,
                     std::size_t count) {
    const auto packed =
        pack({format_.id, count, cols_, tensor_.group, codes_.data(),
              row_scales_ == 0 ? nullptr : scales_.data() + slab * row_scales_, nullptr},
             pool);
    CELLM_CHECK(packed);
    writer.append_tensor(entry, std::as_bytes(std::span(packed->codes, packed->code_bytes())));
    packed_scales_.insert(packed_scales_.end(), packed->scales,
                          packed->scales + packed->scale_count());
  }

  // Whole blocks of the method.
  std::size_t chunk_rows(std::size_t block_rows) const {
    const std::size_t fitting = std::max<std::size_t>(1, kChunkWeights / cols_);
    return (fitting + block_rows - 1) / block_rows * block_rows;
  }

  void quantize(std::size_t slab, std::size_t begin, std::size_t end) {
    std::vector<float> values((end - begin) * cols_);
    source_.read_rows(tensor_.source_index, slab + begin, slab + end, values.data());
    for (std::size_t r = begin; r < end; ++r) {
      require_finite(source_, tensor_, slab + r, values.data() + (r - begin) * cols_);
    }
    quantizer_.quantize({slab + begin, end - begin, values.data(),
                         codes_.data() + begin * row_bytes_,
                         scales_.data() + (slab + begin) * row_scales_});
  }

  const ModelSource& source_;
  const PlannedTensor& tensor_;
  const FormatInfo& format_;
  std::size_t rows_;
  std::size_t cols_;
  std::size_t row_bytes_;
  std::size_t row_scales_;
  TensorQuantizer quantizer_;
  std::size_t rows_per_chunk_;
  AlignedBuffer<std::byte> codes_;       // of one slab
  AlignedBuffer<std::uint16_t> scales_;  // of the whole tensor: they follow its codes in the file
  std::vector<std::uint16_t> packed_scales_;  // instead, if it is packed
};

}  // namespace

void convert(const ModelSource& source, const ConvertPlan& plan,
             const std::filesystem::path& output, ThreadPool& pool, const ConvertProgress& progress,
             const Statistics* statistics) {
  const Quantizer quantizer = scale_quantizer(plan.scale);
  auto [tensors, blobs] = cellm_entries(plan);
  CellmWriter writer(output, plan.header_json, std::move(tensors), std::move(blobs));
  std::uint64_t total = 0;
  std::uint64_t done = 0;
  for (const auto& tensor : plan.tensors) total += tensor.info.rows() * tensor.info.cols();
  std::size_t entry = 0;
  for (const auto& tensor : plan.tensors) {
    const InputMoments* inputs = statistics == nullptr ? nullptr : statistics->find(tensor.linear);
    TensorConverter(source, tensor, quantizer, inputs)
        .run(pool, writer, entry, [&](std::uint64_t weights) {
          done += weights;
          if (progress) progress(done, total);
        });
    entry += tensor.scale_bytes == 0 ? 1 : 2;
  }
  for (std::size_t i = 0; i < plan.blobs.size(); ++i) {
    writer.append_blob(i, std::as_bytes(std::span(plan.blobs[i].bytes)));
  }
  writer.finish();
}

}  // namespace cellm

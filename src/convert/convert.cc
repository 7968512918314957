#include "convert/convert.h"

#include <algorithm>
#include <span>

#include "base/advice.h"
#include "base/aligned_buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "convert/kept_tensor.h"
#include "convert/output.h"
#include "convert/planned_rows.h"
#include "convert/quantized_tensor.h"
#include "format/formats.h"
#include "io/payload_writer.h"

namespace cellm {
namespace {

// Chunks that are quantized before they are written together.
constexpr std::size_t kChunksPerSlab = 32;

// Rounded to whole blocks of the quantizer.
std::size_t rows_per_chunk(const PlannedTensor& tensor, std::size_t block_rows) {
  const std::size_t fitting = std::max<std::size_t>(1, kChunkWeights / tensor.info.cols());
  return (fitting + block_rows - 1) / block_rows * block_rows;
}

// Quantizes and writes one tensor slab by slab.
class TensorConverter {
 public:
  TensorConverter(const ModelSource& source, const PlannedTensor& tensor,
                  const Quantizer& quantizer, const InputMoments* inputs,
                  const QuantizedTensor* quantized, BadValueLog& log)
      : source_(source),
        tensor_(tensor),
        log_(log),
        format_(format_spec(tensor.shape.format)),
        rows_(tensor.info.rows()),
        cols_(tensor.info.cols()),
        unit_(own_layout(tensor.shape.format).unit(tensor.shape)),
        reordered_(tensor.layout != &own_layout(tensor.shape.format)),
        quantizer_(
            quantized != nullptr
                ? TensorQuantizer{unit_.rows,
                                  [this, quantized](const RowBlock& b) { copy(*quantized, b); }}
                : quantizer({tensor.name, format_, rows_, cols_, tensor.shape.group, inputs,
                             nullptr, tensor.shape.trellis.rotation})),
        rows_per_chunk_(rows_per_chunk(tensor, quantizer_.block_rows)),
        codes_(unit_.count(std::min(rows_, rows_per_chunk_ * kChunksPerSlab)) * unit_.code_bytes),
        scales_(unit_.count(rows_) * unit_.scales) {
    static_assert(kChunksPerSlab % 16 == 0);  // so that slabs are whole blocks of rows
  }

  template <class AfterSlab>
  void run(ThreadPool& pool, PayloadWriter& writer, std::size_t entry, AfterSlab&& after_slab) {
    const std::size_t slab_rows = rows_per_chunk_ * kChunksPerSlab;
    for (std::size_t slab = 0; slab < rows_; slab += slab_rows) {
      const std::size_t count = std::min(slab_rows, rows_ - slab);
      pool.parallel_for(count, rows_per_chunk_,
                        [&](std::size_t begin, std::size_t end) { quantize(slab, begin, end); });
      if (!log_.refuses()) append(pool, writer, entry, slab, count);
      after_slab(count * cols_);
    }
    if (log_.refuses()) return;
    if (reordered_) {
      writer.append_tensor(entry + 1, std::as_bytes(std::span(reordered_scales_)));
    } else if (unit_.scales != 0) {
      writer.append_tensor(entry + 1, std::as_bytes(scales_.span()));
    }
  }

 private:
  // Writes the codes of a slab. Scales follow all codes in the file, so they are kept until the
  // end.
  void append(ThreadPool& pool, PayloadWriter& writer, std::size_t entry, std::size_t slab,
              std::size_t count) {
    if (!reordered_) {
      writer.append_tensor(entry, codes_.span().first(unit_.count(count) * unit_.code_bytes));
      return;
    }
    MatrixShape shape = tensor_.shape;
    shape.rows = count;
    const MatrixPtr rows =
        own_layout(shape.format)
            .open(shape, {.codes = codes_.data(), .scales = scales_.data() + slab * unit_.scales});
    const MatrixPtr packed = rows->for_int8(pool);
    CELLM_CHECK(packed != nullptr && &packed->layout() == tensor_.layout);
    const PayloadSizes sizes = tensor_.layout->sizes(shape);
    const Payloads payloads = packed->payloads();
    writer.append_tensor(entry, {payloads.codes, sizes.code_bytes});
    reordered_scales_.insert(reordered_scales_.end(), payloads.scales,
                             payloads.scales + sizes.scale_bytes() / sizeof(std::uint16_t));
  }

  // For a tensor that was quantized before.
  void copy(const QuantizedTensor& quantized, const RowBlock& block) const {
    const std::size_t begin = unit_.count(block.begin);
    const std::size_t count = unit_.count(block.count);
    std::copy_n(quantized.codes.data() + begin * unit_.code_bytes, count * unit_.code_bytes,
                block.codes);
    std::copy_n(quantized.scales.data() + begin * unit_.scales, count * unit_.scales, block.scales);
  }

  void quantize(std::size_t slab, std::size_t begin, std::size_t end) {
    const std::vector<float> values = read_rows(source_, tensor_, slab + begin, slab + end, log_);
    if (log_.refuses()) return;  // later rows are only checked
    quantizer_.quantize({slab + begin, end - begin, values.data(),
                         codes_.data() + unit_.count(begin) * unit_.code_bytes,
                         scales_.data() + unit_.count(slab + begin) * unit_.scales});
  }

  const ModelSource& source_;
  const PlannedTensor& tensor_;
  BadValueLog& log_;
  const FormatSpec& format_;
  std::size_t rows_;
  std::size_t cols_;
  StoredUnit unit_;
  bool reordered_;  // whether the file's layout is not the format's own
  TensorQuantizer quantizer_;
  std::size_t rows_per_chunk_;
  AlignedBuffer<std::byte> codes_;       // of one slab
  AlignedBuffer<std::uint16_t> scales_;  // of the whole tensor: they follow its codes in the file
  std::vector<std::uint16_t> reordered_scales_;  // instead, if the file has another layout
};

}  // namespace

std::uint64_t convert_memory_bytes(const ConvertPlan& plan, unsigned threads) {
  std::uint64_t largest = 0;
  for (const auto& tensor : plan.tensors) {
    const std::uint64_t rows = tensor.info.rows();
    const std::uint64_t chunk = rows_per_chunk(tensor, 1);
    const std::uint64_t slab = std::min(rows, chunk * kChunksPerSlab);
    const std::uint64_t values = std::min(rows, chunk) * tensor.info.cols() * sizeof(float);
    const bool reordered = tensor.layout != &own_layout(tensor.shape.format);
    if (tensor.kept == Kept::kBytes) {  // packed whole, if it is not yet
      const bool packed = tensor.layout == &kPackedLayout;
      largest = std::max(largest, (packed ? tensor.bytes() : 0) + threads * values);
      continue;
    }
    const std::uint64_t codes = slab * (tensor.code_bytes / rows + 1) * (reordered ? 2 : 1);
    largest = std::max(largest, codes + tensor.scale_bytes + threads * values);
  }
  return largest;
}

std::vector<BadValues> convert(const OpenedModel& model, const ConvertPlan& plan,
                               const std::filesystem::path& output, ThreadPool& pool,
                               const ConvertProgress& progress, const Statistics* statistics,
                               const QuantizedTensors* quantized) {
  const Quantizer quantizer = scale_quantizer(plan.scale);
  require_memory(convert_memory_bytes(plan, pool.threads()),
                 fmt::format("{}: converting", printable(model.path())), AdviceKind::kFewerThreads);
  BadValueLog log(plan.allow_nonfinite);
  const std::unique_ptr<PayloadWriter> writer = open_output(plan, output);
  std::uint64_t total = 0;
  std::uint64_t done = 0;
  for (const auto& tensor : plan.tensors) total += tensor.info.rows() * tensor.info.cols();
  std::size_t entry = 0;
  const auto report = [&](std::uint64_t weights) {
    done += weights;
    if (progress) progress(done, total);
  };
  for (const auto& tensor : plan.tensors) {
    const std::size_t first = entry;
    entry += 1U + (tensor.scale_bytes == 0 ? 0U : 1U) + (tensor.column_scale_bytes == 0 ? 0U : 1U);
    if (tensor.kept == Kept::kBytes) {
      write_kept_tensor(model.source(), tensor, pool, *writer, first,
                        plan.allow_nonfinite ? nullptr : &log,
                        [&](std::size_t rows) { report(rows * tensor.info.cols()); });
      continue;
    }
    const InputMoments* inputs =
        statistics == nullptr || !tensor.linear ? nullptr : statistics->find(*tensor.linear);
    InputMoments reordered;
    if (inputs != nullptr && !tensor.transform.columns.is_identity()) {
      const IndexMap order = tensor.transform.columns.inverse();
      reordered = *inputs;
      for (std::size_t c = 0; c < reordered.diagonal.size(); ++c) {
        reordered.diagonal[c] = inputs->diagonal[order.stored(c)];
      }
      inputs = &reordered;
    }
    const auto ready =
        quantized == nullptr ? QuantizedTensors::const_iterator{} : quantized->find(tensor.name);
    const bool is_ready = quantized != nullptr && ready != quantized->end();
    TensorConverter(model.source(), tensor, quantizer, inputs,
                    is_ready ? ready->second.get() : nullptr, log)
        .run(pool, *writer, first, report);
  }
  log.throw_if_refused(model.path());
  for (std::size_t i = 0; i < plan.blobs.size(); ++i) {
    writer->append_blob(i, std::as_bytes(std::span(plan.blobs[i].bytes)));
  }
  writer->finish();
  return log.found();
}

}  // namespace cellm

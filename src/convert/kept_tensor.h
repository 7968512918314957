// Tensors that a file keeps as their source stores them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "convert/convert.h"
#include "io/model_source.h"
#include "io/payload_writer.h"

namespace cellm {

// A tensor of the source without requantization: its bytes where ModelSource::weights() shows them,
// else its values in TensorInfo::format. Throws Error(kUnsupported) for a tensor whose stored
// type is no weight format or, in a GGUF file, none of ggml.
PlannedTensor plan_kept_tensor(const ModelSource& source, std::size_t index,
                               const ConvertOptions& options);

// Writes the payloads of a tensor that is kept byte by byte to the writer's entries from `entry`
// on. The log, if not null, checks all values; nothing is written once it refuses. Calls
// after_rows(rows) repeatedly, with the number of rows since the last call, from this thread.
void write_kept_tensor(const ModelSource& source, const PlannedTensor& tensor, ThreadPool& pool,
                       PayloadWriter& writer, std::size_t entry, BadValueLog* log,
                       const std::function<void(std::size_t rows)>& after_rows);

}  // namespace cellm

// The loss of quantizing one part of a model alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/thread_pool.h"
#include "convert/convert.h"

namespace cellm {

// Matrices that are quantized together.
using QuantizedPart = std::vector<const PlannedTensor*>;

// For each part the mean KL divergence, in nats for a token, of the model with this part's matrices
// as `quantized` has them from the source's model, over the next-token distributions after the
// tokens of the windows, with exact activations. An embedding that is also the output matrix is
// replaced as both. Where the vocabulary is large, so many predictions, spread evenly, that their
// logits take no more than kPartLogitBytes twice. Does not depend on the number of threads.
// `target` is the CPU target, empty for the best. progress: tokens done and in total.
//
// Throws Error(kData) naming a part with which the model overflows, and what OpenedModel::weights()
// throws.
inline constexpr std::uint64_t kPartLogitBytes = std::uint64_t{256} << 20;
std::vector<double> measure_quantized_parts(
    const OpenedModel& opened, const QuantizedTensors& quantized,
    std::span<const QuantizedPart> parts, std::span<const std::vector<std::uint32_t>> windows,
    ThreadPool& pool, const std::string& target,
    const std::function<void(std::uint64_t done, std::uint64_t total)>& progress);

// Memory of measure_quantized_parts() in bytes, mapped files apart.
std::uint64_t quantized_parts_bytes(const OpenedModel& opened, std::span<const QuantizedPart> parts,
                                    std::span<const std::vector<std::uint32_t>> windows);

}  // namespace cellm

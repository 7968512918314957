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

// For each part the mean KL divergence, in nats per token, of the source's model with this part's
// matrices taken from `quantized`, from the unchanged model, over the next-token predictions of the
// windows, with exact activations. An embedding that is also the output matrix is replaced as both.
// If the vocabulary is large, only so many predictions, spread evenly, are compared that the logits
// of one model take at most kPartLogitBytes. Does not depend on the number of threads.
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

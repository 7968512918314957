// The model whose distributions a student is trained on.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/model.h"
#include "ops/compute.h"

namespace cellm {

// Residual streams after the final norm, (tokens, hidden), of a sequence from its beginning.
std::vector<float> final_streams(const Compute& compute, const Model& model,
                                 std::span<const std::uint32_t> tokens);

}  // namespace cellm

// Tensor shapes from untrusted files, with overflow checks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "io/json.h"

namespace cellm {

// A JSON array of at most kMaxDimensions integers from `min` on; an empty one (a scalar) becomes
// {1}. Throws Error(kData).
std::vector<std::size_t> parse_shape(const JsonNode& node, std::size_t min = 1);

// Throws Error(kData), naming `where`, if the product of the dimensions times `element_bytes` does
// not fit in 63 bits.
std::uint64_t checked_bytes(std::span<const std::size_t> shape, std::size_t element_bytes,
                            std::string_view where);

std::string shape_text(std::span<const std::size_t> shape);  // "[320, 64]"

}  // namespace cellm

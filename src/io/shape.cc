#include "io/shape.h"

#include <fmt/ranges.h>

#include "base/error.h"

namespace cellm {

std::vector<std::size_t> parse_shape(const JsonNode& node, std::size_t min) {
  const auto dimensions = node.as_array(kMaxDimensions);
  std::vector<std::size_t> shape;
  for (const auto& dimension : dimensions) shape.push_back(dimension.as_uint(min, kMaxDimension));
  if (shape.empty()) shape.push_back(1);
  return shape;
}

std::uint64_t checked_bytes(std::span<const std::size_t> shape, std::size_t element_bytes,
                            std::string_view where) {
  constexpr std::uint64_t kLimit = std::uint64_t{1} << 62;
  std::uint64_t bytes = element_bytes;
  for (const std::size_t dimension : shape) {
    if (dimension != 0 && bytes > kLimit / dimension) {
      throw data_error("{}: shape {} is larger than any file", where, shape_text(shape));
    }
    bytes *= dimension;
  }
  return bytes;
}

std::string shape_text(std::span<const std::size_t> shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

}  // namespace cellm

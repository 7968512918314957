// The header of a safetensors file to write.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/flat_writer.h"

namespace cellm {

struct SafetensorsTensor {
  std::string name;
  std::string_view dtype;  // "F32", "F16", "BF16"
  std::vector<std::size_t> shape;
  std::uint64_t bytes = 0;
};

// The tensors come in this order, also as payloads, without gaps. __metadata__.format is "pt",
// which transformers asks for.
FlatFile lay_out_safetensors(std::span<const SafetensorsTensor> tensors);

}  // namespace cellm

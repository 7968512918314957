// Formats of a GGUF file by the names of llama-quantize: which tensors of a model get which block
// format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "format/format_choice.h"
#include "model/config.h"
#include "model/tensor_id.h"

namespace cellm {

struct Mixture {
  std::string_view name;        // in lower case: "q4_k_m"
  std::string_view base;        // the format of most tensors
  std::uint32_t file_type = 0;  // general.file_type
};

// Null if there is none of this name.
const Mixture* find_mixture(std::string_view name);
// "q4_0, q4_1, ...", for help texts.
std::string mixture_names();
// What convert --format takes: formats, mixtures and "keep", for completion.
std::vector<std::string> format_words();

// The format of a matrix of `cols` columns, by the rules of llama-quantize with an importance
// matrix (llama-quant.cpp, llama_tensor_get_type_impl), so that the sizes are the same. `tied`: the
// embedding is also the output matrix.
FormatChoice mixture_choice(const Mixture& mixture, TensorId id, const ModelConfig& config,
                            bool tied, std::size_t cols);

// The format, or, if rows of `cols` weights are no multiple of its block, the smallest one with
// more bits whose block fits; f16 if none does.
FormatChoice fitting_choice(const FormatChoice& choice, std::size_t cols);

}  // namespace cellm

// Writing trained scales and norms back into a .cellm file, and column scales of the formats that
// have them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "io/cellm_file.h"
#include "io/cellm_rewrite.h"
#include "tune/student.h"

namespace cellm {

// Indices of the parameters that the file can store: row factors of matrices with scales, column
// factors of trellis formats, and norms. `prefix` is the prefix of the text model's tensors.
std::vector<std::size_t> storable_parameters(const CellmHeader& header, const std::string& prefix,
                                             const std::vector<Parameter>& parameters);

// Copies `file` to `target` as rewrite_cellm() does, with scales multiplied by the trained factors
// of their rows or columns and norms replaced (less their offset), rounded to the stored types.
// Throws Error(kData) naming the tensor if a scale leaves the range of f16.
void write_tuned(const CellmFile& file, const std::filesystem::path& target,
                 const std::string& prefix, const std::vector<Parameter>& parameters,
                 std::span<const std::size_t> chosen, const HeaderEdit& edit_header);

}  // namespace cellm

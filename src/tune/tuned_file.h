// Putting what was trained back into a file: scales and norms where they lie, scales of columns
// beside the matrices that can have them.
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

// The indices of the parameters that this file has a place for: the rows of matrices with scales,
// the columns of trellis-coded ones, and norms. `prefix` is that of the text model's tensors.
std::vector<std::size_t> storable_parameters(const CellmHeader& header, const std::string& prefix,
                                             const std::vector<Parameter>& parameters);

// Writes `path` to `target` as rewrite_cellm() does, with scales multiplied by the factors of their
// rows or columns and norms (less their offset) in place of the old ones, rounded to what the file
// stores. Throws Error(kData) naming the tensor if a scale leaves the range of f16.
void write_tuned(const std::filesystem::path& path, const std::filesystem::path& target,
                 const std::string& prefix, const std::vector<Parameter>& parameters,
                 std::span<const std::size_t> chosen, const HeaderEdit& edit_header);

}  // namespace cellm

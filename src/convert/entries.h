// A plan as the entries of a .cellm file.
#pragma once

#include <utility>
#include <vector>

#include "convert/convert.h"
#include "io/cellm_file.h"

namespace cellm {

// Tensors with their scales, in the order of the plan, and blobs; offsets are not set yet.
std::pair<std::vector<CellmEntry>, std::vector<CellmEntry>> cellm_entries(const ConvertPlan& plan);

}  // namespace cellm

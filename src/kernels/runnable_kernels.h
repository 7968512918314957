// All targets of this processor. Apart from kernel_table.h, which the CPU targets include.
#pragma once

#include <vector>

#include "kernels/kernel_table.h"

namespace cellm {

// The targets that this processor can run, best last, with inherited entries. Made once, at the
// first call; thread-safe.
const std::vector<KernelTable>& runnable_kernels();

}  // namespace cellm

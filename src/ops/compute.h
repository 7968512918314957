// What an operation runs on.
#pragma once

#include "base/thread_pool.h"
#include "kernels/kernel_table.h"

namespace cellm {

struct Compute {
  const KernelTable& kernels;
  ThreadPool& pool;
};

}  // namespace cellm

// What the processor this program runs on can do.
#pragma once

namespace cellm {

struct CpuFeatures {
  bool avx2 = false;  // AVX2, FMA and F16C, usable (the operating system saves the registers)
};

// Asked once, at the first call; thread-safe.
const CpuFeatures& cpu_features();

// Physical cores this process may run on (at least 1): hyper-threads of one core count once.
unsigned physical_cores();

}  // namespace cellm

// What the processor this program runs on can do.
#pragma once

namespace cellm {

struct CpuFeatures {
  // Usable: the operating system saves the registers.
  bool avx2 = false;  // AVX2, FMA and F16C
  bool avx512vnni =
      false;  // AVX-512 F, BW, DQ, VL and VNNI; not AVX-VNNI, which is another feature
  bool avx512bf16 = false;  // AVX512_BF16
};

// Asked once, at the first call; thread-safe.
const CpuFeatures& cpu_features();

// Physical cores this process may run on (at least 1): hyper-threads of one core count once.
unsigned physical_cores();

}  // namespace cellm

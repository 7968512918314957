// Features of the processor.
#pragma once

#include <filesystem>

namespace cellm {

struct CpuFeatures {
  // Set only if the operating system also saves the registers.
  bool avx2 = false;        // AVX2, FMA and F16C
  bool avxvnni = false;     // AVX-VNNI, of 256 bits; not that of AVX-512
  bool avx512vnni = false;  // AVX-512 F, BW, DQ, VL and VNNI
  bool avx512bf16 = false;  // AVX512_BF16
  bool amx = false;         // AMX-TILE and AMX-INT8; the system lets this process use tiles
  bool dotprod = false;     // ARM's dot products of bytes (ARMv8.2 and later)
  bool i8mm = false;        // ARM's products of byte matrices (ARMv8.6; some of ARMv8.4)
};

// Detected once, at the first call; thread-safe. Where there is AMX the first call asks the system
// for the use of tiles, for all threads of the process.
const CpuFeatures& cpu_features();

// Physical cores that this process may run on, at least 1; hyper-threads of a core count once.
unsigned physical_cores();

// The cores that the CPU quota of the control groups allows, rounded up, since threads beyond it
// only take the time of each other; UINT_MAX without a quota. Versions 1 and 2. `root` is the
// prefix of /proc and /sys.
unsigned quota_cores(const std::filesystem::path& root = "/");

// Threads to use if nobody says how many: the lesser of both.
unsigned default_threads();

}  // namespace cellm

#include "base/cpu_features.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <sched.h>
#include <set>
#include <string>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace cellm {

#if defined(__x86_64__)
namespace {
// Asked here because clang before 16 does not know __builtin_cpu_supports("f16c").
bool has_f16c() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & bit_F16C) != 0;
}
}  // namespace
#endif

const CpuFeatures& cpu_features() {
  static const CpuFeatures features = [] {
    CpuFeatures found;
#if defined(__x86_64__)
    __builtin_cpu_init();
    found.avx2 =
        __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0 && has_f16c();
    found.avx512vnni =
        __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
        __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512vl") != 0 &&
        __builtin_cpu_supports("avx512vnni") != 0;
    found.avx512bf16 = __builtin_cpu_supports("avx512bf16") != 0;
#endif
    return found;
  }();
  return features;
}

unsigned physical_cores() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (::sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return 1;
  std::set<std::string> cores;
  unsigned logical = 0;
  for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed)) continue;
    ++logical;
    // Logical processors with the same list of siblings belong to one core.
    std::ifstream file("/sys/devices/system/cpu/cpu" + std::to_string(cpu) +
                       "/topology/thread_siblings_list");
    std::string siblings;
    if (file && std::getline(file, siblings)) cores.insert(siblings);
  }
  const auto counted = static_cast<unsigned>(cores.size());
  return std::max(1U, counted == 0 ? logical : counted);
}

}  // namespace cellm

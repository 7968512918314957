#include "base/cpu_features.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <limits>
#include <optional>
#include <sched.h>
#include <set>
#include <string>

#include "base/control_groups.h"

#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

namespace cellm {

#if defined(__x86_64__)
namespace {
// Asked here because clang before 16 does not know __builtin_cpu_supports("f16c") and "avxvnni".
bool has_f16c() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & bit_F16C) != 0;
}
bool has_avxvnni() {
  constexpr unsigned kAvxVnni = 1U << 4;  // some headers have no name for it
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  // Leaf 7 says in eax how many parts it has.
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) == 0 || eax < 1) return false;
  return __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) != 0 && (eax & kAvxVnni) != 0;
}
bool has_amx() {
  constexpr unsigned kTile = 1U << 24;
  constexpr unsigned kInt8 = 1U << 25;
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) == 0) return false;
  return (edx & kTile) != 0 && (edx & kInt8) != 0;
}
// Linux saves tiles only for processes that ask for it, since they are 8 KiB of each thread. This
// also fails if the system saves no tiles at all. See Documentation/arch/x86/xstate.rst; older
// headers have no names for the numbers.
bool request_tiles() {
#if defined(__linux__)
  constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr long kTileData = 18;               // XFEATURE_XTILEDATA
  return ::syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
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
    found.avxvnni = has_avxvnni();
    found.avx512vnni =
        __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
        __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512vl") != 0 &&
        __builtin_cpu_supports("avx512vnni") != 0;
    found.avx512bf16 = __builtin_cpu_supports("avx512bf16") != 0;
    found.amx = has_amx() && request_tiles();
#elif defined(__aarch64__) && defined(__linux__)
    // Bits of the kernel's interface (Documentation/arm64/elf_hwcaps.rst), spelt as numbers since
    // older headers lack some names.
    constexpr unsigned long kAsimdDp = 1UL << 20;
    constexpr unsigned long kI8mm2 = 1UL << 13;
    found.dotprod = (::getauxval(AT_HWCAP) & kAsimdDp) != 0;
    found.i8mm = (::getauxval(AT_HWCAP2) & kI8mm2) != 0;
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

unsigned quota_cores(const std::filesystem::path& root) {
  constexpr std::uint64_t kUsualPeriod = 100'000;  // microseconds
  unsigned least = std::numeric_limits<unsigned>::max();
  for (const ControlGroup& group : control_groups("cpu", root)) {
    std::optional<std::uint64_t> quota;
    std::uint64_t period = kUsualPeriod;
    if (group.version == 2) {
      quota = read_group_number(group.folder / "cpu.max");  // "QUOTA PERIOD"
      std::ifstream file(group.folder / "cpu.max");
      std::string first;
      if (!(file >> first >> period)) period = kUsualPeriod;
    } else {
      quota = read_group_number(group.folder / "cpu.cfs_quota_us");  // -1: none
      period = read_group_number(group.folder / "cpu.cfs_period_us").value_or(kUsualPeriod);
    }
    if (!quota || period == 0) continue;
    const std::uint64_t cores = *quota / period + (*quota % period != 0 ? 1 : 0);
    least = static_cast<unsigned>(std::clamp<std::uint64_t>(cores, 1, least));
  }
  return least;
}

unsigned default_threads() {
  return std::min(physical_cores(), quota_cores());
}

}  // namespace cellm

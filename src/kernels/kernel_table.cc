#include "kernels/kernel_table.h"

#include <string_view>
#include <vector>

#include <fmt/ranges.h>

#include "base/cpu_features.h"
#include "base/error.h"
#include "kernels/runnable_kernels.h"

namespace cellm {
namespace {

template <class Function>
void inherit(Function*& mine, Function* base) {
  if (mine == nullptr) mine = base;
}

// `table` with its empty entries filled from `base`.
KernelTable completed(KernelTable table, const KernelTable& base) {
  for (std::size_t i = 0; i < kFormatCount; ++i) inherit(table.unpack[i], base.unpack[i]);
  inherit(table.matmul, base.matmul);
  inherit(table.matmul_bf16, base.matmul_bf16);
  inherit(table.matmul_int8, base.matmul_int8);
  inherit(table.matmul_trellis, base.matmul_trellis);
  inherit(table.matmul_blocks, base.matmul_blocks);
  inherit(table.trellis_search, base.trellis_search);
  inherit(table.rotate, base.rotate);
  inherit(table.quantize_block, base.quantize_block);
  inherit(table.half_sums, base.half_sums);
  inherit(table.silu_multiply, base.silu_multiply);
  inherit(table.sigmoid_multiply, base.sigmoid_multiply);
  inherit(table.silu, base.silu);
  inherit(table.exp_sum, base.exp_sum);
  inherit(table.level_sums, base.level_sums);
  inherit(table.dot_rows, base.dot_rows);
  inherit(table.mix_rows, base.mix_rows);
  inherit(table.f32_peak, base.f32_peak);
  inherit(table.int8_peak, base.int8_peak);
  inherit(table.largest, base.largest);
  inherit(table.dot, base.dot);
  inherit(table.axpy, base.axpy);
  inherit(table.f16_to_f32, base.f16_to_f32);
  inherit(table.f32_to_f16, base.f32_to_f16);
  inherit(table.f32_to_bf16, base.f32_to_bf16);
  return table;
}

struct Target {
  const KernelTable& kernels;
  bool runs;  // on this processor
};

// In the order of their speed; each builds on those before it that run.
std::vector<Target> all_targets() {
  [[maybe_unused]] const CpuFeatures& cpu = cpu_features();
  // clang-format off
  return {
      {kScalarKernels, true},
#if defined(__x86_64__)
      {kAvx2Kernels, cpu.avx2},
      {kAvxVnniKernels, cpu.avx2 && cpu.avxvnni},
      {kAvx512VnniKernels, cpu.avx2 && cpu.avx512vnni},
      {kAvx512Bf16Kernels, cpu.avx2 && cpu.avx512vnni && cpu.avx512bf16},
      {kAmxKernels, cpu.avx2 && cpu.avx512vnni && cpu.amx},
#elif defined(__aarch64__)
      {kNeonKernels, cpu.dotprod},
      {kNeonI8mmKernels, cpu.dotprod && cpu.i8mm},
#endif
  };
  // clang-format on
}

}  // namespace

const std::vector<KernelTable>& runnable_kernels() {
  static const std::vector<KernelTable> tables = [] {
    std::vector<KernelTable> found;
    for (const Target& target : all_targets()) {
      if (!target.runs) continue;
      found.push_back(found.empty() ? target.kernels : completed(target.kernels, found.back()));
    }
    return found;
  }();
  return tables;
}

const KernelTable& kernel_table(const char* target) {
  const std::string_view name(target);
  if (name.empty()) return runnable_kernels().back();
  std::vector<std::string_view> names;
  for (const auto& table : runnable_kernels()) {
    if (name == table.name) return table;
    names.emplace_back(table.name);
  }
  throw usage_error("CPU target \"{}\" cannot run here; this processor has: {}", printable(name),
                    fmt::join(names, ", "));
}

}  // namespace cellm

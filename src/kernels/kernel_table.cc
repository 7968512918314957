#include "kernels/kernel_table.h"

#include <string_view>
#include <vector>

#include <fmt/ranges.h>

#include "base/cpu_features.h"
#include "base/error.h"

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

// The targets this processor can run, best last; each builds on the one before.
const std::vector<KernelTable>& runnable() {
  static const std::vector<KernelTable> tables = [] {
    std::vector<KernelTable> found{kScalarKernels};
#if defined(__x86_64__)
    if (cpu_features().avx2) found.push_back(completed(kAvx2Kernels, found.back()));
    if (cpu_features().avx2 && cpu_features().avx512vnni) {
      found.push_back(completed(kAvx512VnniKernels, found.back()));
      if (cpu_features().avx512bf16) {
        found.push_back(completed(kAvx512Bf16Kernels, found.back()));
      }
    }
#endif
    return found;
  }();
  return tables;
}

}  // namespace

const KernelTable& kernel_table(const char* target) {
  const std::string_view name(target);
  if (name.empty()) return runnable().back();
  std::vector<std::string_view> names;
  for (const auto& table : runnable()) {
    if (name == table.name) return table;
    names.emplace_back(table.name);
  }
  throw usage_error("CPU target \"{}\" cannot run here; this processor has: {}", printable(name),
                    fmt::join(names, ", "));
}

}  // namespace cellm

#include "kernels/kernel_table.h"

#include <string_view>
#include <vector>

#include <fmt/ranges.h>

#include "base/cpu_features.h"
#include "base/error.h"

namespace cellm {
namespace {

// The targets this processor can run, best last.
const std::vector<const KernelTable*>& runnable() {
  static const std::vector<const KernelTable*> tables = [] {
    std::vector<const KernelTable*> found{&kScalarKernels};
#if defined(__x86_64__)
    if (cpu_features().avx2) found.push_back(&kAvx2Kernels);
#endif
    return found;
  }();
  return tables;
}

}  // namespace

const KernelTable& kernel_table(const char* target) {
  const std::string_view name(target);
  if (name.empty()) return *runnable().back();
  std::vector<std::string_view> names;
  for (const auto* table : runnable()) {
    if (name == table->name) return *table;
    names.emplace_back(table->name);
  }
  throw usage_error("CPU target \"{}\" cannot run here; this processor has: {}", printable(name),
                    fmt::join(names, ", "));
}

}  // namespace cellm

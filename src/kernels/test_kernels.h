// Helpers of the kernel tests.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <sys/mman.h>
#include <vector>

#include "base/test_values.h"
#include "kernels/kernel_table.h"
#include "kernels/runnable_kernels.h"

namespace cellm {

// All that this processor can run.
inline std::vector<const KernelTable*> runnable_targets() {
  std::vector<const KernelTable*> tables;
  for (const KernelTable& table : runnable_kernels()) tables.push_back(&table);
  return tables;
}

// Memory whose end is the end of a page that the next one must not be touched after.
class GuardedBytes {
 public:
  explicit GuardedBytes(std::size_t size) : size_(size) {
    pages_ = (size + kPage - 1) / kPage * kPage + kPage;
    memory_ = static_cast<unsigned char*>(
        mmap(nullptr, pages_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    mprotect(memory_ + pages_ - kPage, kPage, PROT_NONE);
  }
  ~GuardedBytes() { munmap(memory_, pages_); }
  GuardedBytes(const GuardedBytes&) = delete;
  GuardedBytes& operator=(const GuardedBytes&) = delete;
  unsigned char* data() { return memory_ + pages_ - kPage - size_; }
  std::size_t size() const { return size_; }

 private:
  static constexpr std::size_t kPage = 4096;
  std::size_t size_;
  std::size_t pages_;
  unsigned char* memory_;
};

// Activations with their codes at the end of a guarded page.
struct TestActivations {
  TestActivations(const KernelTable& table, const std::vector<float>& x, std::size_t tokens,
                  std::size_t cols, std::size_t block)
      : padded((cols + 31) / 32 * 32),
        blocks((padded + block - 1) / block),
        codes(tokens * padded),
        wide(tokens * padded * 2),
        scales(tokens * blocks),
        sums(tokens * blocks),
        half_sums(tokens * padded / 16) {
    auto* out = reinterpret_cast<signed char*>(codes.data());
    std::memset(out, 0, tokens * padded);
    for (std::size_t t = 0; t < tokens; ++t) {
      for (std::size_t b = 0; b < blocks; ++b) {
        if (b * block >= cols) continue;
        scales[t * blocks + b] =
            table.quantize_block(x.data() + t * cols + b * block, std::min(block, cols - b * block),
                                 out + t * padded + b * block, &sums[t * blocks + b]);
      }
    }
    if (table.widen_codes != nullptr) {
      for (std::size_t t = 0; t < tokens; ++t) {
        table.widen_codes(out + t * padded, padded,
                          reinterpret_cast<std::int16_t*>(wide.data()) + t * padded);
      }
    }
    table.half_sums(out, tokens * padded, half_sums.data());
    view = {out,
            scales.data(),
            sums.data(),
            tokens,
            padded,
            block,
            blocks,
            reinterpret_cast<std::int16_t*>(wide.data()),
            half_sums.data()};
  }
  std::size_t padded;
  std::size_t blocks;
  GuardedBytes codes;
  GuardedBytes wide;
  std::vector<float> scales;
  std::vector<std::int32_t> sums;
  std::vector<std::int32_t> half_sums;
  QuantizedActivations view;
};

}  // namespace cellm

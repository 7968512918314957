// The amx target: avx512vnni and tiles of bytes, AMX-TILE and AMX-INT8 (Intel's Xeon since Sapphire
// Rapids). See kernel_table.h for what may be included here. It multiplies integers for several
// tokens only; all other entries are those of the target before it.

#include <cstddef>
#include <cstdint>
#include <immintrin.h>

#include "format/grids.h"
#include "kernels/kernel_table.h"

namespace cellm {
namespace {

// The primitives of a template must precede it.
// clang-format off
#include "kernels/avx512_lanes.inl"
#include "kernels/avx512_integers.inl"
#include "kernels/amx_instructions.inl"
#include "kernels/amx_products.inl"
#include "kernels/int8_kernels.inl"
#include "kernels/avx512_trellis.inl"
#include "kernels/trellis_kernels.inl"
#include "kernels/avx512_blocks.inl"
#include "kernels/block_kernels.inl"
#include "kernels/amx_matmul.inl"
// clang-format on

// Few tokens do not fill a tile.
void matmul_int8_in_tiles(const PackedMatrix& w, std::size_t begin, std::size_t end,
                          const QuantizedActivations& x, float* y, std::size_t y_stride) {
  matmul_in_tiles(matmul_int8, kAvx512VnniKernels.matmul_int8, w, begin, end, x, y, y_stride);
}
void matmul_trellis_in_tiles(const TrellisMatrix& w, std::size_t begin, std::size_t end,
                             const QuantizedActivations& x, float* y, std::size_t y_stride) {
  matmul_in_tiles(matmul_trellis, kAvx512VnniKernels.matmul_trellis, w, begin, end, x, y, y_stride);
}
void matmul_blocks_in_tiles(const BlockMatrix& w, std::size_t begin, std::size_t end,
                            const QuantizedActivations& x, float* y, std::size_t y_stride) {
  const auto rest = kAvx512VnniKernels.matmul_blocks;
  // Q2_K has two scales and two offsets in 32 columns. Tiles bring nothing beside that arithmetic.
  if (w.format == FormatId::kQ2K) return rest(w, begin, end, x, y, y_stride);
  matmul_in_tiles(matmul_blocks, rest, w, begin, end, x, y, y_stride);
}

// Products of a tile depend on nothing but those before them in the same sums.
std::uint64_t tile_peak(std::uint64_t count) {
  constexpr std::uint64_t kMacs = std::uint64_t{16} * 16 * 64;
  const std::uint64_t rounds = count / kMacs + 1;
  const TilesInUse in_use(64);
  Tiles::zero<kInputTile<false>>();
  Tiles::zero<kCodeTile<false>>();
  for (std::uint64_t round = 0; round < rounds; ++round) {
    Tiles::multiply_add<0, kInputTile<false>, kCodeTile<false>>();
  }
  return rounds * kMacs;
}

}  // namespace

constexpr KernelTable kAmxTable{.name = "amx",
                                .matmul_int8 = matmul_int8_in_tiles,
                                .matmul_trellis = matmul_trellis_in_tiles,
                                .matmul_blocks = matmul_blocks_in_tiles,
                                .int8_peak = tile_peak};
const KernelTable kAmxKernels = kAmxTable;

}  // namespace cellm

// Throughput of each kernel of each target on one thread, with data that fits into the second-level
// cache, so that arithmetic and not memory is measured, except in /stream. bytes_per_second counts
// weights as stored, items_per_second multiply-adds.
//
//   kernels_benchmark --benchmark_filter='avx2/int4-g32'

#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "base/aligned_buffer.h"
#include "format/block_formats.h"
#include "format/formats.h"
#include "format/packed.h"
#include "format/trellis.h"
#include "kernels/kernel_table.h"
#include "kernels/runnable_kernels.h"

namespace cellm {
namespace {

constexpr std::size_t kRows = 256;
constexpr std::size_t kCols = 1024;
// More than a cache has.
constexpr std::size_t kStreamRows = 1024 * kRows;
constexpr std::uint16_t kScale = 0x1400;  // f16 0.00098

struct Weights {
  Weights(FormatId format, std::size_t rows, std::size_t group)
      : row_bytes(format_spec(format).row_bytes(kCols)),
        codes(rows * row_bytes),
        scales(rows * kCols) {
    // Every byte is a valid code; f16 values and the scales inside of q1 stay small and finite.
    for (std::size_t i = 0; i < codes.size(); ++i) {
      codes[i] = static_cast<std::byte>(i * 37 % 251 & (i % 2 == 1 ? 0x2F : 0xFF));
    }
    for (std::size_t i = 0; i < scales.size(); ++i) scales[i] = kScale;
    const bool has_scales = format_spec(format).has_scales;
    tensor = {format,       rows,
              kCols,        has_scales ? group : 0,
              codes.data(), has_scales ? scales.data() : nullptr,
              nullptr};
  }
  std::size_t row_bytes;
  AlignedBuffer<std::byte> codes;
  AlignedBuffer<std::uint16_t> scales;
  Tensor tensor;
};

void count(benchmark::State& state, std::size_t bytes, std::size_t macs) {
  const auto rounds = static_cast<std::int64_t>(state.iterations());
  state.SetBytesProcessed(rounds * static_cast<std::int64_t>(bytes));
  state.SetItemsProcessed(rounds * static_cast<std::int64_t>(macs));
}

void packed_matmul(benchmark::State& state, const KernelTable& table, FormatId format,
                   std::size_t rows, std::size_t group, std::size_t tokens) {
  const Weights weights(format, rows, group);
  ThreadPool pool(1);
  const PackedWeights packed = *pack(weights.tensor, pool);
  const PackedMatrix w{packed.bits(),        packed.codes, packed.scales,   packed.rows,
                       packed.padded_cols(), packed.group, packed.groups(), packed.block_bytes()};
  const std::size_t block = activation_block(w.bits, w.group);
  const std::size_t blocks = kCols / block;
  std::vector<signed char> codes(tokens * kCols, 5);
  std::vector<float> scales(tokens * blocks, 0.01F);
  std::vector<std::int32_t> sums(tokens * blocks, static_cast<std::int32_t>(5 * block));
  const std::vector<std::int16_t> wide(tokens * kCols, 5);
  const QuantizedActivations x{codes.data(), scales.data(), sums.data(), tokens,
                               kCols,        block,         blocks,      wide.data()};
  std::vector<float> y(tokens * rows);
  for (auto _ : state) {
    table.matmul_int8(w, 0, packed.row_blocks(), x, y.data(), rows);
    benchmark::ClobberMemory();
  }
  count(state, packed.code_bytes() + packed.scale_count() * 2, rows * kCols * tokens);
}

void trellis_matmul(benchmark::State& state, const KernelTable& table, FormatId format,
                    std::size_t tokens) {
  TrellisWeights shape;
  shape.format = format;
  shape.rows = kRows;
  shape.cols = kCols;
  AlignedBuffer<std::uint8_t> codes(shape.code_bytes());
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<std::uint8_t>(i * 37 % 251);
  const std::vector<std::uint16_t> row_scales(shape.scale_count(), kScale);
  const TrellisMatrix w{format,
                        &default_trellis_table(format).levels,
                        codes.data(),
                        row_scales.data(),
                        kRows,
                        kCols,
                        shape.block_bytes()};
  constexpr std::size_t kBlocks = kCols / kTrellisActivationBlock;
  const std::vector<signed char> inputs(tokens * kCols, 5);
  const std::vector<float> scales(tokens * kBlocks, 0.01F);
  const std::vector<std::int32_t> sums(tokens * kBlocks, 5 * int{kTrellisActivationBlock});
  const QuantizedActivations x{inputs.data(), scales.data(),           sums.data(), tokens,
                               kCols,         kTrellisActivationBlock, kBlocks};
  std::vector<float> y(tokens * kRows);
  for (auto _ : state) {
    table.matmul_trellis(w, 0, shape.row_blocks(), x, y.data(), kRows);
    benchmark::ClobberMemory();
  }
  count(state, shape.code_bytes() + shape.scale_count() * 2, kRows * kCols * tokens);
}

void block_matmul(benchmark::State& state, const KernelTable& table, const BlockFormatInfo& format,
                  std::size_t rows, std::size_t tokens) {
  AlignedBuffer<unsigned char> codes(rows * format.row_bytes(kCols));
  for (std::size_t i = 0; i < codes.size(); ++i) {
    codes[i] = static_cast<unsigned char>(i * 37 % 251 & (i % 2 == 1 ? 0x2F : 0xFF));
  }
  const BlockMatrix w{format.shape.format, codes.data(), rows, kCols, format.row_bytes(kCols)};
  constexpr std::size_t kBlocks = kCols / kBlockActivations;
  const std::vector<signed char> inputs(tokens * kCols, 5);
  const std::vector<float> scales(tokens * kBlocks, 0.01F);
  const std::vector<std::int32_t> sums(tokens * kBlocks, 5 * int{kBlockActivations});
  const std::vector<std::int32_t> half_sums(2 * sums.size(), 5 * int{kBlockActivations} / 2);
  const QuantizedActivations x{inputs.data(), scales.data(), sums.data(),
                               tokens,        kCols,         kBlockActivations,
                               kBlocks,       nullptr,       half_sums.data()};
  std::vector<float> y(tokens * rows);
  for (auto _ : state) {
    table.matmul_blocks(w, 0, rows, x, y.data(), rows);
    benchmark::ClobberMemory();
  }
  count(state, codes.size(), rows * kCols * tokens);
}

void rotation(benchmark::State& state, const KernelTable& table) {
  const std::vector<float> x(kCols, 0.5F);
  const std::vector<float> factors(kCols, 1.0F / 32.0F);
  std::vector<float> out(kCols);
  for (auto _ : state) {
    table.rotate(x.data(), factors.data(), kCols, kCols, out.data());
    benchmark::ClobberMemory();
  }
  count(state, kCols * sizeof(float), kCols);
}

void float_matmul(benchmark::State& state, const KernelTable& table, FormatId format,
                  std::size_t tokens) {
  const Weights weights(format, kRows, kCols);
  const WeightMatrix w{format,  reinterpret_cast<const unsigned char*>(weights.codes.data()),
                       nullptr, kCols,
                       0,       weights.row_bytes,
                       0};
  const std::vector<float> x(tokens * kCols, 0.5F);
  std::vector<float> y(tokens * kRows);
  for (auto _ : state) {
    table.matmul(table, w, 0, kRows, x.data(), kCols, tokens, y.data(), kRows);
    benchmark::ClobberMemory();
  }
  count(state, kRows * weights.row_bytes, kRows * kCols * tokens);
}

// 256 keys or values of a head of 256, as in a decode step.
void rows_kernel(benchmark::State& state, const KernelTable& table, FormatId format, bool mix) {
  constexpr std::size_t kQueries = 4;
  const Weights weights(format, kRows, kCols);
  const VectorFormat vectors = format == FormatId::kF32   ? VectorFormat::kF32
                               : format == FormatId::kF16 ? VectorFormat::kF16
                                                          : VectorFormat::kI8;
  const VectorRows rows{vectors, reinterpret_cast<const unsigned char*>(weights.codes.data()),
                        format_spec(format).row_bytes(256), 256, 256};
  const std::vector<float> queries(kQueries * 256, 0.1F);
  std::vector<float> out(kQueries * 256);
  for (auto _ : state) {
    if (mix) {
      table.mix_rows(queries.data(), 256, kQueries, rows, out.data());
    } else {
      table.dot_rows(queries.data(), kQueries, rows, out.data(), 256);
    }
    benchmark::ClobberMemory();
  }
  count(state, rows.count * rows.row_bytes, rows.count * rows.dim * kQueries);
}

void elementwise(benchmark::State& state, const KernelTable& table, const std::string& name) {
  std::vector<float> x(4096, 0.3F);
  std::vector<signed char> codes(x.size());
  std::int32_t sum = 0;
  for (auto _ : state) {
    if (name == "silu") table.silu(x.data(), x.size());
    if (name == "exp_sum") benchmark::DoNotOptimize(table.exp_sum(x.data(), 1.0F, x.size()));
    if (name == "quantize_block") {
      for (std::size_t i = 0; i < x.size(); i += 32) {
        benchmark::DoNotOptimize(table.quantize_block(x.data() + i, 32, codes.data() + i, &sum));
      }
    }
    benchmark::ClobberMemory();
  }
  count(state, x.size() * sizeof(float), x.size());
}

void peak(benchmark::State& state, std::uint64_t (*function)(std::uint64_t)) {
  std::uint64_t done = 0;
  for (auto _ : state) done += function(1'000'000);
  state.SetItemsProcessed(static_cast<std::int64_t>(done));
}

void add_block_formats(const std::string& target, const KernelTable& table) {
  for (const BlockFormatInfo& format : block_formats()) {
    for (const std::size_t tokens : {1U, 4U, 64U, 192U}) {
      const std::string name = fmt::format("{}/{}/{}", target, format.name, tokens);
      benchmark::RegisterBenchmark(name.c_str(),
                                   [&table, &format, tokens](benchmark::State& state) {
                                     block_matmul(state, table, format, kRows, tokens);
                                   });
    }
    benchmark::RegisterBenchmark(fmt::format("{}/{}/stream", target, format.name).c_str(),
                                 [&table, &format](benchmark::State& state) {
                                   block_matmul(state, table, format, kStreamRows, 1);
                                 });
  }
}

void add_packed_formats(const std::string& target, const KernelTable& table) {
  struct Packed {
    const char* name;
    FormatId format;
    std::size_t group;
  };
  for (const Packed& p :
       {Packed{"int8", FormatId::kI8, kCols}, Packed{"int4", FormatId::kI4, kCols},
        Packed{"int4-g32", FormatId::kI4, 32}, Packed{"int4-g128", FormatId::kI4, 128},
        Packed{"int2", FormatId::kI2, kCols}, Packed{"q1", FormatId::kQ1, 0}}) {
    for (const std::size_t tokens : {1U, 2U, 4U, 8U, 16U, 64U, 192U}) {
      benchmark::RegisterBenchmark((target + "/" + p.name + "/" + std::to_string(tokens)).c_str(),
                                   [&table, p, tokens](benchmark::State& state) {
                                     packed_matmul(state, table, p.format, kRows, p.group, tokens);
                                   });
    }
    for (const std::size_t tokens : {1U, 8U}) {
      benchmark::RegisterBenchmark(fmt::format("{}/{}/{}/stream", target, p.name, tokens).c_str(),
                                   [&table, p, tokens](benchmark::State& state) {
                                     packed_matmul(state, table, p.format, kStreamRows, p.group,
                                                   tokens);
                                   });
    }
  }
}

void add_target(const KernelTable& table) {
  const std::string target = table.name;
  add_packed_formats(target, table);
  for (const FormatId format :
       {FormatId::kT4, FormatId::kT3, FormatId::kT2, FormatId::kT1H, FormatId::kT1}) {
    for (const std::size_t tokens : {1U, 4U, 64U, 192U}) {
      const std::string name = fmt::format("{}/{}/{}", target, format_spec(format).name, tokens);
      benchmark::RegisterBenchmark(name.c_str(), [&table, format, tokens](benchmark::State& state) {
        trellis_matmul(state, table, format, tokens);
      });
    }
  }
  add_block_formats(target, table);
  benchmark::RegisterBenchmark((target + "/rotate").c_str(),
                               [&table](benchmark::State& state) { rotation(state, table); });
  for (const auto& [name, format] :
       {std::pair{"f16", FormatId::kF16}, {"fp8", FormatId::kF8E4M3}}) {
    for (const std::size_t tokens : {1U, 4U, 64U}) {
      benchmark::RegisterBenchmark((target + "/" + name + "/" + std::to_string(tokens)).c_str(),
                                   [&table, format = format, tokens](benchmark::State& state) {
                                     float_matmul(state, table, format, tokens);
                                   });
    }
  }
  for (const auto& [name, format] : {std::pair{"f16", FormatId::kF16}, {"i8", FormatId::kI8}}) {
    for (const bool mix : {false, true}) {
      benchmark::RegisterBenchmark((target + (mix ? "/mix_rows/" : "/dot_rows/") + name).c_str(),
                                   [&table, format = format, mix](benchmark::State& state) {
                                     rows_kernel(state, table, format, mix);
                                   });
    }
  }
  for (const char* name : {"silu", "exp_sum", "quantize_block"}) {
    benchmark::RegisterBenchmark(
        (target + "/" + name).c_str(),
        [&table, name](benchmark::State& state) { elementwise(state, table, name); });
  }
  benchmark::RegisterBenchmark((target + "/peak/f32").c_str(),
                               [&table](benchmark::State& state) { peak(state, table.f32_peak); });
  benchmark::RegisterBenchmark((target + "/peak/int8").c_str(),
                               [&table](benchmark::State& state) { peak(state, table.int8_peak); });
}

}  // namespace
}  // namespace cellm

int main(int argc, char** argv) {
  for (const cellm::KernelTable& table : cellm::runnable_kernels()) cellm::add_target(table);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
}
